"""A process that forks while its threads work: the child waits for none of them."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unco.fork_locks import ForkLock
from unco.small_model.regions.pool import Pool
from unco.tools.pictures import decode, view
from unco.tools.pictures.view import view_picture

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


@contextmanager
def held(*guards: Any) -> Iterator[None]:
    """Have another thread hold guards."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        for guard in guards:
            guard.__enter__()
        taken.set()
        done.wait(60)
        for guard in guards:
            guard.__exit__(None, None, None)

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


def ends_in_child(work: Callable[[], Any]) -> bool:
    """Return whether a forked process does the work."""
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_has_locks_of_its_own_and_the_parent_keeps_its_own() -> None:
    lock = ForkLock()

    def take() -> None:
        with lock:
            pass

    with held(lock):
        assert ends_in_child(take)
        assert ends_in_child(take)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_reads_pictures_and_looks_for_regions(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    models = Pool(object, 1)

    def work() -> None:
        view_picture(str(tmp_path / "a.png"))
        with models.one():
            pass

    with held(decode._warnings_lock, view._lock, models.one()):
        assert ends_in_child(work)
