"""Facts of one's own: built from lines, found by any words, and no words can work the query."""

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unco.cli import guarded
from unco.cli.app import app
from unco.errors import DataError, SettingsError, SetupError
from unco.tools.knowledge import Knowledge, build_knowledge
from unco.tools.search.search import MAX_FACT_CHARS, MAX_FACTS

FACTS: list[dict[str, Any]] = [
    {"name": "Blue Owls", "description": "a football club of Ann Arbor", "aliases": ["The Owls", "BO"]},
    {"name": "Blue Owls Records", "description": "a label"},
    {"name": "Łódź", "description": "a city in Poland", "aliases": ["Lodz"]},
    {"name": "AND", "description": "a company"},
]


def written(folder: Path, facts: list[dict[str, Any]]) -> Path:
    path = folder / "facts.jsonl"
    path.write_text("\n\n".join(json.dumps(fact) for fact in facts), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    folder = tmp_path_factory.mktemp("kb")
    assert build_knowledge(written(folder, FACTS), folder / "kb.sqlite") == 4
    return Knowledge(folder / "kb.sqlite")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Blue Owls", ["Blue Owls: a football club of Ann Arbor", "Blue Owls Records: a label"]),
        ("the owls", ["Blue Owls: a football club of Ann Arbor"]),
        ("BO", ["Blue Owls: a football club of Ann Arbor"]),
        ("#Łódź!", ["Łódź: a city in Poland"]),
        ("lodz", ["Łódź: a city in Poland"]),
        ("AND", ["AND: a company"]),
        ("football", []),
        ("Owl", []),
        ("Blue Owls of Oslo", []),
        ("🚀", []),
        ("", []),
    ],
)
def test_a_name_is_found_by_all_its_words(name: str, found: list[str], knowledge: Knowledge) -> None:
    assert sorted(knowledge.look_up(name)) == sorted(found)


@pytest.mark.parametrize(
    "evil", ['" OR "a', "name : *", "NEAR(a b)", "a) OR (b", "'; DROP TABLE facts; --", "^owl*", "-a"]
)
def test_a_query_cannot_be_worked(evil: str, knowledge: Knowledge) -> None:
    assert knowledge.look_up(evil) == ()
    assert knowledge.look_up("Owls")


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=40) | st.text('"*():^-+{} \x00aANDORNEAR', max_size=30))
def test_any_text_can_be_looked_up(knowledge: Knowledge, name: str) -> None:
    assert len(knowledge.look_up(name)) <= MAX_FACTS


def test_facts_that_were_saved_on_windows(tmp_path: Path) -> None:
    path = written(tmp_path, FACTS)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert build_knowledge(path, tmp_path / "kb.sqlite") == len(FACTS)


def test_few_and_short_facts_are_quoted(tmp_path: Path) -> None:
    build_knowledge(
        written(tmp_path, [{"name": f"Oslo {n}", "description": "x" * 1000} for n in range(9)]), tmp_path / "kb"
    )
    found = Knowledge(tmp_path / "kb").look_up("Oslo")
    assert len(found) == MAX_FACTS
    assert {len(fact) for fact in found} == {MAX_FACT_CHARS}


def test_building_anew_replaces_the_file_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "kb.sqlite"
    build_knowledge(written(tmp_path, FACTS), target)
    with pytest.raises(DataError, match=r"facts\.jsonl:3"):
        build_knowledge(written(tmp_path, [FACTS[0], {"name": "no description"}]), target)
    assert len(Knowledge(target).look_up("Łódź")) == 1
    assert build_knowledge(written(tmp_path, FACTS[:1]), target) == 1
    assert Knowledge(target).look_up("Łódź") == ()
    assert [path.name for path in target.parent.iterdir()] == ["kb.sqlite"]


@pytest.mark.parametrize(
    "line",
    ["no json", "[]", "7", '{"name": 1, "description": "x"}', '{"name": " ", "description": "x"}']
    + ['{"name": "a", "description": "b", "aliases": [1]}', '{"name": "a", "description": "b", "aliases": 5}'],
)
def test_what_is_no_fact_is_named_by_its_line(line: str, tmp_path: Path) -> None:
    (tmp_path / "facts.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(DataError, match=r"facts\.jsonl:1: "):
        build_knowledge(tmp_path / "facts.jsonl", tmp_path / "kb.sqlite")
    assert not (tmp_path / "kb.sqlite").exists()


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be made into"):
        build_knowledge(tmp_path / "none.jsonl", tmp_path / "kb.sqlite")
    (tmp_path / "latin.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="cannot be made into"):
        build_knowledge(tmp_path / "latin.jsonl", tmp_path / "kb.sqlite")
    with pytest.raises(SettingsError, match="unco kb build"):
        Knowledge(tmp_path / "none").check()
    (tmp_path / "other").write_bytes(b"not a data base, but long enough to be looked at")
    with pytest.raises(SetupError, match="cannot be searched"):
        Knowledge(tmp_path / "other").look_up("Oslo")
    sqlite3.connect(tmp_path / "empty").close()
    with pytest.raises(SetupError, match="cannot be searched"):
        Knowledge(tmp_path / "empty").look_up("Oslo")


def test_the_path_comes_from_the_environment_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Knowledge.from_env() is None
    monkeypatch.setenv("UNCO_KB", str(tmp_path / "kb"))
    knowledge = Knowledge.from_env()
    assert knowledge is not None
    assert knowledge.path == tmp_path / "kb"


def test_from_the_shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "kb.sqlite"
    monkeypatch.setattr(sys, "argv", ["unco", "kb", "build", str(written(tmp_path, FACTS)), "-o", str(target)])
    assert guarded(lambda: app(standalone_mode=False)) == 0
    assert capsys.readouterr().out == f"4 facts written to {target}\n"
    assert Knowledge(target).look_up("Owls")


def test_one_name_or_one_alias_holds_all_words(tmp_path: Path) -> None:
    facts = [{"name": "Paris Hilton", "description": "an heiress", "aliases": ["Jane Doe"]}]
    build_knowledge(written(tmp_path, facts), tmp_path / "kb.sqlite")
    found = Knowledge(tmp_path / "kb.sqlite")
    assert [len(found.look_up(name)) for name in ("Hilton", "jane doe", "Paris Doe", "Hilton Jane")] == [1, 1, 0, 0]


def test_an_accent_is_found_however_it_is_written(tmp_path: Path) -> None:
    build_knowledge(written(tmp_path, [{"name": "Jose\u0301s", "description": "a bar"}]), tmp_path / "kb.sqlite")
    found = Knowledge(tmp_path / "kb.sqlite")
    assert [len(found.look_up(name)) for name in ("Jose\u0301s", "Jos\u00e9s", "Joses")] == [1, 1, 1]


@pytest.mark.parametrize("fact", [{"aliases": "xyz"}, {"aliases": {"a": "b"}}, {"description": "\ud800"}])
def test_a_line_that_is_no_fact_is_named(tmp_path: Path, fact: dict[str, Any]) -> None:
    source = written(tmp_path, [{"name": "x", "description": "y"} | fact])
    with pytest.raises(DataError, match="facts.jsonl:1"):
        build_knowledge(source, tmp_path / "kb.sqlite")


def test_the_facts_are_not_written_over(tmp_path: Path) -> None:
    source = written(tmp_path, FACTS)
    with pytest.raises(DataError, match="would be written over"):
        build_knowledge(source, tmp_path / "." / "facts.jsonl")
    assert source.read_text().startswith("{")
