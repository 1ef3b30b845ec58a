"""Opening of a post's picture by the rules of the environment, with a small cache."""

import os
from functools import lru_cache

from unco.environment import environment
from unco.tools.pictures.decode import Picture, open_picture


def view_picture(ref: str) -> Picture:
    """Open a picture by the rules of the environment (`UNCO_ALLOWED_HOSTS`).

    The last few are cached, as the small model and up to two correctors of each entity use the same one; a file that
    has changed is read again.
    """
    return _open_cached(ref, _file_version(ref), environment().picture_hosts())


@lru_cache(maxsize=4)
def _open_cached(ref: str, stamp: tuple[int, int] | None, allowed_hosts: frozenset[str]) -> Picture:
    return open_picture(ref, allowed_hosts=allowed_hosts)


def _file_version(ref: str) -> tuple[int, int] | None:
    """Return a file's modification time and size, which key the cache; None for what is no file."""
    try:
        status = os.stat(ref)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size
