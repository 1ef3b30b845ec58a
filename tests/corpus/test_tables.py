"""Posts from Parquet and from what `datasets` saves to disk: the same posts as from JSON Lines."""

import io
import json
import re
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from PIL import Image
from pyarrow import ipc, parquet

from unco.corpus.formats.files import files_of, form_of
from unco.corpus.posts import count_posts, read_posts
from unco.errors import DataError, SetupError
from unco.evals.formats.detect_format import read_gold, read_predictions
from unco.tools.pictures.view import view_picture
from unco.types import Span

ROWS = [
    {"text": "Ann sings", "id": "1", "likes": 3, "regions": [[0.0, 0.0, 5.0, 5.0]]},
    {"text": "Bo", "id": None, "likes": 4, "regions": None},
    {"text": None, "id": "3", "likes": 5, "regions": None},
]


def write_data_set(folder: Path, table: pyarrow.Table) -> Path:
    """As `datasets.Dataset.save_to_disk` lays it out, in two parts."""
    folder.mkdir()
    names = [f"data-0000{part}-of-00002.arrow" for part in range(2)]
    for name, part in zip(names, (table.slice(0, 1), table.slice(1)), strict=True):
        with (folder / name).open("wb") as file, ipc.new_stream(file, table.schema) as stream:
            stream.write_table(part)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": f"../x/{name}"} for name in names]}))
    return folder


@pytest.fixture(params=["parquet", "data set"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    table = pyarrow.Table.from_pylist(ROWS)
    if request.param == "data set":
        return write_data_set(tmp_path / "saved", table)
    parquet.write_table(table, tmp_path / "posts.parquet")
    return tmp_path / "posts.parquet"


def test_rows_are_posts(path: Path) -> None:
    first, second, third = read_posts(path)
    assert first.post is not None
    assert (first.post.text, first.post.id, first.post.regions) == ("Ann sings", "1", [(0.0, 0.0, 5.0, 5.0)])
    assert second.post is not None
    assert (second.post.id, second.number) == (None, 2)
    assert third.post is None
    assert "text" in third.fault
    assert {form_of(file) for file in files_of(path)} == {"table"}
    assert count_posts(path) is None


def test_what_is_no_table_of_posts_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet.write_table(pyarrow.table({"words": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="no column `text` or `tokens` among words"):
        list(read_posts(tmp_path / "a.parquet"))
    (tmp_path / "b.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(DataError, match=r"b\.parquet cannot be read"):
        list(read_posts(tmp_path / "b.parquet"))
    with pytest.raises(DataError, match=r"c\.parquet cannot be read"):
        list(read_posts(tmp_path / "c.parquet"))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SetupError, match=r"unco\[tables\]"):
        list(read_posts(tmp_path / "a.parquet"))


def image_column(*cells: dict[str, Any]) -> pyarrow.Array:
    """As the Image feature of `datasets` is stored."""
    return pyarrow.array(list(cells), type=pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())]))


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (6, 4), "white").save(out, "PNG")
    return out.getvalue()


LABELS = ["O", "B-PER", "I-PER", "B-ORG"]
FEATURES = {"ner_tags": {"feature": {"names": LABELS, "_type": "ClassLabel"}, "_type": "List"}}


def ner_table(*posts: tuple[int | None, list[str], list[int]]) -> pyarrow.Table:
    """As data sets for NER are laid out on the hub, with a picture for each post."""
    columns = {
        "id": [one[0] for one in posts],
        "tokens": [one[1] for one in posts],
        "ner_tags": [one[2] for one in posts],
        "image": image_column(*({"bytes": png(), "path": None} for _ in posts)),
    }
    return pyarrow.table(columns).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": FEATURES}})})


ANN, BO, NASA = (7, ["Ann", "Lee"], [1, 2]), (8, ["Bo"], [1]), (9, ["NASA", "flies"], [3, 0])


def as_shards(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "README.md").write_text("---\n")
    (folder / "dataset_infos.json").write_text("{}")
    parquet.write_table(ner_table(ANN), folder / "data" / "dev-00000-of-00002.parquet")
    parquet.write_table(ner_table(BO), folder / "data" / "dev-00001-of-00002.parquet")
    parquet.write_table(ner_table(NASA), folder / "data" / "test-00000-of-00001.parquet")


def as_splits(folder: Path) -> None:
    write_data_set(folder / "dev", ner_table(ANN, BO))
    write_data_set(folder / "test", ner_table(NASA))
    (folder / "dataset_dict.json").write_text('{"splits": ["dev", "test"]}')


