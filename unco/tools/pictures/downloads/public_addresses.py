"""HTTP connections to public addresses only: host names that resolve to private ones are refused (SSRF protection).

The address that was checked is the one that is connected to, so a name that resolves differently in between (DNS
rebinding) gains nothing. A numeric address was allowed as such, and is connected to.
"""

import socket
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, Request

from unco.tools.pictures.downloads.deadline import Deadline


def connect(address: tuple[str, int], timeout: Any = None, source_address: Any = None) -> socket.socket:
    """Connect to a host if all addresses that its name resolves to are public.

    Raises:
        OSError: one is not, or none can be connected to.
    """
    host, port = address
    return socket.create_connection((checked_address(host, port), port), timeout, source_address)


def checked_address(host: str, port: int) -> str:
    """Resolve a host name to the address to connect to, after checking that it is public.

    Raises:
        OSError: the name resolves to an address that is not public, or not at all.
    """
    if _is_address(host):
        return host
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    private = [one for one in found if not ip_address(one.partition("%")[0]).is_global]
    if private:
        raise OSError(f"the name {host} leads to {private[0]}, which is no public address: allow the address itself")
    return found[0]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _Http(HTTPConnection):
    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._create_connection = partial(_watched, deadline)


class _Https(HTTPSConnection):
    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._create_connection = partial(_watched, deadline)


def _watched(deadline: Deadline, *args: Any) -> socket.socket:
    connection = connect(*args)
    deadline.watch(connection)
    return connection


class PublicHttp(HTTPHandler):
    """urllib's HTTP handler over checked connections that end at a deadline."""

    def __init__(self, deadline: Deadline) -> None:
        """Set the deadline of all that it opens."""
        super().__init__()
        self._deadline = deadline

    def http_open(self, request: Request) -> HTTPResponse:
        """Open a request over a checked connection."""
        return self.do_open(partial(_Http, deadline=self._deadline), request)


class PublicHttps(HTTPSHandler):
    """urllib's HTTPS handler, as `PublicHttp`; TLS still checks the certificate against the name."""

    def __init__(self, deadline: Deadline) -> None:
        """Set the deadline of all that it opens."""
        super().__init__()
        self._deadline = deadline

    def https_open(self, request: Request) -> HTTPResponse:
        """Open a request over a checked connection."""
        return self.do_open(partial(_Https, deadline=self._deadline), request)
