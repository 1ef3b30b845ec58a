"""Download of pictures from allowed hosts, within a size and a time.

A post may be written by a stranger, so an address in it is not simply fetched: the host must be on a list, a name on it
may not lead to a private address, and redirects are not followed.
"""

from http.client import HTTPException
from typing import IO
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from unco.errors import PictureError
from unco.tools.pictures.data_urls import MAX_BYTES
from unco.tools.pictures.downloads.deadline import Deadline
from unco.tools.pictures.downloads.public_addresses import PublicHttp, PublicHttps

SECONDS = 20.0
"""Longest time of a download, from connecting to the last byte read."""


class _NoRedirect(HTTPRedirectHandler):
    """Handler that follows no redirect, so that an allowed host cannot send us to another; a 3xx becomes an error."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def download(url: str, allowed_hosts: frozenset[str], name: str) -> bytes:
    """Fetch a picture; one byte over the size limit at most.

    Args:
        url: of http or https.
        allowed_hosts: in lower case, without port.
        name: for messages, see `brief`.

    Raises:
        PictureError: it may not be fetched, or cannot be.
    """
    _check_address(url, allowed_hosts, name)
    with Deadline(SECONDS) as deadline:
        # An empty ProxyHandler: the request goes straight to the host that was allowed, whatever the environment says.
        opener = build_opener(ProxyHandler({}), _NoRedirect(), PublicHttp(deadline), PublicHttps(deadline))
        try:
            with opener.open(Request(url, headers={"User-Agent": "unco"}), timeout=SECONDS) as response:
                data = _read_bounded(response)
            deadline.check()
        except (OSError, ValueError, HTTPException) as error:
            why = f"not finished after {SECONDS:.0f} s" if deadline.over else f"{error} (redirects are not followed)"
            raise PictureError(f"cannot fetch {name}: {why}", "unreachable") from error
    return data


def _check_address(url: str, allowed_hosts: frozenset[str], name: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise PictureError(f"{name} is not an address: {error}", "malformed") from error
    if parts.username is not None or parts.password is not None:
        raise PictureError("the address of a picture holds a user name or password, which would end up in the results")
    if host not in allowed_hosts:
        allowed = ", ".join(sorted(allowed_hosts)) or "none"
        raise PictureError(
            f"{name}: host {host!r} is not allowed (allowed: {allowed}); add it to UNCO_ALLOWED_HOSTS, "
            "a list separated by commas, or download the picture and give its path"
        )


def _read_bounded(response: IO[bytes]) -> bytes:
    """Read at most one byte over the size limit."""
    chunks: list[bytes] = []
    size = 0
    read1 = getattr(response, "read1", response.read)
    while size <= MAX_BYTES and (chunk := read1(65536)):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)
