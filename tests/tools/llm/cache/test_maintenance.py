"""Maintenance of the cache: counted, verified, pruned, on the command line too."""

import json
import os
import sqlite3
from pathlib import Path

import pytest

from tests.command_line import exit_code
from unco.tools.llm.cache.maintenance import cache_stats, prune_cache, verify_cache
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.request import Reply, reply_parts

REPLY = Reply(text="{}", finish_reason="stop", model="served", cost=0.25)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Two replies, an endpoint's format, a damaged row, a kept picture."""
    cache = Cache(tmp_path / "cache")
    for number in range(2):
        cache.put(f"k{number}", json.dumps(reply_parts(REPLY)))
    cache.put("response_format http://x m", "json_object")
    cache.put("bad", "text")
    with sqlite3.connect(cache.directory / "cache.db") as database:
        database.execute("UPDATE Cache SET value = 'spoilt' WHERE key = 'bad'")
        database.execute("UPDATE Cache SET store_time = store_time - 10 * 86400 WHERE key = 'k0'")
    database.close()
    (cache.directory / "pictures").mkdir()
    (cache.directory / "pictures" / "ab").write_bytes(b"12345")
    return cache


def test_stats(cache: Cache) -> None:
    stats = cache_stats(cache)
    assert (stats.replies, stats.damaged, stats.by_model, stats.usd) == (2, 1, (("served", 2),), 0.5)
    assert (stats.pictures, stats.picture_bytes) == (1, 5)
    assert stats.bytes > 0


def test_verify_finds_and_deletes(cache: Cache) -> None:
    assert verify_cache(cache) == ["bad"]
    assert verify_cache(cache, mend=True) == ["bad"]
    assert verify_cache(cache) == []
    assert cache_stats(cache).replies == 2


def test_prune_deletes_what_is_old_and_pictures_only_when_asked(cache: Cache) -> None:
    assert prune_cache(cache, days=30) == (0, 0)
    assert prune_cache(cache, days=5) == (1, 0)
    assert (cache.get("k0"), cache.get("k1") is not None) == (None, True)
    picture = cache.directory / "pictures" / "ab"
    os.utime(picture, (1, 1))
    assert prune_cache(cache, days=5, pictures=True) == (0, 1)
    assert not picture.exists()


def test_on_the_command_line(cache: Cache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    directory = ["--directory", str(cache.directory)]
    assert exit_code(monkeypatch, "cache", "stats", *directory) == 0
    assert "served" in capsys.readouterr().out
    assert exit_code(monkeypatch, "cache", "verify", *directory) == 1
    assert capsys.readouterr().out == "damaged: bad\n1 damaged rows\n"
    assert exit_code(monkeypatch, "cache", "verify", "--mend", *directory) == 0
    assert exit_code(monkeypatch, "cache", "prune", "--days", "5", *directory) == 0
    assert capsys.readouterr().out.endswith("1 replies and 0 pictures deleted\n")


@pytest.mark.parametrize("command", [["stats"], ["verify"], ["prune", "--days", "5"]])
def test_a_folder_that_is_not_there_is_no_empty_cache(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere"
    assert exit_code(monkeypatch, "cache", *command, "--directory", str(nowhere)) == 2
    assert capsys.readouterr().err == f"error: there is no folder {nowhere}: correct --directory\n"
    assert not nowhere.exists()
