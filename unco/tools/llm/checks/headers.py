"""Checks headers of calls: those of a settings file, and those of an account that the environment names."""

import os
import re
from collections.abc import Iterator, Mapping

from unco.environment import VARIABLES, environment
from unco.errors import SettingsError
from unco.tools.llm.checks.sendable import strip_blanks

Headers = tuple[tuple[str, str], ...]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name; source: RFC 9110, section 5.6.2."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

_OF_THE_CONNECTION = frozenset(
    "host content-length content-type transfer-encoding connection accept-encoding expect te upgrade".split()
)
"""Headers that only the client can know."""

_SECRET = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)
"""Names of headers that hold secrets."""


def split_headers(headers: Mapping[str, str], where: str) -> tuple[Headers, Headers]:
    """Split headers of a settings file into those that stand there, and those whose value a variable holds.

    Args:
        headers: name to value; `${NAME}` is the value of that environment variable.
        where: what a message calls their place.

    Raises:
        SettingsError: a header cannot be sent, holds a secret in the file, or names a variable that is not set.
    """
    plain, secret = [], []
    for name, value in headers.items():
        named = f"the header {name!r} of {where}"
        _check_name(name, named)
        variable = _VARIABLE.fullmatch(strip_blanks(value))
        if variable:
            secret.append((name, _value(_of_variable(variable[1], named), f"{variable[1]} ({named})")))
        elif _SECRET.search(name):
            raise SettingsError(f"{named} may hold a secret: put it into an environment variable, here as ${{NAME}}")
        else:
            plain.append((name, _value(value, named)))
    return tuple(plain), tuple(secret)


def account_headers() -> Headers:
    """Return the headers of the account that the environment names: organisation, project, and custom ones.

    Raises:
        SettingsError: a header cannot be sent; names the variable.
    """
    chosen = environment()
    known = (
        ("OpenAI-Organization", chosen.organization, VARIABLES["organization"]),
        ("OpenAI-Project", chosen.project, VARIABLES["project"]),
        *_custom(chosen.custom_headers.get_secret_value(), VARIABLES["custom_headers"]),
    )
    return tuple((name, _value(value, variable)) for name, value, variable in known if strip_blanks(value))


def _custom(lines: str, variable: str) -> Iterator[tuple[str, str, str]]:
    """Yield (name, value, variable) of each line `Name: value`."""
    for line in filter(str.strip, lines.splitlines()):
        name, colon, value = line.partition(":")
        if not colon:
            raise SettingsError(f"{variable} needs a line `Name: value` for each header: correct it")
        _check_name(name.strip(), variable)
        yield name.strip(), value, variable


def _of_variable(name: str, named: str) -> str:
    if not (value := os.environ.get(name)):
        raise SettingsError(f"{named} needs the environment variable {name}, which is not set")
    return value


def _check_name(name: str, named: str) -> None:
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{named}: that is no name of a header: correct it")
    if name.lower() in _OF_THE_CONNECTION:
        raise SettingsError(f"{named} belongs to the connection: remove it")


def _value(value: str, named: str) -> str:
    text = strip_blanks(value)
    if not (text.isascii() and text.isprintable()):
        raise SettingsError(f"{named} holds a character that a header cannot carry: correct it")
    return text
