"""A tiny data set in the form of Twitter-GMNER or Twitter-FMNERG."""

from pathlib import Path

XML = """<annotation><size><width>200</width><height>100</height></size><object><name>Ann Lee</name>
<bndbox><xmin>10</xmin><ymin>10</ymin><xmax>60</xmax><ymax>90</ymax></bndbox></object></annotation>"""
COUNTS = {"train": 8, "dev": 4, "test": 4}
FINE = {"PER": "person\tactor", "ORG": "organization\tsports_team", "LOC": "location\tcity", "OTHER": "event\tfestival"}
WORDS = ("Ann", "Lee", "met", "Owls", "here", "Paris", "Cup")


def write_data(folder: Path, fine: bool) -> Path:
    tags = ("B-PER", "I-PER", "O", "B-ORG", "O", "B-LOC", "B-OTHER")
    for name in ("txt", "xml"):
        (folder / name).mkdir(parents=True)
    for split, count in COUNTS.items():
        lines = [f"{word}\t{fine_tags(tag) if fine else tag}\n" for word, tag in zip(WORDS, tags, strict=True)]
        posts = [f"IMGID:{split}{i}\n" + "".join(lines) for i in range(count)]
        (folder / "txt" / f"{split}.txt").write_text("\n".join(posts), "utf-8")
        for i in range(count):
            (folder / "xml" / f"{split}{i}.xml").write_text(XML, "utf-8")
    return folder


def fine_tags(tag: str) -> str:
    mark, _, name = tag.partition("-")
    return "\t".join(f"{mark}-{kind}" for kind in FINE[name].split("\t")) if name else "O\tO"
