"""Tells keys in the query of an address (`?api-version=1&code=...`) from what may be seen."""

import os
import re
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from unco.errors import SettingsError

_KEY = re.compile(
    r"code|sig|sas|jwt|k|pw|.*(?:keys?|token|secret|signature|pass(?:w(?:or)?d)?|pwd|auth|authorization|credentials?)"
    r"(?:\[\]|[_-]?v?\d+)?",
    re.IGNORECASE,
)
"""Names of parameters that hold keys: `key`, `api_key`, `tavilyApiKey`, `code` of Azure Functions, `sig` of Azure."""

_FROM_A_VARIABLE = "!"
"""Stands before the name of a parameter that `fill_in` has filled: it is secret, whatever its name."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class SplitAddress(NamedTuple):
    """An address, and the keys that its query held."""

    seen: str
    """The address with the rest of its query; it may stand in messages, and counts in the key of a question."""
    keys: str
    """Parameters that are sent and never shown, as a query: `code=abc&sig=def`; empty = none."""


def split_address(address: str) -> SplitAddress:
    """Split an address into what may be seen and the parameters of its query that hold keys."""
    base, _, query = address.partition("?")
    parts = [part for part in query.split("&") if part]
    keys = [part for part in parts if _is_secret(part)]
    seen = with_query(base, "&".join(part for part in parts if part not in keys))
    return SplitAddress(seen, "&".join(part.removeprefix(_FROM_A_VARIABLE) for part in keys))


def _is_secret(part: str) -> bool:
    """Tell whether a parameter is never shown; what servers may part once more, too."""
    return part.startswith(_FROM_A_VARIABLE) or bool(set(";?") & set(part)) or bool(_KEY.fullmatch(_name(part)))


def with_query(address: str, query: str) -> str:
    """Add parameters to an address, which may have some."""
    return f"{address}{'&' if '?' in address else '?'}{query}" if query else address


def values_of(query: str) -> tuple[str, ...]:
    """Return the values in a query, each as it is written, as it is meant, and as it may be sent."""
    values = [part.partition("=")[2] or part for part in query.split("&")]
    sent = (quote(unquote(value), safe="") for value in values)
    return tuple(filter(None, dict.fromkeys([*values, *map(unquote_plus, values), *sent])))


def fill_in(address: str, named: str) -> str:
    """Put the values of environment variables into the query of an address of a settings file, where it has `${NAME}`.

    Args:
        address: as it stands in the file.
        named: what the message calls it.

    Raises:
        SettingsError: a key stands in the file itself, or a variable is not set.
    """
    base, _, query = address.partition("?")
    for part in query.split("&"):
        if _KEY.fullmatch(_name(part)) and not _VARIABLE.search(part):
            raise SettingsError(
                f"the parameter {_name(part)!r} of {named} may hold a secret: put it into an environment variable, "
                "here as ${NAME}"
            )
    filled = [
        _FROM_A_VARIABLE * bool(_VARIABLE.search(part)) + _VARIABLE.sub(lambda found: _value(found[1], named), part)
        for part in query.split("&")
    ]
    return with_query(base, "&".join(filled))


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _value(variable: str, named: str) -> str:
    if not (value := os.environ.get(variable, "").strip()):
        raise SettingsError(f"{named} needs the environment variable {variable}, which is not set")
    return quote(value, safe="")
