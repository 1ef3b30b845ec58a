"""Posts are read from files of every kind: what is none is one error, and a bad line costs no other."""

import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from benchmarks.made_corpus import write_corpus
from tests.scripted import drawing
from unco.context import Context
from unco.corpus.choices import Choices
from unco.corpus.posts import STDIN, count_posts, read_posts
from unco.corpus.start import start
from unco.errors import DataError, PostError
from unco.evals.formats.detect_format import read_gold
from unco.tools.extraction.text import read_text


def test_posts_are_read_one_after_another_and_faults_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"text": "a", "id": "1"}\n\n{"text": 3}\n[1]\n{"text": "b", "tx": 1}\n{"te\n\xff\n{"text": ["c"]}'
    )
    read = list(read_posts(path))
    assert [line.number for line in read] == [1, 2, 3, 4, 5, 6, 7]
    assert [line.post.text if line.post else None for line in read] == ["a", None, None, None, None, None, ["c"]]
    assert "text" in read[1].fault
    assert "a post is an object" in read[2].fault
    assert "tx" in read[3].fault
    assert count_posts(path) == 7
    for reader in (count_posts, lambda path: list(read_posts(path))):
        with pytest.raises(DataError, match="cannot be read"):
            reader(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("line", "identity"),
    [
        ('{"id": "7", "text": 7}', "7"),
        ('{"id": 7, "txet": "Ann"}', "7"),
        ('{"id": "7", "text": "Ann", "lang": "en"}', "7"),
        ('{"id": 1e30, "text": "Ann"}', None),
        ('{"id": ["7"], "text": "Ann"}', None),
        ('{"id": "\\ud800", "text": "Ann"}', None),
        ('{"txet": "Ann"}', None),
        ("[7]", None),
    ],
)
def test_a_post_that_cannot_be_read_keeps_its_id(line: str, identity: str | None, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    for text in (line, f"[{line}]"):
        path.write_text(f"{text}\n")
        [found] = read_posts(path)
        assert (found.post, found.id) == (None, identity)


@pytest.mark.parametrize("form", ["{}", "[{}]", "{}\n{{}}"])
def test_a_picture_may_lie_beside_the_file_of_its_post(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    name = f"photos/{Path(drawing(tmp_path / 'photos')).name}"
    (tmp_path / "posts.json").write_text(form.format(f'{{"text": "Ann", "image": "{name}"}}'))
    first = next(read_posts(tmp_path / "posts.json")).post
    assert first is not None
    assert first.image == str(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    first = next(read_posts(Path("posts.json"))).post
    assert first is not None
    assert first.image == name


@pytest.mark.parametrize(
    ("image", "ends"),
    [
        ({"bytes": None, "path": "a.png"}, "/a.png"),
        ({"path": "a.png"}, "/a.png"),
        ({"bytes": "iVBORw0KGgo", "path": "a.png"}, "iVBORw0KGgo"),
        ({"bytes": None, "path": None}, ""),
        ({"url": "a.png"}, None),
        ({"path": ["a.png"]}, None),
        (["a.png"], None),
        (7, None),
    ],
)
def test_a_picture_as_datasets_writes_it_into_json(image: object, ends: str | None, tmp_path: Path) -> None:
    Image.new("RGB", (3, 3)).save(tmp_path / "a.png")
    (tmp_path / "posts.jsonl").write_text(json.dumps({"text": "Ann", "image": image}))
    [line] = read_posts(tmp_path / "posts.jsonl")
    if ends is None:
        assert line.fault == "image is no text: name one picture by its path or address, or hand it in as base64"
    else:
        assert line.post is not None
        assert (line.post.image or "").endswith(ends)
        assert bool(line.post.image) == bool(ends)


@pytest.mark.parametrize("name", ["https://example.com/a.png", "none.png", "", "data:image/png;base64,AAAA"])
def test_what_is_no_picture_beside_the_file_stays_as_it_is(name: str, tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_text(f'{{"text": "Ann", "image": "{name}"}}')
    [line] = read_posts(tmp_path / "posts.jsonl")
    assert line.post is not None
    assert line.post.image == name


@pytest.mark.parametrize("name", [" a b.png", "a b.png ", "a b.png\r\n", "sub\\c.png", "sub\\c.png "])
@pytest.mark.parametrize("beside", [True, False])
def test_blanks_around_the_name_of_a_picture_and_paths_of_windows(
    name: str, beside: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path.parent if beside else tmp_path)
    (tmp_path / "sub").mkdir()
    for path in ("a b.png", "sub/c.png"):
        Image.new("RGB", (3, 3)).save(tmp_path / path)
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "Ann", "image": name}))
    [line] = read_posts(tmp_path / "a.jsonl")
    assert line.post is not None
    assert line.post.image is not None
    found = Path(line.post.image)
    assert found.is_file()
    assert found.name == name.strip().rpartition("\\")[2]


def test_a_path_out_of_the_allowed_folders_tells_nothing_of_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("posts", "closed"):
        (tmp_path / folder).mkdir()
    inside, outside = Path(drawing(tmp_path / "posts")).name, f"../closed/{Path(drawing(tmp_path / 'closed')).name}"
    monkeypatch.setenv("UNCO_PICTURE_ROOTS", str(tmp_path / "posts"))
    path = tmp_path / "posts" / "posts.jsonl"
    path.write_text(
        "".join(f'{{"text": "Ann", "image": "{name}"}}\n' for name in (inside, outside, "../closed/no.png"))
    )
    images = [line.post.image for line in read_posts(path) if line.post]
    assert images == [str(tmp_path / "posts" / inside), outside, "../closed/no.png"]


def test_gold_whose_text_stands_in_place_of_tokens_is_run_on_the_words_of_its_scores(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text('{"text": "Ann met Bo.", "entities": [{"start": 0, "stop": 1, "type": "PER"}]}\n')
    [line] = read_posts(path)
    assert line.post is not None
    assert tuple(line.post.text) == read_gold(path)[0].tokens == ("Ann", "met", "Bo.")


@pytest.mark.parametrize("entities", ['[[0, 3, "PER"]]', '[{"start": 0, "end": 3}]', '{"hashtags": []}'])
def test_entities_of_other_tools_are_no_gold(entities: str, tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_text(f'{{"text": "Ann met Bo.", "entities": {entities}}}')
    [line] = read_posts(tmp_path / "posts.jsonl")
    assert line.fault == "leave out what is no field of a post: entities"


def test_a_line_beyond_reason_is_a_fault_and_fills_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unco.corpus.posts.MAX_LINE_BYTES", 50)
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "' + "a" * 500 + '"}\n{"text": "b"}\n')
    long, short = read_posts(path)
    assert long.fault == "longer than 50 bytes"
    assert short.post is not None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\n\xff" * 300, "is no UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n" + b"x\n" * 300, "is no UTF-8 text"),
        (b"PK\x03\x04" + b"a\n" * 300, "is no UTF-8 text"),
        (b"\0\0\0\x20ftypisom" + b"\n" * 300, "is no UTF-8 text"),
        (b"# About\n\nThis is no corpus.\n" * 100, "holds no JSON Lines: .* its first line is '# About'"),
        (b"[\n1]\n", "holds no JSON Lines"),
    ],
)
def test_what_is_no_corpus_is_one_error(
    content: bytes, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "what.jpg").write_bytes(content)
    with pytest.raises(DataError, match=f"what.jpg {says}"):
        list(read_posts(tmp_path / "what.jpg"))
    out = tmp_path / "out.jsonl"
    with pytest.raises(DataError, match=says):
        start(tmp_path / "what.jpg", out, False, False, Context(mode="off"), Choices(), Console())
    assert not out.exists()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    with pytest.raises(DataError, match=f"the standard input {says}"):
        list(read_posts(STDIN))


