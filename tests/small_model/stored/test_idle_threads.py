"""Threads of matrix products: no more than there are idle processors, and NumPy's own again afterwards."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from threadpoolctl import ThreadpoolController

from tests.tiny import tiny_predictor
from unco.small_model.model_input import ModelInput
from unco.small_model.stored import idle_threads as module
from unco.small_model.stored.idle_threads import MOST_IN_TORCH, Seen, idle_threads, look, threads_between

T = TypeVar("T")

STAT = "cpu  100 0 50 4000 20 0 0 0 0 0\ncpu0 1 2 3 4\n"


class Blas:
    """Stands for NumPy's library; notes the limits that are set and taken back."""

    def __init__(self) -> None:
        self.limits: list[int | None] = []
        self.lib_controllers = [SimpleNamespace(num_threads=4)]

    def limit(self, limits: int) -> "Blas":
        self.limits.append(limits)
        return self

    def restore_original_limits(self) -> None:
        self.limits.append(None)


@pytest.fixture
def blas(monkeypatch: pytest.MonkeyPatch) -> Blas:
    """Let four processors be there, and nothing be known of them yet."""
    fake = Blas()
    monkeypatch.setattr(module, "_blas", lambda: fake)
    monkeypatch.setattr(module, "processors", lambda: 4)
    monkeypatch.setattr(module, "_runs", module._Runs())
    return fake


@pytest.fixture
def torch_with_three() -> Iterator[None]:
    """Let torch have three threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def elsewhere(ask: Callable[[], T]) -> T:
    """Return what a new thread is told."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


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
    monkeypatch.setattr(module, "processors", lambda: 64)
    assert threads_between(Seen(0.0, 0.0, 0.0), Seen(1.0, 64.0, 0.0)) == MOST_IN_TORCH


def test_the_processors_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STAT", tmp_path / "stat")
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
    monkeypatch.setattr(module, "WINDOW_S", 0.0)
    monkeypatch.setattr(module, "look", lambda own: next(moments))
    monkeypatch.setattr(module._runs, "_seen", Seen(0.0, 7.0, 0.0))
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

    monkeypatch.setattr(module, "WINDOW_S", 0.0)
    monkeypatch.setattr(module, "look", at)
    monkeypatch.setattr("time.thread_time", lambda: next(work))
    monkeypatch.setattr(module._runs, "_seen", Seen(0.0, 3.0, 0.0))
    for _ in range(2):
        with idle_threads():
            pass
    assert seen == [0.0, 1.0]  # two threads for half a second
    assert blas.limits == [2, None, 1, None]


def test_no_more_threads_than_the_user_lets_numpy_have(blas: Blas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._runs, "_threads", 3)
    for allowed, limit in ((2, 2), (4, 3)):
        blas.lib_controllers = [SimpleNamespace(num_threads=allowed)]
        with idle_threads():
            assert blas.limits[-1] == limit


def test_torch_has_the_idle_processors_and_its_own_threads_again_afterwards(torch_with_three: None, blas: Blas) -> None:
    with idle_threads():
        assert torch.get_num_threads() == 1  # until others were observed for a while
        assert elsewhere(torch.get_num_threads) == 3
        with idle_threads():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_runs_at_once_leave_each_thread_the_threads_of_torch_that_it_had(torch_with_three: None, blas: Blas) -> None:
    def run() -> tuple[int, int]:
        with idle_threads():
            inside = torch.get_num_threads()
        return inside, torch.get_num_threads()

    with idle_threads():
        assert elsewhere(run) == (1, 3)
    assert torch.get_num_threads() == elsewhere(torch.get_num_threads) == 3


def test_torch_keeps_what_the_user_gave_it_where_that_is_less(
    torch_with_three: None, blas: Blas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module._runs, "_threads", 4)
    with idle_threads():
        assert torch.get_num_threads() == 3


def test_a_torch_that_is_being_imported_is_left_alone(blas: Blas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    with idle_threads():
        pass
    assert blas.limits == [1, None]


def test_a_system_that_does_not_tell_keeps_its_threads(blas: Blas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._runs, "_seen", None)
    with idle_threads():
        pass
    assert blas.limits == []


def test_a_run_that_fails_takes_its_limit_back(blas: Blas) -> None:
    with pytest.raises(ValueError, match="broken"), idle_threads():
        raise ValueError("broken")
    assert blas.limits == [1, None]


def test_a_fork_in_the_middle_of_a_run_begins_anew(blas: Blas) -> None:
    with idle_threads():
        module._forget_runs()
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
