"""Loading of a picture's bytes from a file, a `data:` URL, or an allowed host. Nothing is decoded here.

A path is opened inside the folders of `UNCO_PICTURE_ROOTS` only, where that is set: a server sets it. For addresses see
`unco.tools.pictures.downloads.download`.
"""

import os
import re
import stat

from unco.environment import environment
from unco.errors import PictureError
from unco.tools.pictures.data_urls import MAX_BYTES, decode_data_url, too_many_bytes, unusable_reference
from unco.tools.pictures.downloads.download import download
from unco.tools.pictures.store import store_picture, stored_picture

MAX_FILE_BYTES = 64 * 2**20
"""Largest file that is read from disk, in bytes: photos of 200 megapixels have half of it, and are not sent around."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://|(data|file):", re.IGNORECASE)


def scheme_of(ref: str) -> str:
    """Return the scheme of a reference (`data`, `http`, `file`, ...) in lower case; empty for a path."""
    found = _SCHEME.match(ref)
    return (found[1] or found[2]).lower() if found else ""


def read_picture_bytes(ref: str, allowed_hosts: frozenset[str]) -> bytes:
    """Load the bytes of a picture from a path, a `data:` URL or an http(s) URL.

    Raises:
        PictureError: it does not exist, cannot be read, is empty or too large, or may not be fetched.
    """
    scheme = scheme_of(ref)
    if scheme == "data":
        data = _from_data_url(ref)
    elif scheme in ("http", "https"):
        data = download(ref, allowed_hosts, brief(ref))
    elif scheme:
        raise PictureError(f"{brief(ref)}: {scheme}: is not read; give a path, a data: URL or an http(s) URL")
    else:
        data = _from_file(ref)
    if not data:
        raise PictureError(f"{brief(ref)}: empty (0 bytes)", "damaged")
    if len(data) > (most := MAX_BYTES if scheme else MAX_FILE_BYTES):
        raise too_many_bytes(brief(ref), most)
    return data


def store_inline(ref: str) -> str:
    """Store a picture, of a `data:` URL say, and return its reference; one that cannot be used gets one that says why.

    Raises:
        PictureError: it may not be opened.
    """
    try:
        return store_picture(read_picture_bytes(ref, frozenset()))
    except PictureError as fault:
        if fault.reason is None:
            raise
        return unusable_reference(fault)


def brief(ref: str) -> str:
    """Shorten a reference for a message."""
    return repr(ref if len(ref) <= 120 else f"{ref[:60]}...")


def _from_file(path: str) -> bytes:
    name, path = brief(path), _in_locale(path)
    if not path.strip():
        raise PictureError(f"no picture at {name}: name one, or leave it out", "missing")
    try:
        if not is_in_roots(path):  # nothing is said of what is there
            rule = "local pictures are read from the folders of UNCO_PICTURE_ROOTS only; hand in a data: URL"
            raise PictureError(f"{name}: {rule}")
        # A named pipe or a device would block or never end, so look before opening.
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise PictureError(f"{name} is a directory; name one picture in it", "unreadable")
        if not stat.S_ISREG(mode):
            raise PictureError(f"{name} is not a regular file", "unreadable")
        with open(path, "rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise PictureError(f"no picture at {name}: correct the path", "missing") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise PictureError(f"cannot read {name}: {why}", "unreadable") from error


def _in_locale(path: str) -> str:
    """Return a path with the UTF-8 bytes of what the locale cannot write; any other as it is."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return os.fsdecode(path.encode(errors="surrogateescape"))
    return path


def is_in_roots(path: str) -> bool:
    """Return whether a path may be opened: `UNCO_PICTURE_ROOTS` is unset, or it leads out by no .. and by no link."""
    roots = environment().picture_roots
    if roots is None:
        return True
    real = os.path.realpath(path)
    folders = [os.path.realpath(root) for root in roots.split(os.pathsep) if root]
    return any(os.path.commonpath([real, folder]) == folder for folder in folders)


def _from_data_url(url: str) -> bytes:
    if not url.startswith("data:sha256,"):
        return decode_data_url(url, brief(url))
    kept = stored_picture(url)
    if kept is None:
        why = f"{brief(url)}: that picture is not kept here; hand in the picture itself again"
        raise PictureError(why, "missing")
    return kept