def test_a_long_first_line_that_is_no_post_costs_no_other(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_text("x" * 5000 + '\n{"text": "b"}\n', "utf-8")
    odd, good = read_posts(tmp_path / "posts.jsonl")
    assert odd.fault
    assert good.post is not None


def test_a_folder_of_pictures_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    drawing(tmp_path / "pictures")
    with pytest.raises(DataError, match="pictures"):
        list(read_posts(tmp_path / "pictures"))


@pytest.mark.parametrize("text", ["a" * 3_000_000, "a " * 1_500_000, ["a" * 2_000_000]])
def test_a_text_far_beyond_a_post_is_refused_before_its_words_are_counted(text: str | list[str]) -> None:
    with pytest.raises(PostError, match="characters, at most 1000000 are read"):
        read_text(text if isinstance(text, str) else tuple(text))


def piped(path: Path, text: str) -> Path:
    """Return a pipe that another thread writes once: as `<(...)` of a shell, whoever opens it again waits for ever."""
    os.mkfifo(path)
    threading.Thread(target=path.write_text, args=(text,), daemon=True).start()
    return path


def test_posts_come_from_a_pipe_and_are_read_once(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 3)
    pipe, choices = piped(tmp_path / "pipe", posts.read_text()), Choices(predictions=predictions)
    start(pipe, tmp_path / "out.jsonl", False, False, Context(mode="off"), choices, Console(quiet=True))
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 3
    with pytest.raises(DataError, match="pipe2 holds no JSON Lines"):
        list(read_posts(piped(tmp_path / "pipe2", "text,id\nAnn,1\n")))
    with pytest.raises(DataError, match="pipe3 is a pipe or a device, whose beginning cannot be read twice"):
        read_gold(piped(tmp_path / "pipe3", '{"id": "1"}\n'))


def test_posts_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"text": "a"}\n')))
    assert [line.post.text for line in read_posts(STDIN) if line.post] == ["a"]
    assert count_posts(STDIN) is None
