"""The small cache of opened pictures: bounded in number and in memory, and never of a file that has changed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from unco.tools.pictures import view
from unco.tools.pictures.view import MOST_KEPT, view_picture


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    view._kept.clear()
    yield
    view._kept.clear()


def saved(path: Path, size: tuple[int, int] = (30, 20)) -> str:
    Image.new("L", size).save(path)
    return str(path)


def test_the_last_few_are_kept(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{number}.png") for number in range(MOST_KEPT + 1)]
    first = [view_picture(path) for path in paths[:MOST_KEPT]]
    assert view_picture(paths[0]) is first[0]
    view_picture(paths[-1])
    assert view_picture(paths[0]) is first[0], "used again after the others"
    assert view_picture(paths[1]) is not first[1]
    assert len(view._kept) == MOST_KEPT


def test_large_ones_are_not_kept_beside_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MOST_KEPT_BYTES", 3 * 30 * 20 + 1)
    small, large = saved(tmp_path / "a.png"), saved(tmp_path / "b.png", (300, 200))
    view_picture(small)
    opened = view_picture(large)
    assert view_picture(large) is opened, "the last one is, however large"
    assert len(view._kept) == 1


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png")
    assert view_picture(path).info.width == 30
    os.utime(saved(tmp_path / "a.png", (40, 20)), ns=(1, 1))
    assert view_picture(path).info.width == 40