def as_files(folder: Path) -> None:
    for name, table in (("dev", ner_table(ANN, BO)), ("test", ner_table(NASA))):
        with ipc.new_file(str(folder / f"{name}.arrow"), table.schema) as file:
            file.write_table(table)


def as_json(folder: Path) -> None:
    for name, posts in (("dev", (ANN, BO)), ("test", (NASA,))):
        tagged = [{"id": one, "tokens": words, "ner_tags": [LABELS[tag] for tag in tags]} for one, words, tags in posts]
        rows = [row | {"pos_tags": [], "image": f"data:;base64,{b64encode(png()).decode()}"} for row in tagged]
        (folder / f"{name}.json").write_text(json.dumps(rows) if name == "dev" else "\n".join(map(json.dumps, rows)))


def as_folders(folder: Path) -> None:
    for name, posts in (("dev", (ANN, BO)), ("test", (NASA,))):
        (folder / name).mkdir()
        parquet.write_table(ner_table(*posts), folder / name / "0000.parquet")


@pytest.mark.parametrize("lay_out", [as_shards, as_splits, as_files, as_json, as_folders])
def test_data_sets_for_ner_as_datasets_lays_them_out(lay_out: Callable[[Path], None], tmp_path: Path) -> None:
    lay_out(tmp_path)
    folders = [tmp_path / name for name in ("dev", "test")] if lay_out is as_folders else [tmp_path]
    posts = [line.post for folder in folders for line in read_posts(folder) if line.post]
    assert [(post.id, post.text) for post in posts] == [("7", ["Ann", "Lee"]), ("8", ["Bo"]), ("9", ["NASA", "flies"])]
    assert {view_picture(post.image or "").image.size for post in posts} == {(6, 4)}
    gold = read_gold(tmp_path, "dev")
    assert [(one.id, one.tokens, [(item.span, item.type) for item in one.entities]) for one in gold] == [
        ("7", ("Ann", "Lee"), [(Span(0, 2), "PER")]),
        ("8", ("Bo",), [(Span(0, 1), "PER")]),
    ]
    with pytest.raises(DataError, match="has no split 'train': it has dev, test|has no file of posts"):
        read_gold(tmp_path, "train")


def test_labels_without_names_are_not_guessed(tmp_path: Path) -> None:
    parquet.write_table(ner_table(ANN).replace_schema_metadata(None), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 1: ner_tags: numbers without names"):
        read_gold(tmp_path / "a.parquet")


@pytest.mark.parametrize("path", ["there.png", "b.png"])
def test_a_picture_by_path_may_lie_beside_its_table(path: str, tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(png())
    table = pyarrow.table({"text": ["Ann"], "image": image_column({"bytes": None, "path": path})})
    parquet.write_table(table, tmp_path / "a.parquet")
    [line] = read_posts(tmp_path / "a.parquet")
    assert line.post is not None
    assert line.post.image == (str(tmp_path / "b.png") if path == "b.png" else path)


def test_json_of_data_sets(tmp_path: Path) -> None:
    row = {"id": 1, "tokens": ["Ann", "Lee"], "ner_tags": [1, 2], "image": {"bytes": None, "path": "a.png"}}
    expected = [("1", ["Ann", "Lee"], "a.png"), ("2", "Bo", None)]
    rows = [row, {"id": "2", "text": "Bo"}]
    lines = "".join(json.dumps(one) + "\n" for one in rows)
    for name, text in (
        ("a.json", json.dumps(rows)),
        ("b.json", json.dumps(rows, indent=1)),
        ("c.jsonl", lines),
        ("d.json", lines),
    ):
        (tmp_path / name).write_text(text)
        found = [line.post for line in read_posts(tmp_path / name)]
        assert [(post.id, post.text, post.image) for post in found if post] == expected, name
    (tmp_path / "a.json").write_text(json.dumps(row, indent=2))
    assert [line.post and line.post.id for line in read_posts(tmp_path / "a.json")] == ["1"]
    (tmp_path / "a.json").write_text("[1,")
    with pytest.raises(DataError, match=r"a\.json is not JSON"):
        list(read_posts(tmp_path / "a.json"))
    (tmp_path / "a.jsonl").write_text('{"text": "Bo", "ner_tags": []}')
    assert "ner_tags" in next(read_posts(tmp_path / "a.jsonl")).fault


CSV = 'id,text,image,likes\n1,"Ann, she said\r\n""hi""",a.png,3\n\n2,Bo,,4\n3,a,b,c,d\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", CSV),
        ("a.csv", "\ufeff" + CSV),
        ("a.CSV", CSV.replace(",", ";").replace("Ann;", "Ann,")),
        ("a.tsv", CSV.replace(",", "\t").replace("Ann\t", "Ann,")),
    ],
)
def test_rows_of_csv_are_posts(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    first, second, third = read_posts(path)
    assert first.post is not None
    assert (first.post.id, first.post.text, first.post.image) == ("1", 'Ann, she said\r\n"hi"', "a.png")
    assert second.post is not None
    assert (second.post.id, second.post.text, second.post.image, second.number) == ("2", "Bo", None, 2)
    assert third.fault.startswith("line 6: 5 cells, but the header has 4: put a cell with")
    assert count_posts(path) is None


def test_what_is_odd_in_csv_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        b'tokens,regions\n"[""Ann"", ""Lee""]","[[1, 2, 3, 4]]"\nAnn,\n"[""\xff""]",\n"a"b,\n"[""Bo""]",\n"open'
    )
    lines = list(read_posts(path))
    assert [line.post and line.post.text for line in lines] == [["Ann", "Lee"], None, None, None, ["Bo"], None]
    assert lines[0].post is not None
    assert lines[0].post.regions == [(1, 2, 3, 4)]
    faults = ("line 3: tokens", "line 4 is not UTF-8", "from line 5 to 5 is no CSV", "", "from line 7 to 7 is no CSV")
    for line, told in zip(lines[1:], faults, strict=True):
        assert told in line.fault
    path.write_text("words,tag\nAnn,O\n")
    with pytest.raises(DataError, match="no column `text` or `tokens` among words, tag"):
        list(read_posts(path))


