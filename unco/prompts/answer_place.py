"""Finds where the value of an answer stands in the text of a reply."""

import json
import re

from unco.prompts.other_names import BOX_KEYS, OTHER_NAMES, squashed
from unco.types import Attribute

_KEY = re.compile(r'"([^"\\\n]{1,40})"\s*:\s*')

_KEYS: dict[Attribute, frozenset[str]] = {
    "span": frozenset(map(squashed, ("corrected_entity", *OTHER_NAMES["corrected_entity"]))),
    "type": frozenset(map(squashed, ("corrected_type", *OTHER_NAMES["corrected_type"]))),
    "region": frozenset({*BOX_KEYS, "candidate"}),
}
"""Keys of a value, as `squashed` writes them."""


def place_of_value(text: str, attribute: Attribute) -> tuple[int, int] | None:
    """Return the first character of a value and the one after its last; of text, without its quotes.

    None where it does not stand there as plain JSON. Of several answers the last counts, as in `parse_answer`; where a
    candidate's number and a box are given, the one that is not null.
    """
    places = [place for match in _KEY.finditer(text) if (place := _value_after(match, text, _KEYS[attribute]))]
    given = [place for place in places if text[slice(*place)] != "null"]
    found = given or places
    return found[-1] if found else None


_LISTED: dict[Attribute, frozenset[str]] = {
    "span": frozenset({"entity"}),
    "type": frozenset({"type"}),
    "region": frozenset(BOX_KEYS),
}
"""Keys of a value of an entity in a list."""


def places_in_list(text: str, attribute: Attribute) -> list[tuple[int, int]]:
    """Return the places of an attribute of the entities of a list, as `place_of_value` does, in order."""
    return [place for match in _KEY.finditer(text) if (place := _value_after(match, text, _LISTED[attribute]))]


def _value_after(match: re.Match[str], text: str, keys: frozenset[str]) -> tuple[int, int] | None:
    if squashed(match[1]) not in keys:
        return None
    start = match.end()
    try:
        value, stop = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return (start + 1, stop - 1) if isinstance(value, str) and value else (start, stop)
