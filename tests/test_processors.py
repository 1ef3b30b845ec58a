"""Processors that this process may use: by the system, and by the groups of a container."""

import os
from pathlib import Path

import pytest

from unco import processors as module
from unco.processors import processors


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the system give eight processors, and show groups in a folder."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    monkeypatch.setattr(module, "GROUPS", tmp_path)
    monkeypatch.setattr(module, "OWN_GROUP", tmp_path / "own")
    (tmp_path / "own").write_text("9:name=systemd:/\n0::/system.slice/unco.service\n")
    (tmp_path / "system.slice" / "unco.service").mkdir(parents=True)
    (tmp_path / "cpu").mkdir()
    return tmp_path


def test_without_a_limit_all_that_the_system_gives(groups: Path) -> None:
    assert processors() == 8
    (groups / "cpu.max").write_text("max 100000\n")
    (groups / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    (groups / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert processors() == 8


@pytest.mark.parametrize("group", [".", "system.slice", "system.slice/unco.service"])
@pytest.mark.parametrize(("limit", "count"), [("250000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8)])
def test_the_share_of_a_group_or_one_around_it(groups: Path, group: str, limit: str, count: int) -> None:
    (groups / group / "cpu.max").write_text(f"{limit}\n")
    assert processors() == count


def test_the_share_of_a_group_of_the_older_kind(groups: Path) -> None:
    (groups / "cpu" / "cpu.cfs_quota_us").write_text("300000\n")
    (groups / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert processors() == 3


@pytest.mark.parametrize("text", ["", "nonsense", "100000 0", "200000"])
def test_what_cannot_be_read_limits_nothing(groups: Path, text: str) -> None:
    (groups / "cpu.max").write_text(text)
    (groups / "own").unlink()
    assert processors() == 8


def test_a_system_without_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    monkeypatch.setattr(module, "GROUPS", tmp_path / "none")
    monkeypatch.setattr(module, "OWN_GROUP", tmp_path / "none")
    assert processors() == 1
