"""A tiny data set in the form of Twitter-GMNER or Twitter-FMNERG."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from unco.small_model.regions.region import Region, with_whole_picture
from unco.small_model.regions.region_files import write_region_file
from unco.types import Box

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


def add_pictures(folder: Path, features: int, size: tuple[int, int] = (200, 100)) -> Path:
    """Region files for every post: Ann Lee's box and another, with what an encoder might have seen there."""
    generator = np.random.default_rng(0)
    folder.mkdir()
    for split, count in COUNTS.items():
        for index in range(count):
            boxes = (Box(12, 8, 58, 92), Box(100, 20, 180, 80))
            regions = with_whole_picture([Region(box, "person") for box in boxes], size)
            told = np.eye(len(regions), features, dtype=np.float32)
            seen = [
                replace(region, features=3 * told[place] + generator.random(features, np.float32))
                for place, region in enumerate(regions)
            ]
            write_region_file(folder / f"{split}{index}.jpg.npz", seen, size)
    return folder
