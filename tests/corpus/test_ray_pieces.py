"""What travels to Ray's workers and back, and what cannot begin; no cluster is started."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

pytest.importorskip("ray", reason='the engine on a cluster needs Ray: pip install ".[ray]"')

import unco
from benchmarks.made_corpus import write_corpus
from benchmarks.on_ray import nearly_equal
from unco.context import Context
from unco.corpus.choices import Choices
from unco.corpus.engine import RemainingPosts
from unco.corpus.on_ray import reading
from unco.corpus.on_ray.actors import Correctors, SmallModel
from unco.corpus.on_ray.cluster import Sizes, cluster, sizes_of
from unco.corpus.on_ray.post_rows import row_of, rows_of, table_of
from unco.corpus.on_ray.reading import Piece, pieces_of
from unco.corpus.on_ray.worker_environment import WorkerEnvironment, this_environment
from unco.corpus.posts import Line, read_posts
from unco.corpus.start import start
from unco.environment import FORWARDED
from unco.errors import DataError, PictureError, SettingsError, SetupError
from unco.state import PostInput

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:`use_.*` is deprecated:DeprecationWarning")]
"""Ray Data warns of settings of its own when it makes them, whatever they are set to."""

FAULTY = '{"txet": 1}\n\n{"text": "b \\ud800", "id": "q"}\n{"text": "unknown", "id": "x"}\n'
ONE = Sizes(readers=1, models=1, gpu=False, correctors=1, at_once=4)
TWO = replace(ONE, correctors=2)


def test_a_stream_is_refused_and_a_missing_file_is_named(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for stream in (Path("-"), pipe):
        with pytest.raises(SettingsError, match="is a stream: save it"):
            pieces_of(RemainingPosts(stream))
    with pytest.raises(DataError, match=r"none\.jsonl cannot be read"):
        pieces_of(RemainingPosts(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("done", range(9))
def test_pieces_hold_every_post_once(done: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_POSTS", 2)
    monkeypatch.setattr(reading, "MAX_PIECES", 2)
    path = tmp_path / "posts.jsonl"
    path.write_text(
        '\n{"text": "a"}\n  \n{"text": "b"}\n\nno post\n{"text": "c"}\n{"text": "ü"}\n{"text": "d"}\r\n\n"e"'
    )
    pieces = pieces_of(RemainingPosts(path, done))
    assert len(pieces) == (2 if done < 5 else 1 if done < 7 else 0)
    assert [line for piece in pieces for line in piece.lines()] == list(RemainingPosts(path, done))


def test_posts_with_large_pictures_travel_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TABLE_BYTES", 300)
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(f'{{"text": "{"a" * length}"}}\n' for length in (1, 1, 400, 1, 1)))
    [piece] = pieces_of(RemainingPosts(path))
    assert [[row.number for row in rows_of(table)] for table in piece.tables()] == [[1, 2, 3], [4, 5]]


def test_what_cannot_be_read_where_a_worker_is_ends_the_run(tmp_path: Path) -> None:
    [table] = Piece(tmp_path / "none.jsonl", 5, 1, 0).tables()
    [row] = rows_of(table)
    with pytest.raises(SetupError, match=r"a worker cannot read the posts: .*none\.jsonl"):
        row.outcome()


def test_a_table_is_one_piece(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "posts.parquet"
    parquet.write_table(pa.table({"text": ["a", "b", "c"]}), path)
    [piece] = pieces_of(RemainingPosts(path, 1))
    assert list(piece.lines()) == list(read_posts(path))[1:]


def test_a_row_keeps_its_post_and_outcome(tmp_path: Path) -> None:
    line = Line(3, PostInput(text="half \ud800", id="7", regions=[(0.1, 0, 1, 2)], private=True))
    [row] = rows_of(table_of([row_of(line)]))
    assert row.line() == line
    done = row.with_fault(PictureError("ü \ud800")).outcome()
    assert (done.line, type(done.fault), str(done.fault)) == (line, PictureError, "ü \ud800")
    [row] = rows_of(table_of([row_of(Line(4, None, "why", "7"))]))
    assert row.outcome().line == Line(4, None, "", "7")


def test_a_key_does_not_travel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("UNCO_KB", "facts.jsonl")
    environment = this_environment()
    assert "secret" not in repr(environment)
    monkeypatch.setenv("UNCO_KB", "another")
    monkeypatch.setenv("UNCO_PROMPTS", "of the worker")
    environment.apply()
    assert (os.environ["UNCO_KB"], "UNCO_PROMPTS" in os.environ) == ("facts.jsonl", False)
    environment.check_key()
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(SetupError, match="keys are not sent to workers, so set it where `ray start` is called"):
        environment.check_key()


def test_an_address_with_a_key_in_its_query_does_not_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://127.0.0.1:9/v1?api-version=1&code=s3cret")
    monkeypatch.setenv("UNCO_SEARCH", "http://127.0.0.1:9/mcp?lang=en")
    environment = this_environment()
    assert "s3cret" not in repr(environment)
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "of the worker")
    monkeypatch.delenv("UNCO_SEARCH")
    environment.apply()
    assert os.environ["UNCO_LLM_BASE_URL"] == "of the worker"
    assert os.environ["UNCO_SEARCH"] == "http://127.0.0.1:9/mcp?lang=en"
    environment.check_key()
    monkeypatch.delenv("UNCO_LLM_BASE_URL")
    with pytest.raises(SetupError, match="UNCO_LLM_BASE_URL is not set: keys are not sent to workers"):
        environment.check_key()


def test_all_settings_of_the_environment_travel() -> None:
    """What a worker reads and does not get would be another run than the one that was started."""
    sources = [path.read_text("utf-8") for path in Path(unco.__file__).parent.rglob("*.py")]
    assert {name for source in sources for name in re.findall(r"\bUNCO_[A-Z_]+\b", source)} <= set(FORWARDED)


def test_a_worker_that_cannot_begin_ends_the_run(tmp_path: Path) -> None:
    nowhere = WorkerEnvironment(str(tmp_path / "none"), (), False)
    table = table_of([row_of(Line(1, PostInput(text="a")))])
    for stage in (SmallModel(nowhere, Choices(), False), Correctors(nowhere, Context(), 1, 0.0, None)):
        [row] = rows_of(stage(table))
        with pytest.raises(SetupError, match="a worker on .* cannot begin: the folder .*none is not there"):
            row.outcome()


def test_results_are_alike_to_within_a_thousandth() -> None:
    one = {"text": "a", "entities": [{"index": 1, "uncertainty": 0.1234}], "region": None}
    assert nearly_equal([one], [one | {"entities": [{"index": 1, "uncertainty": 0.1239}]}])
    for other in ({"index": 2, "uncertainty": 0.1234}, {"index": 1, "uncertainty": 0.13}, {"index": 1}):
        assert not nearly_equal([one], [one | {"entities": [other]}])
    assert not nearly_equal([one], [one, one])


def test_actors_are_as_many_as_fit() -> None:
    assert sizes_of(cpus=2, gpus=0, at_once=16) == Sizes(1, 1, False, 1, 16)
    assert sizes_of(cpus=64, gpus=8, at_once=100) == Sizes(4, 8, True, 16, 6)
    assert sizes_of(cpus=64, gpus=0, at_once=3) == Sizes(4, 32, False, 3, 1)


def test_a_missing_cluster_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray.is_initialized", lambda: False)

    def init(**_: Any) -> None:
        raise ConnectionError("nobody answers")

    monkeypatch.setattr("ray.init", init)
    with pytest.raises(SetupError, match="no Ray cluster can be reached or started: nobody answers"), cluster():
        pass


def test_without_ray_the_error_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posts, predictions = write_corpus(tmp_path, 1)
    monkeypatch.setitem(sys.modules, "unco.corpus.on_ray.engine", None)
    out = tmp_path / "out.jsonl"
    with pytest.raises(SetupError, match=r"--engine ray needs Ray: pip install 'unco\[ray\]'"):
        start(posts, out, False, False, Context(), Choices(predictions, engine="ray"), Console(quiet=True))
    assert not out.exists()
