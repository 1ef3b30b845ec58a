"""Giving freed memory back to the system: after a large picture, and now and then in a service.

The C library of Linux keeps what a thread has freed, for that thread: after a picture of 65 million pixels, 250 MB stay
with the process, and the next large one may be read in another thread. What many small posts leave lies in pieces
between memory in use, a little more after each thousand.
"""

from collections.abc import Callable
from ctypes import CDLL
from functools import cache


def return_freed_memory() -> None:
    """Give memory that is freed and still held back to the system; does nothing where the C library cannot."""
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """Find glibc's function; other C libraries have none and need none."""
    try:
        found: Callable[[int], int] = CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    return found
