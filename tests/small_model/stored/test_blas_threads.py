"""Threads of matrix products: no more than there are idle processors, and NumPy's own again afterwards."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from tests.tiny import tiny_predictor
from unco.small_model.model_input import ModelInput
from unco.small_model.stored import blas_threads
from unco.small_model.stored.blas_threads import MOST, Seen, idle_threads, look, threads_between

STAT = "cpu  100 0 50 4000 20 0 0 0 0 0\ncpu0 1 2 3 4\n"


class Blas:
    """Stands for NumPy's library; notes the limits that are set and taken back."""

    def __init__(self) -> None:
        self.limits: list[int | None] = []

    def limit(self, limits: int) -> "Blas":
        self.limits.append(limits)
        return self

    def restore_original_limits(self) -> None:
        self.limits.append(None)


@pytest.fixture
def blas(monkeypatch: pytest.MonkeyPatch) -> Blas:
    """Let four processors be there, and nothing be known of them yet."""
    fake = Blas()
    monkeypatch.setattr(blas_threads, "_blas", lambda: fake)
    monkeypatch.setattr(blas_threads, "_allowed", lambda: 4)
    monkeypatch.setattr(blas_threads, "_runs", blas_threads._Runs())
    return fake


@pytest.mark.parametrize(
    ("idle", "own", "threads"),
    [
        (2.0, 0.0, 2),  # in one second two processors did nothing
        (0.0, 2.0, 2),  # all that was used, products used: they may go on
        (0.0, 1.0, 1),
        (0.9, 0.9, 2),
        (0.1, 0.3, 1),  # others use nearly all
        (8.0, 0.0, 4),  # more than this process may have
    ],
)
def test_what_others_leave_is_shared_out(idle: float, own: float, threads: int, blas: Blas) -> None:
    assert threads_between(Seen(5.0, 100.0, 7.0), Seen(6.0, 100.0 + idle, 7.0 + own)) == threads


def test_no_product_has_more_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas_threads, "_allowed", lambda: 64)
    assert threads_between(Seen(0.0, 0.0, 0.0), Seen(1.0, 64.0, 0.0)) == MOST


def test_the_processors_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas_threads, "STAT", tmp_path / "stat")
    assert look(0.0) is None  # not Linux
    (tmp_path / "stat").write_text(STAT)
    monkeypatch.setattr("os.sysconf", lambda name: 100)
    seen = look(3.0)
    assert seen is not None
    assert (seen.idle, seen.own) == (40.2, 3.0)
    (tmp_path / "stat").write_text("cpu nonsense")
    assert look(0.0) is None


def test_runs_at_once_share_a_limit_and_the_last_takes_it_back(blas: Blas) -> None:
    with idle_threads():
        with idle_threads():
            assert blas.limits == [1]  # until others were observed for a while
        assert blas.limits == [1]
    assert blas.limits == [1, None]


def test_the_limit_follows_what_others_do(blas: Blas, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([Seen(1.0, 10.0, 0.0), Seen(2.0, 10.5, 0.5)])
    monkeypatch.setattr(blas_threads, "WINDOW_S", 0.0)
    monkeypatch.setattr(blas_threads, "look", lambda own: next(moments))
    monkeypatch.setattr(blas_threads._runs, "_seen", Seen(0.0, 7.0, 0.0))
    for _ in range(2):
        with idle_threads():
            pass
    assert blas.limits == [3, None, 1, None]


def test_what_else_the_process_does_is_none_of_the_products(blas: Blas, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processors are busy with pictures, and one thread of products gets half of one."""
    clock, work, seen = iter([1.0, 2.0]), iter([10.0, 10.5, 20.0, 20.1]), []

    def at(own: float) -> Seen:
        seen.append(own)
        return Seen(next(clock), 5.0, own)

    monkeypatch.setattr(blas_threads, "WINDOW_S", 0.0)
    monkeypatch.setattr(blas_threads, "look", at)
    monkeypatch.setattr("time.thread_time", lambda: next(work))
    monkeypatch.setattr(blas_threads._runs, "_seen", Seen(0.0, 3.0, 0.0))
    for _ in range(2):
        with idle_threads():
            pass
    assert seen == [0.0, 1.0]  # two threads for half a second
    assert blas.limits == [2, None, 1, None]


def test_a_system_that_does_not_tell_keeps_its_threads(blas: Blas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas_threads._runs, "_seen", None)
    with idle_threads():
        pass
    assert blas.limits == []


def test_a_run_that_fails_takes_its_limit_back(blas: Blas) -> None:
    with pytest.raises(ValueError, match="broken"), idle_threads():
        raise ValueError("broken")
    assert blas.limits == [1, None]


def test_a_fork_in_the_middle_of_a_run_begins_anew(blas: Blas) -> None:
    with idle_threads():
        blas_threads._forget_runs()
        with idle_threads():
            pass
    assert blas.limits == [1, 1, None, None]


def test_numpys_own_threads_are_back_after_a_post() -> None:
    np.ones((2, 2)) @ np.ones((2, 2))

    def threads() -> list[Any]:
        return [library["num_threads"] for library in ThreadpoolController().info() if library["user_api"] == "blas"]

    before = threads()
    tiny_predictor().predict([ModelInput(("Ann", "sings"))])
    assert threads() == before
