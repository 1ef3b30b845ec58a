"""The picture of a post, opened by the rules of the environment; the last few stay in memory."""

import os
from functools import lru_cache

from unco.environment import environment
from unco.tools.pictures.decode import Picture, open_picture


def view_picture(ref: str) -> Picture:
    """Open a picture by the rules of the environment (`UNCO_ALLOWED_HOSTS`).

    The last few are kept, for the small model and up to two correctors of each entity look at the same one; a file that
    has changed is read anew.
    """
    return _view(ref, _stamp(ref), environment().picture_hosts())


@lru_cache(maxsize=4)
def _view(ref: str, stamp: tuple[int, int] | None, allowed_hosts: frozenset[str]) -> Picture:
    return open_picture(ref, allowed_hosts=allowed_hosts)


def _stamp(ref: str) -> tuple[int, int] | None:
    """When a file last changed, and its size; None for what is no file."""
    try:
        status = os.stat(ref)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size
