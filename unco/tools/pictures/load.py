"""Loading of a picture's bytes from a file, a `data:` URL, or an allowed host. Nothing is decoded here.

A post may be written by a stranger, so an address in it is not simply fetched: the host must be on a list, a name on it
may not lead to a private address, redirects are not followed, and size and time are bounded. A path is opened inside
the folders of `UNCO_PICTURE_ROOTS` only, where that is set: a server sets it.
"""

import os
import re
import stat
from base64 import b64decode
from http.client import HTTPException
from time import monotonic
from typing import IO
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from unco.environment import environment
from unco.errors import PictureError
from unco.tools.pictures.public_addresses import PublicHttp, PublicHttps
from unco.tools.pictures.store import stored_picture

MAX_BYTES = 20 * 1024 * 1024
"""Largest file that is read, in bytes."""

SECONDS = 20.0
"""Longest wait for a download, from the first byte asked for to the last one read."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://|(data|file):", re.IGNORECASE)
_DATA = re.compile(r"data:[^,]*;base64,(?P<payload>.*)", re.IGNORECASE | re.DOTALL)


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
        data = _download(ref, allowed_hosts)
    elif scheme:
        raise PictureError(f"{brief(ref)}: {scheme}: is not read; give a path, a data: URL or an http(s) URL")
    else:
        data = _from_file(ref)
    if not data:
        raise PictureError(f"{brief(ref)}: empty (0 bytes)")
    if len(data) > MAX_BYTES:
        raise PictureError(f"{brief(ref)}: larger than {MAX_BYTES // 2**20} MB; hand in a smaller copy")
    return data


def brief(ref: str) -> str:
    """Shorten a reference for a message."""
    return repr(ref if len(ref) <= 120 else f"{ref[:60]}...")


def _from_file(path: str) -> bytes:
    try:
        _check_root(path)
        # A named pipe or a device would block or never end, so look before opening.
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise PictureError(f"{brief(path)} is a directory; name one picture in it")
        if not stat.S_ISREG(mode):
            raise PictureError(f"{brief(path)} is not a regular file")
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise PictureError(f"no picture at {brief(path)}: correct the path") from error
    except (OSError, ValueError) as error:
        raise PictureError(f"cannot read {brief(path)}: {getattr(error, 'strerror', None) or error}") from error


def _check_root(path: str) -> None:
    """Refuse a path that leads out of the allowed folders, by .. or by a link; nothing is said of what is there."""
    roots = environment().picture_roots
    if roots is None:
        return
    real = os.path.realpath(path)
    folders = [os.path.realpath(root) for root in roots.split(os.pathsep) if root]
    if not any(os.path.commonpath([real, folder]) == folder for folder in folders):
        raise PictureError(
            f"{brief(path)}: local pictures are read from the folders of UNCO_PICTURE_ROOTS only; hand in a data: URL"
        )


def _from_data_url(url: str) -> bytes:
    if url.startswith("data:sha256,"):
        kept = stored_picture(url)
        if kept is None:
            raise PictureError(f"{brief(url)}: that picture is not kept here; hand in the picture itself again")
        return kept
    found = _DATA.fullmatch(url)
    if not found:
        raise PictureError(f"{brief(url)}: malformed data: URL; it should read data:image/png;base64,...")
    if len(found["payload"]) > MAX_BYTES * 4 // 3 + 4:
        raise PictureError(f"{brief(url)}: larger than {MAX_BYTES // 2**20} MB; hand in a smaller copy")
    try:
        return b64decode(unquote_to_bytes(found["payload"]), validate=True)
    except ValueError as error:
        raise PictureError(f"{brief(url)}: malformed data: URL: {error}") from error


class _NoRedirect(HTTPRedirectHandler):
    """Handler that follows no redirect, so that an allowed host cannot send us to another; a 3xx becomes an error."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def _download(url: str, allowed_hosts: frozenset[str]) -> bytes:
    _check_address(url, allowed_hosts)
    # An empty ProxyHandler: the request goes straight to the host that was allowed, whatever the environment says.
    opener = build_opener(ProxyHandler({}), _NoRedirect(), PublicHttp(), PublicHttps())
    try:
        with opener.open(Request(url, headers={"User-Agent": "unco"}), timeout=SECONDS) as response:
            return _read_bounded(response, monotonic() + SECONDS)
    except (OSError, ValueError, HTTPException) as error:
        raise PictureError(f"cannot fetch {brief(url)}: {error} (redirects are not followed)") from error


def _check_address(url: str, allowed_hosts: frozenset[str]) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise PictureError(f"{brief(url)} is not an address: {error}") from error
    if parts.username is not None or parts.password is not None:
        raise PictureError("the address of a picture holds a user name or password, which would end up in the results")
    if host not in allowed_hosts:
        allowed = ", ".join(sorted(allowed_hosts)) or "none"
        raise PictureError(
            f"{brief(url)}: host {host!r} is not allowed (allowed: {allowed}); add it to UNCO_ALLOWED_HOSTS, "
            "a list separated by commas, or download the picture and give its path"
        )


def _read_bounded(response: IO[bytes], deadline: float) -> bytes:
    """Read at most one byte over the size limit before a deadline; a socket timeout alone does not stop a slow host."""
    chunks: list[bytes] = []
    size = 0
    read1 = getattr(response, "read1", response.read)
    while size <= MAX_BYTES and (chunk := read1(65536)):
        chunks.append(chunk)
        size += len(chunk)
        if monotonic() > deadline:
            raise TimeoutError(f"not finished after {SECONDS:.0f} s")
    return b"".join(chunks)
