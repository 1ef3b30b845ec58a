"""Copies of a model for several threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from unco.small_model.regions import pool
from unco.small_model.regions.pool import Pool


def test_no_copy_has_two_threads_and_no_more_are_loaded_than_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "processors", lambda: 2)
    loaded: list[object] = []
    both = threading.Barrier(2)

    def load() -> object:
        loaded.append(object())
        return loaded[-1]

    copies = Pool(load, 4)

    def use(_: int) -> object:
        with copies.one() as model:
            both.wait(10)
            return model

    with ThreadPoolExecutor(8) as threads:
        used = list(threads.map(use, range(8)))
    assert len(loaded) == 2
    assert set(used) == set(loaded)


def test_a_copy_comes_back_after_an_error_and_loading_is_tried_again() -> None:
    tries: list[int] = []

    def load() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return "model"

    copies = Pool(load, 1)
    with pytest.raises(OSError, match="not yet"), copies.one():
        pass
    for _ in range(2):
        with pytest.raises(KeyError), copies.one() as model:
            dict[str, str]()[model]
    assert len(tries) == 2
