"""A memory in a store of LangGraph's: found by name, bounded, apart from others, forgotten."""

import asyncio
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from langgraph.store.base import BaseStore, Op, Result, SearchItem, SearchOp
from langgraph.store.memory import InMemoryStore

from unco.errors import SettingsError, SetupError
from unco.tools.memory import file as file_module
from unco.tools.memory import memory as module
from unco.tools.memory.decisions import Decision
from unco.tools.memory.file import existing_store, forget_for_good, memory_of_commands, open_store, store_from_env
from unco.tools.memory.memory import MOST_OF_NAME, Memory, chosen_memories, memories_in
from unco.tools.memory.weigh import LASTS_DAYS

TODAY = date(2026, 11, 30)


def decision(name: str = "owls", post: str = "1", **fields: object) -> Decision:
    made = Decision(name, "type", "ORG", "ORG", "answer", TODAY, "", post)
    return replace(made, **fields)  # type: ignore[arg-type]


@pytest.fixture(params=["in memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BaseStore:
    return InMemoryStore() if request.param == "in memory" else open_store(tmp_path / "memory.db")


def test_decisions_are_found_by_name(store: BaseStore) -> None:
    memory = Memory(store, "mine")
    memory.add([decision(), decision("kestrels", decided="PER"), decision(post="2", by="review")])
    found = memory.find(["owls", "sparrows"])
    assert {one.post for one in found["owls"]} == {"1", "2"}
    assert "sparrows" not in found
    assert memory.find([]) == {}


async def test_the_same_without_holding_the_loop(store: BaseStore) -> None:
    memory = Memory(store, "mine")
    await asyncio.gather(*(memory.aadd([decision(f"owls {place}")]) for place in range(20)))
    found = await memory.afind([f"owls {place}" for place in range(20)])
    assert {name: one.name for name, [one] in found.items()} == {name: name for name in found}
    assert len(found) == 20
    await memory.aadd([])
    assert await memory.afind([]) == {}


def test_a_post_that_is_run_again_counts_once_and_a_person_stays(store: BaseStore) -> None:
    memory = Memory(store, "mine")
    memory.add([decision(decided="PER")])
    memory.add([decision(decided="ORG")])
    assert [one.decided for one in memory.find(["owls"])["owls"]] == ["ORG"]
    memory.add([decision(decided="PER", by="review")])
    memory.add([decision(decided="ORG")])
    [one] = memory.find(["owls"])["owls"]
    assert (one.decided, one.by) == ("PER", "review")


def test_the_newest_of_a_name_stay(store: BaseStore) -> None:
    memory = Memory(store, "mine")
    for age in range(20):
        memory.add([decision(post=str(age), day=TODAY - timedelta(age))])
    assert sorted(int(one.post) for one in memory.find(["owls"])["owls"]) == list(range(MOST_OF_NAME))


def test_what_is_too_old_goes_when_its_bucket_is_next_written(store: BaseStore) -> None:
    memory = Memory(store, "mine")
    memory.add([decision(post="old", day=TODAY - timedelta(LASTS_DAYS + 1))])
    memory.add([decision(post="new")])
    assert [kept.decision.post for kept in memory.all()] == ["new"]


def test_a_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUCKETS", 4)
    memory = Memory(InMemoryStore(), "mine")
    for place in range(600):
        memory.add([decision(f"name {place}", day=TODAY - timedelta(place % 100))])
    assert len(list(memory.all())) == 4 * module.BUCKET_SIZE
    assert max(kept.decision.day for kept in memory.all()) == TODAY


def test_memories_do_not_see_each_other(store: BaseStore) -> None:
    names = ["mine", "a.b", "a/b", "ä ", "unco_memory", "..", "*", "\ud800", "\\ud800"]
    for name in names:
        Memory(store, name).add([decision(post=ascii(name))])
    assert memories_in(store) == sorted(names)
    assert [one.post for one in Memory(store, "a.b").find(["owls"])["owls"]] == ["'a.b'"]
    assert Memory(store, "a").find(["owls"]) == {}
    assert [name for name, _ in chosen_memories(store, None)] == sorted(names)
    with pytest.raises(SettingsError, match="there is no memory 'yours'"):
        chosen_memories(store, "yours")


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_a_name_has_to_be_one(name: str) -> None:
    with pytest.raises(SettingsError, match="1 to 100 characters"):
        Memory(InMemoryStore(), name)


def test_forgetting(store: BaseStore) -> None:
    memory = Memory(store, "mine")
    memory.add([decision(), decision("kestrels"), decision("blue  owls")])
    assert memory.forget(["OWLS", "sparrows"]) == 1
    assert {kept.decision.name for kept in memory.all()} == {"kestrels", "blue  owls"}
    assert memory.forget() == 2
    assert list(memory.all()) == []


def test_a_name_is_forgotten_wherever_it_stands(store: BaseStore) -> None:
    memory = Memory(store, "mine")
    memory.add([decision("owls", attribute="span", said="owls", decided="blue owls"), decision("per", decided="PER")])
    assert memory.forget(["Blue Owls"]) == 1
    assert memory.forget(["ORG"]) == 0  # a type is no name
    assert [kept.decision.name for kept in memory.all()] == ["per"]


class Loose(InMemoryStore):
    """Finds by the first letters of a namespace, in any case, as stores of LangGraph's before 2026 do."""

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        return [self._like(op) if isinstance(op, SearchOp) else super(Loose, self).batch([op])[0] for op in ops]

    def _like(self, op: SearchOp) -> list[SearchItem]:
        prefix = ".".join(op.namespace_prefix).lower()
        found = super().batch([SearchOp((), limit=1000)])[0]
        assert isinstance(found, list)
        return [one for one in found if ".".join(one.namespace).lower().startswith(prefix)]  # type: ignore[union-attr,misc]


def test_names_that_begin_alike_stay_apart_in_any_store() -> None:
    store = Loose()
    for name in ("mine", "Mine", "mine2"):
        Memory(store, name).add([decision(post=name)])
    assert [one.post for one in Memory(store, "mine").find(["owls"])["owls"]] == ["mine"]
    assert Memory(store, "mine").forget() == 1
    assert [len(list(Memory(store, name).all())) for name in ("mine", "Mine", "mine2")] == [0, 1, 1]


def test_more_memories_than_a_store_lists_at_once(monkeypatch: pytest.MonkeyPatch, store: BaseStore) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    for place in range(5):
        Memory(store, f"{place}").add([decision(), decision("kestrels")])
    assert memories_in(store) == [f"{place}" for place in range(5)]
    assert [memory.forget() for _, memory in chosen_memories(store, None)] == [2] * 5


def test_days_ahead_give_way(store: BaseStore) -> None:
    """A machine whose clock was wrong once must not fill a name for good."""
    memory = Memory(store, "mine")
    for place in range(MOST_OF_NAME):
        memory.add([decision(post=f"ahead {place}", day=TODAY + timedelta(10_000))])
    memory.add([decision(post="now")])
    posts = [one.post for one in memory.find(["owls"])["owls"]]
    assert "now" in posts
    assert len(posts) == MOST_OF_NAME


def test_of_one_day_the_last_stay_and_what_a_person_decided(store: BaseStore) -> None:
    memory = Memory(store, "mine")
    for place in range(MOST_OF_NAME):
        memory.add([decision(post=str(place))])
    memory.add([decision(post="person", by="review")])
    for place in range(MOST_OF_NAME):
        memory.add([decision(post=f"later {place}")])
    posts = {one.post for one in memory.find(["owls"])["owls"]}
    assert {"person", f"later {MOST_OF_NAME - 1}"} <= posts
    assert len(posts) == MOST_OF_NAME


def test_what_others_keep_there_is_left_alone(store: BaseStore) -> None:
    memory = Memory(store, "mine")
    memory.add([decision()])
    place = next(memory.all()).namespace
    store.put(place, "theirs", {"note": "not ours"})
    store.put(("agents",), "theirs", {"note": "not ours"})
    assert len(memory.find(["owls"])["owls"]) == 1
    assert memory.forget() == 1
    assert store.get(place, "theirs") is not None


def test_a_file_is_the_owners_and_forgets_for_good(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    store = open_store(path)
    memory = Memory(store, "mine")
    memory.add([decision("zanzibar owls")])
    assert path.stat().st_mode & 0o077 == 0
    memory.forget()
    forget_for_good(store)
    assert not any(b"zanzibar" in file.read_bytes() for file in tmp_path.iterdir())


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "notes.txt"
    for lines in (1, 1000):  # SQLite takes a short file for an empty one
        broken.write_text("these are notes\n" * lines)
        with pytest.raises(SetupError, match=r"notes\.txt cannot be opened: file is not a database"):
            open_store(broken)
        assert broken.read_text() == "these are notes\n" * lines
    with pytest.raises(SetupError, match="cannot be opened"):
        open_store(tmp_path / "none" / "memory.db")
    (tmp_path / "loop.db").symlink_to(tmp_path / "loop.db")
    with pytest.raises(SetupError, match="cannot be opened"):
        open_store(tmp_path / "loop.db")


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "customers.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(SetupError, match=r"customers\.db cannot be opened: it is another program's database"):
        open_store(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["customers.db"]


def _open_in_another_process(path: Path, start: Barrier) -> None:
    start.wait()
    Memory(open_store(path), "mine").add([decision(post=str(os.getpid()))])


def test_processes_that_begin_together_make_one_file(tmp_path: Path) -> None:
    """Two runs, or the workers of a service."""
    spawn = get_context("fork")
    for trial in range(5):
        path, start = tmp_path / f"{trial}.db", spawn.Barrier(4)
        processes = [spawn.Process(target=_open_in_another_process, args=(path, start)) for _ in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0] * 4
        assert len(Memory(open_store(path), "mine").find(["owls"])["owls"]) == 4


def test_a_file_of_an_older_langgraph_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript("CREATE TABLE store_migrations (v INTEGER PRIMARY KEY)")
    Memory(open_store(path), "mine").add([decision()])


def test_two_ways_to_a_file_are_one_connection(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "memory.db")
    assert open_store(tmp_path / "memory.db") is open_store(tmp_path / "link.db")


def test_what_a_reader_keeps_from_being_overwritten_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "_WAIT_S", 0.1)
    store = open_store(tmp_path / "memory.db")
    Memory(store, "mine").add([decision()])
    with closing(sqlite3.connect(tmp_path / "memory.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM store").fetchall()
        Memory(store, "mine").forget()
        with pytest.raises(SetupError, match="another process reads the file"):
            forget_for_good(store)
    forget_for_good(store)


def test_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store_from_env() is None
    assert memory_of_commands() is None
    with pytest.raises(SettingsError, match="name the file of memories"):
        existing_store(None)
    with pytest.raises(SettingsError, match="there is no file of memories"):
        existing_store(tmp_path / "memory.db")
    monkeypatch.setenv("UNCO_MEMORY", str(tmp_path / "memory.db"))
    assert store_from_env() is existing_store(None) is existing_store(tmp_path / "memory.db")
    assert memory_of_commands() == "default"
