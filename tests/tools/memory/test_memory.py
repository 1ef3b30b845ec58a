"""A memory in a store of LangGraph's: found by name, bounded, apart from others, forgotten."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from unco.errors import SettingsError, SetupError
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
    names = ["mine", "a.b", "a/b", "ä ", "unco_memory", "..", "*"]
    for name in names:
        Memory(store, name).add([decision(post=name)])
    assert memories_in(store) == sorted(names)
    assert [one.post for one in Memory(store, "a.b").find(["owls"])["owls"]] == ["a.b"]
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
