"""Checks the address of an endpoint: an http(s) URL whose host every reader takes for the same one."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

from unco.errors import SettingsError
from unco.tools.llm.checks.query import with_query
from unco.tools.llm.checks.sendable import strip_blanks

BASE_URL = "the endpoint's base URL"
"""What an address is called in a message where nobody says which setting it comes from."""

LIKE = "http://host:8000/v1 or https://host/v1"

_QUESTIONS = "/chat/completions"
"""Where questions are sent, below the base URL; people copy it along."""

_NETLOC = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<name>[^\[\]:]+))(?::[0-9]*)?")
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_MAX_HOST = 253


def clean_address(base_url: str, named: str = BASE_URL, like: str = LIKE) -> str:
    """Strip blanks around an address, and the path of its questions; refuse what is no http(s) URL, or names a user.

    A query stays: gateways choose a version or a route by it. Which of it may be seen, `split_address` says.

    Args:
        base_url: as it was set.
        named: what the message calls it; names the variable or file that it comes from.
        like: examples for the message.

    Raises:
        SettingsError: says what is wrong; does not repeat the address.
    """
    base_url = strip_blanks(base_url)
    parts = _split(base_url)
    if parts is None:
        raise SettingsError(f"{named} must be like {like}")
    if "@" in parts.netloc:
        raise SettingsError(f"{named} holds a user name or password: hand in a key instead")
    if not _is_host_and_port(parts.netloc):
        raise SettingsError(f"{named} must be like {like}")
    path, _, query = base_url.partition("?")
    bare = path.rstrip("/")
    return with_query(bare.removesuffix(_QUESTIONS) if bare.endswith(_QUESTIONS) else path, query)


def _split(base_url: str) -> SplitResult | None:
    """Split an address; None = it is none. Looked at first as it is, for `urlsplit` drops line feeds and tabs."""
    if not base_url.isprintable() or re.search(r"[\s\\#]", base_url):
        return None
    try:
        parts = urlsplit(base_url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if known else None


def _is_host_and_port(netloc: str) -> bool:
    found = _NETLOC.fullmatch(netloc)
    if found is None:
        return False
    return _is_ipv6(found["v6"]) if found["v6"] else _is_host(found["name"])


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _is_host(name: str) -> bool:
    """Return whether a name has proper labels, or is an IPv4 address in its one usual form.

    Octal, hexadecimal and shortened addresses (0177.0.0.1, 0x7f.1, 2130706433) are read differently by different
    programs, so what the privacy policy sees might not be what is asked.
    """
    try:
        labels = name.encode("idna").decode().removesuffix(".").split(".")
    except UnicodeError:  # a label that is too long or empty, or letters that no name has
        return False
    if sum(map(len, labels)) + len(labels) - 1 > _MAX_HOST or not all(map(_LABEL.fullmatch, labels)):
        return False
    if not _NUMBER.fullmatch(labels[-1]):
        return True
    try:
        return str(IPv4Address(name)) == name
    except AddressValueError:
        return False
