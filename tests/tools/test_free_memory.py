"""Memory goes back to the system around pictures that take much of it, and no C library is asked in vain."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from tests.pictures import data_url
from unco.errors import PictureError
from unco.tools import free_memory
from unco.tools.pictures import decode, open_picture


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    free_memory._malloc_trim.cache_clear()
    yield
    free_memory._malloc_trim.cache_clear()


@pytest.fixture
def returned(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    calls = list[None]()
    monkeypatch.setattr(decode, "return_freed_memory", lambda: calls.append(None))
    return calls


def _png(width: int, height: int) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (width, height), "red").save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@pytest.mark.parametrize(("width", "height", "times"), [(640, 480, 0), (4000, 3000, 2), (6000, 5000, 2)])
def test_before_and_after_a_picture_of_many_pixels(width: int, height: int, times: int, returned: list[None]) -> None:
    open_picture(data_url(_png(width, height)))
    assert len(returned) == times


def test_after_one_that_is_damaged(returned: list[None]) -> None:
    with pytest.raises(PictureError, match="damaged"):
        open_picture(data_url(_png(4000, 3000)[:2000]))
    assert len(returned) == 2


def test_the_next_large_picture_is_read_after_a_damaged_one(returned: list[None]) -> None:
    with pytest.raises(PictureError, match="damaged"):
        open_picture(data_url(_png(6000, 5000)[:2000]))
    assert open_picture(data_url(_png(6000, 5000))).info.width == 6000


@pytest.mark.parametrize("missing", [OSError, AttributeError, TypeError])
def test_a_c_library_without_the_function(monkeypatch: pytest.MonkeyPatch, missing: type[Exception]) -> None:
    def load(_name: None) -> None:
        raise missing

    monkeypatch.setattr(free_memory, "CDLL", load)
    free_memory.return_freed_memory()


def test_twice_is_no_harm() -> None:
    free_memory.return_freed_memory()
    free_memory.return_freed_memory()
