"""Posts and gold in files that are packed, or written in another Unicode encoding: read as if they were not."""

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from unco.corpus.formats.files import files_of
from unco.corpus.posts import STDIN, check_corpus, count_posts, is_cut_by_line, read_posts
from unco.errors import DataError
from unco.evals.formats.detect_format import read_gold
from unco.evals.simulation.gold import read_gold as read_simulated

LINE = '{"id": "1", "tokens": ["Ann", "Léa"], "ner_tags": ["B-PER", "I-PER"]}'
FILES = {
    "train.jsonl": f"{LINE}\n",
    "train.json": f"[{LINE}]",
    "train.csv": 'id,tokens,ner_tags\n1,"[""Ann"", ""Léa""]","[""B-PER"", ""I-PER""]"\n',
    "train.tsv": "id\ttext\tner_tags\n1\tAnn Léa\tB-PER I-PER\n",
    "train.txt": "IMGID:1\nAnn\tB-PER\nLéa\tI-PER\n",
}
PACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".bz2": bz2.compress, ".XZ": lzma.compress}
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


def check(path: Path) -> None:
    """Posts, their number, and gold, as every command reads them."""
    check_corpus(path)
    [line] = read_posts(path)
    assert line.post is not None, line.fault
    assert (line.post.id, line.post.text) in (("1", ["Ann", "Léa"]), ("1", "Ann Léa"))
    assert count_posts(path) in (1, None)
    for [post] in (read_gold(path), read_simulated(path)):
        assert (post.id, post.tokens) == ("1", ("Ann", "Léa"))
        assert [(entity.span.start, entity.span.stop, entity.type) for entity in post.entities] == [(0, 2, "PER")]


@pytest.mark.parametrize("name", FILES)
def test_one_reader_whatever_the_encoding_and_the_packing(name: str, tmp_path: Path) -> None:
    for number, encoding in enumerate(ENCODINGS):
        path = tmp_path / f"{number}{name}"
        path.write_bytes(FILES[name].encode(encoding))
        check(path)
    for ending, pack in PACK.items():
        path = tmp_path / f"{name}{ending}"
        path.write_bytes(pack(FILES[name].encode()))
        check(path)
        path.write_bytes(pack(FILES[name].encode("utf-16")))
        check(path)
        assert not is_cut_by_line(path)


def test_a_file_and_the_same_one_packed_are_read_once(tmp_path: Path) -> None:
    for name in ("dev.jsonl", "train.jsonl"):
        (tmp_path / name).write_text(FILES["train.jsonl"], "utf-8")
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(FILES["train.jsonl"].encode()))
    assert [file.name for file in files_of(tmp_path)] == ["dev.jsonl", "train.jsonl"]


def test_packed_splits_of_a_folder(tmp_path: Path) -> None:
    for split in ("train", "dev-00000-of-00001"):
        (tmp_path / f"{split}.jsonl.gz").write_bytes(gzip.compress(FILES["train.jsonl"].encode()))
    assert [path.name for path in files_of(tmp_path, "dev")] == ["dev-00000-of-00001.jsonl.gz"]
    assert len(read_gold(tmp_path, "train")) == 1


def test_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{"text": "Ann"}\n{"text": "Bo"}\n'
    for data in (text.encode(), text.encode("utf-16"), gzip.compress(text.encode()), text.encode("utf-16-le")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert [line.post and line.post.text for line in read_posts(STDIN)] == ["Ann", "Bo"]


def test_long_files_in_another_encoding(tmp_path: Path) -> None:
    """Longer than any buffer, with characters of every length at its edges."""
    texts = [f"Ann {'é漢😀'[: number % 4]}{'x' * (number % 7)}" for number in range(5000)]
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("text\n{}\n".format("\n".join(texts)).encode("utf-16")))
    assert [line.post and line.post.text for line in read_posts(path)] == texts


def test_what_is_damaged_is_named(tmp_path: Path) -> None:
    line = '{"id": "%d", "tokens": ["Ann"], "ner_tags": ["O"]}\n'
    packed = gzip.compress("".join(line % number for number in range(5000)).encode())
    for data in (packed[:-20], packed[:-8] + b"8 letters", packed[:40] + b"\xff" * 40 + packed[80:]):
        path = tmp_path / "a.jsonl.gz"
        path.write_bytes(data)
        for read in (read_posts, read_gold):
            with pytest.raises(DataError, match=r"a\.jsonl\.gz cannot be read: "):
                list(read(path))


def test_one_bad_character_costs_one_post(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"text": "Ann"}\n{"text": "\ud800"}\n{"text": "Bo"}\n'.encode("utf-16", "surrogatepass") + b"x")
    found = list(read_posts(path))
    assert [line.post and line.post.text for line in found] == ["Ann", None, "Bo", None]
    assert "UTF-8" in found[1].fault
