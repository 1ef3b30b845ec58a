"""The cache keeps text, only text, and never turns a broken row into a crash or into code that runs."""

import logging
import pickle
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import diskcache
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.environment import environment
from unco.errors import SetupError
from unco.tools.llm.cache.maintenance import prune_cache, verify_cache
from unco.tools.llm.cache.store import Cache, verified_text, with_checksum


def test_what_is_put_is_found_also_by_another_cache(tmp_path: Path) -> None:
    Cache(tmp_path / "new/place").put("k", "žluť 🚀 $1")
    again = Cache(tmp_path / "new/place")
    assert again.get("k") == "žluť 🚀 $1"
    assert again.get("other") is None


def test_a_long_text_stays_in_the_database_and_is_never_thrown_away(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("k", "x" * 3_000_000)
    assert len(cache.get("k") or "") == 3_000_000
    assert list(tmp_path.rglob("*.val")) == []
    assert cache._get_store().eviction_policy == "none"


def test_nothing_is_created_before_the_first_use(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "later")
    assert not (tmp_path / "later").exists()
    cache.get("k")
    assert (tmp_path / "later").stat().st_mode & 0o077 == 0, "what people posted is nobody else's to read"


def test_the_folder_of_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_CACHE_DIR", "/some/place")
    assert Cache().directory == Path("/some/place")
    monkeypatch.setenv("UNCO_CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert environment().cache_directory() == Path("/xdg/unco")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/mia")
    assert environment().cache_directory() == Path("/home/mia/.cache/unco")


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a planted pickle was run",))


@pytest.mark.parametrize("value", [pickle.dumps(Bomb()), b"\x80broken", "/etc/hostname"])
def test_a_planted_row_is_a_miss(tmp_path: Path, value: object, caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache(tmp_path)
    cache.put("k", "text")
    mode, name = (diskcache.core.MODE_PICKLE, None) if isinstance(value, bytes) else (diskcache.core.MODE_TEXT, value)
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = ?, filename = ?, value = ?", (mode, name, None if name else value))
    database.close()
    with caplog.at_level(logging.WARNING):
        assert cache.get("k") is None
    assert "unreadable row" in caplog.text
    cache.put("k", "again")
    assert cache.get("k") == "again"


def test_a_broken_database_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cache.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(SetupError, match="UNCO_CACHE_DIR"):
        Cache(tmp_path).get("k")
    assert (tmp_path / "cache.db").read_bytes().startswith(b"this is not")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot be opened"):
        Cache(tmp_path / "file/cache").put("k", "text")


def test_a_locked_database_stores_nothing_and_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache(tmp_path)
    cache.put("k", "old")
    store = cache._get_store()
    store.close()
    store._timeout = 0  # the next connection does not wait
    with sqlite3.connect(tmp_path / "cache.db") as other:
        other.execute("BEGIN IMMEDIATE")
        cache.put("k", "new")
    other.close()
    assert "did not keep" in caplog.text
    assert cache.get("k") == "old"


def test_a_database_that_stays_locked_is_named_and_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Cache(tmp_path)
    first.put("k", "text")
    first.close()
    opened = []

    def counted(cache: Cache) -> None:
        opened.append(cache)
        wait_for_others(cache)

    monkeypatch.setattr(Cache, "_wait_for_others", counted)
    monkeypatch.setattr("unco.tools.llm.cache.store.LOCK_TIMEOUT_S", 0.5)
    cache = Cache(tmp_path)
    with sqlite3.connect(tmp_path / "cache.db") as other, ThreadPoolExecutor(4) as pool:
        other.execute("BEGIN IMMEDIATE")
        reads = [pool.submit(cache.get, "k") for _ in range(4)]
        for read in reads:
            with pytest.raises(SetupError, match="cannot be opened .database is locked.*UNCO_CACHE_DIR"):
                read.result()
    other.close()
    assert len(opened) == 1
    assert cache.get("k") == "text", "now it can be opened"


wait_for_others = Cache._wait_for_others


def test_a_closed_cache_opens_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.close()
    cache.put("k", "text")
    cache.close()
    assert cache.get("k") == "text"


def test_threads_share_it(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def put_and_get(number: int) -> str | None:
        cache.put(str(number), f"text {number}")
        return cache.get(str(number))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(put_and_get, range(20))) == [f"text {number}" for number in range(20)]


def test_a_damaged_text_is_not_used_as_an_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache(tmp_path)
    cache.put("k", "the type is PER")
    cache.put("other", "the type is LOC")
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute("UPDATE Cache SET value = replace(value, 'PER', 'ORG') WHERE key = 'k'")
        database.execute("UPDATE Cache SET key = 'moved' WHERE key = 'other'")
    database.close()
    with caplog.at_level(logging.WARNING):
        assert cache.get("k") is None
        assert cache.get("moved") is None, "the text belongs to another key"
    assert "damaged" in caplog.text


@given(st.text(), st.text())
def test_a_text_with_a_checksum_comes_back(key: str, text: str) -> None:
    assert verified_text(key, with_checksum(key, text)) == text


WRITER = """
import sys
from unco.tools.llm.cache.store import Cache
cache = Cache(sys.argv[1])
for number in range(10**9):
    cache.put(str(number), f"text {number} " * 50)
    if number == int(sys.argv[2]):
        print("there", flush=True)
"""


@pytest.mark.parametrize("rows", [0, 3, 20])
def test_a_process_that_is_killed_while_it_writes_leaves_only_whole_rows(tmp_path: Path, rows: int) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path), str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.kill()
    found = {row.key: row.text for row in Cache(tmp_path).rows()}
    assert len(found) >= rows + 1
    assert all(text == f"text {key} " * 50 for key, text in found.items())


class Evil:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('a key was unpickled')",)


def test_a_foreign_row_runs_nothing_and_deletes_nothing(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    cache = Cache(tmp_path / "cache")
    cache.put("k", "text")
    with sqlite3.connect(cache.directory / "cache.db") as database:
        database.execute("UPDATE Cache SET filename = '../victim.txt' WHERE key = 'k'")
        database.execute(
            "INSERT INTO Cache (key, raw, store_time, access_time, mode, value) VALUES (?, 0, 0, 0, 1, 'x')",
            (pickle.dumps(Evil()),),
        )
    database.close()
    assert [(row.key, row.text) for row in cache.rows()][1:] == [("(not text)", None)]
    assert verify_cache(cache, mend=True)[-1] == "(not text)"
    cache.put("k", "again")
    prune_cache(cache, days=-1)
    assert (list(cache.rows()), victim.read_text()) == ([], "precious")
