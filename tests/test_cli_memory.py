"""The commands with a memory, and those that look after one."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.command_line import Run, exit_code
from tests.tiny import extraction
from unco.evals.simulation import Profile, simulate
from unco.state import EXTRACTION
from unco.tools.memory.file import open_store
from unco.tools.memory.memory import Memory
from unco.types import GoldEntity, GoldPost, Span, Uncertainty

TOWNS = [f"Town{place}" for place in range(8)]
PERSON = GoldEntity(Span(0, 1), "PER", ())
POSTS = [GoldPost(town, ("Zorblax", "of", town), (PERSON,), None) for town in TOWNS]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Exit code, output and errors of a command, in a folder with posts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    lines = [json.dumps({"text": " ".join(post.tokens), "id": post.id}) for post in POSTS]
    Path("posts.jsonl").write_text("\n".join(lines))
    Path("predictions.jsonl").write_text("\n".join(map(_prediction, POSTS)))

    def command(*arguments: str) -> tuple[int, str, str]:
        return exit_code(monkeypatch, *arguments), *capsys.readouterr()

    return command


def _prediction(post: GoldPost) -> str:
    found = extraction(post.tokens, [(Span(0, 1), "PER", None, Uncertainty(0.1, 0.34, 0.1))])
    return EXTRACTION.dump_json(found).decode()


def run_posts(run: Run, *more: str) -> int:
    """Run the posts one after another; return how many questions were asked."""
    code, _, err = run(
        *("run", "posts.jsonl", "--out", "out.jsonl", "--predictions", "predictions.jsonl", "--at-once", "1"),
        *("--type-threshold", "0.3", *more),
    )
    assert code == 0, err
    lines = Path("out.jsonl").read_text().splitlines()
    Path("out.jsonl").unlink()
    Path("out.jsonl.run.json").unlink()
    return sum(json.loads(line)["usage"]["calls"] for line in lines)


def test_a_run_with_a_memory_asks_less_and_the_memory_is_looked_after(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with simulate(POSTS, "qwen3-vl", Profile()) as simulation:
        monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
        monkeypatch.setenv("UNCO_LLM_MODEL", simulation.model)
        assert run_posts(run) == len(POSTS)
        monkeypatch.setenv("UNCO_MEMORY", "memory.db")
        monkeypatch.setenv("UNCO_CACHE_DIR", str(tmp_path / "another"))
        assert run_posts(run) < len(POSTS)
    code, out, _ = run("memory", "stats")
    assert code == 0
    assert "default" in out
    code, out, _ = run("memory", "export", "--file", "memory.db", "--memory", "default")
    lines = [json.loads(line) for line in out.splitlines()]
    assert {(line["memory"], line["name"], line["decided"], line["by"]) for line in lines} == {
        ("default", "zorblax", "PER", "answer")
    }
    assert not any(town.lower() in out.lower() for town in TOWNS)  # no word of a post but the name
    assert run("memory", "forget", "ZORBLAX") == (0, f"{len(lines)} decisions deleted\n", "")
    assert run("memory", "forget", "--all")[1] == "0 decisions deleted\n"
    assert run("memory", "export") == (0, "", "")


def test_another_memory_stays(run: Run) -> None:
    from tests.tools.memory.test_memory import decision

    store = open_store(Path("memory.db"))
    for name in ("mine", "yours"):
        Memory(store, name).add([decision()])
    assert run("memory", "forget", "--all", "--memory", "mine", "--file", "memory.db")[1] == "1 decisions deleted\n"
    assert len(list(Memory(store, "yours").all())) == 1


@pytest.mark.parametrize("command", ["stats", "export", "forget --all"])
@pytest.mark.parametrize(
    "damage", ["UPDATE store SET value = 'none'", "ALTER TABLE store RENAME COLUMN value TO other"]
)
def test_a_file_that_is_damaged_is_named(run: Run, command: str, damage: str) -> None:
    from tests.tools.memory.test_memory import decision

    store = open_store(Path("memory.db"))
    Memory(store, "mine").add([decision()])
    with closing(sqlite3.connect("memory.db", isolation_level=None)) as file:
        file.execute(damage)
    code, _, err = run("memory", *command.split(), "--file", "memory.db")
    assert code == 3
    assert "the file of memories memory.db cannot be read: " in " ".join(err.split())
    assert "if it is damaged, delete it" in " ".join(err.split())


def test_the_table_fits_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.tools.memory.test_memory import TODAY, decision

    monkeypatch.setenv("COLUMNS", "80")
    Memory(open_store(Path("memory.db")), "the.name.of.a.client").add([decision()])
    assert run("memory", "stats", "--file", "memory.db")[1].count(str(TODAY)) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["stats"], "name the file of memories: --file memory.db, or UNCO_MEMORY"),
        (["export", "--file", "none.db"], "there is no file of memories none.db"),
        (["export", "--file", "posts.jsonl"], "posts.jsonl cannot be opened: file is not a database"),
        (["forget", "--file", "none.db"], "give the names to forget, or --all"),
        (["forget", "x", "--all", "--file", "none.db"], "give the names to forget, or --all"),
    ],
)
def test_what_is_not_there_is_named(run: Run, arguments: list[str], says: str) -> None:
    code, out, err = run("memory", *arguments)
    assert out == ""
    assert code == (3 if "cannot be opened" in says else 2)
    assert says in " ".join(err.split())
    assert not Path("none.db").exists()


RAY = ("--engine", "ray")


def test_a_cluster_has_no_memory(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_MEMORY", "memory.db")
    code, _, err = run(
        "run", "posts.jsonl", "--out", "out.jsonl", "--predictions", "predictions.jsonl", "--engine", "ray"
    )
    assert code == 2
    assert "a memory is a file of one machine" in err
