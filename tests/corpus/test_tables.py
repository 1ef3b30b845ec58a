"""Posts from Parquet and from what `datasets` saves to disk: the same posts as from JSON Lines."""

import json
import sys
from pathlib import Path

import pyarrow
import pytest
from pyarrow import ipc, parquet

from unco.corpus.formats.tables import is_table
from unco.corpus.posts import count_posts, read_posts
from unco.errors import DataError, SetupError

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
    assert is_table(path)
    assert count_posts(path) is None


def test_what_is_no_table_of_posts_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet.write_table(pyarrow.table({"words": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="no column `text` among words"):
        list(read_posts(tmp_path / "a.parquet"))
    (tmp_path / "b.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(DataError, match=r"b\.parquet cannot be read"):
        list(read_posts(tmp_path / "b.parquet"))
    with pytest.raises(DataError, match=r"c\.parquet cannot be read"):
        list(read_posts(tmp_path / "c.parquet"))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SetupError, match=r"\.\[tables\]"):
        list(read_posts(tmp_path / "a.parquet"))
