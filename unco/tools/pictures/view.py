"""Opening of a post's picture by the rules of the environment, with a small cache."""

import os
from collections import OrderedDict

from unco.environment import environment
from unco.fork_locks import ForkLock
from unco.tools.pictures.decode import Picture, open_picture

MOST_KEPT, MOST_KEPT_BYTES = 4, 64 * 2**20
"""Pictures in the cache, and the memory of all but the last."""

_Key = tuple[str, tuple[int, int] | None, frozenset[str]]

_kept: OrderedDict[_Key, Picture] = OrderedDict()
_lock = ForkLock()


def view_picture(ref: str) -> Picture:
    """Open a picture by the rules of the environment (`UNCO_ALLOWED_HOSTS`).

    The last few are cached, as the small model and up to two correctors of each entity use the same one; a file that
    has changed is read again.
    """
    key = ref, _file_version(ref), environment().picture_hosts()
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    picture = open_picture(ref, allowed_hosts=key[2])
    with _lock:
        _kept[key] = picture
        _kept.move_to_end(key)
        while len(_kept) > 1 and (len(_kept) > MOST_KEPT or sum(map(_bytes, _kept.values())) > MOST_KEPT_BYTES):
            _kept.popitem(last=False)
    return picture


def _bytes(picture: Picture) -> int:
    return 3 * picture.image.width * picture.image.height


def _file_version(ref: str) -> tuple[int, int] | None:
    """Return a file's modification time and size, which key the cache; None for what is no file."""
    try:
        status = os.stat(ref)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size