@pytest.mark.parametrize(
    ("value", "name"),
    [("7", "7"), ("7.0", "7"), ("-3", "-3"), ("1790000000000000001", "1790000000000000001"), ('"5.0"', "5.0"),
     ("null", None), ("5.5", "5.5 is no whole number"), ("1e18", "has lost digits"), ("NaN", "nan is no whole number"),
     ("true", "id: "), ("[7]", "id: ")],
)  # fmt: skip
def test_numbers_as_ids(value: str, name: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"text": "Ann", "id": {value}}}\n')
    [line] = read_posts(path)
    assert line.post.id == name if line.post else str(name) in line.fault


def test_numbers_as_ids_are_the_same_post_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"id": 1790000000000000001, "tokens": ["Ann"], "entities": []}\n{"id": 5.0, "tokens": ["Bo"], "entities": []}'
    )
    assert [post.id for post in read_gold(path)] == ["1790000000000000001", "5"]
    assert [post.id for post in read_predictions(path)] == ["1790000000000000001", "5"]
    path.write_text('{"id": 5, "tokens": ["Ann"], "entities": []}\n{"id": "5", "tokens": ["Bo"], "entities": []}')
    with pytest.raises(DataError, match="id '5' stands twice"):
        read_gold(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dataset_dict.json", '{"splits": [".."]}'),
        ("dataset_dict.json", '{"splits": 7}'),
        ("dataset_dict.json", '{"splits": ["../../../../../../../../etc"]}'),
        ("state.json", '{"_data_files": [{"filename": "/etc/passwd"}]}'),
        ("state.json", "[]"),
    ],
)
def test_names_in_a_data_set_lead_out_of_no_folder(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=rf"{re.escape(str(tmp_path))}.*(cannot be read|is not a folder of `datasets`)"):
        list(read_posts(tmp_path))


def test_a_damaged_table_is_refused_and_ends_no_process(tmp_path: Path) -> None:
    offsets = b"".join(place.to_bytes(4, "little") for place in (0, 3, 1, 3))
    text = pyarrow.StringArray.from_buffers(3, pyarrow.py_buffer(offsets), pyarrow.py_buffer(b"Ann"))
    with ipc.new_stream(str(tmp_path / "a.arrow"), pyarrow.schema([("text", pyarrow.string())])) as stream:
        stream.write_batch(pyarrow.record_batch([text], ["text"]))
    with pytest.raises(DataError, match=r"a\.arrow cannot be read"):
        list(read_posts(tmp_path / "a.arrow"))


def test_json_of_a_folder_is_read_only_as_a_split(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text('{"text": "Ann"}\n')
    with pytest.raises(DataError, match="has no file of posts: .*name the file itself, .*/results.jsonl"):
        list(read_posts(tmp_path))
    (tmp_path / "train-1.jsonl").write_text('{"text": "Bo"}\n')
    assert [line.post and line.post.text for line in read_posts(tmp_path)] == ["Bo"]


def test_a_header_that_is_no_csv_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"text,i\rd\na,1\n")
    with pytest.raises(DataError, match=r"a\.csv: the header is no CSV"):
        list(read_posts(tmp_path / "a.csv"))
