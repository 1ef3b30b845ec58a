"""Reads answers that name their keys without being JSON: a key a line, as in YAML and Markdown, or a key a tag.

Small models write so where a server holds them to no format, and so do models that were trained on tags. The keys are
those of the prompt, only the braces are missing. What is not under its own key is not read.
"""

import re
from collections.abc import Collection

REASONING = "reasoning_process"

_MARKS = r"[ \t>*_#`\"'+-]*"
"""What Markdown, YAML and JSON write around a key."""

_COLON = r"[:：](?:\*\*|__|`)?"
"""With the end of bold type that began before the key."""


def named_values(text: str, keys: Collection[str]) -> dict[str, str]:
    """Return the value of each key that a text names, as it is written, without quotes; with the reasoning.

    None of a key that is named twice: which of the two is meant would be a guess.

    Args:
        text: without braces.
        keys: of the kind of answer.
    """
    found = {key: values[0] for key in keys if len(values := _values(text, key)) == 1}
    if found and (reasons := _in_tags(text, REASONING) or _in_front(text, keys)):
        found[REASONING] = reasons[0]
    return found


def _values(text: str, key: str) -> list[str]:
    if tagged := _in_tags(text, key):
        return tagged
    lines = re.findall(rf"^{_MARKS}{_pattern(key)}{_MARKS}{_COLON}(.*)$", text, re.MULTILINE | re.IGNORECASE)
    return list(filter(None, map(_bare, lines)))


def _in_tags(text: str, key: str) -> list[str]:
    name = _pattern(key)
    return [_bare(value) for value in re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL | re.IGNORECASE)]


def _in_front(text: str, keys: Collection[str]) -> list[str]:
    """Return the reasoning that goes on to the line of the next key."""
    begins = rf"^{_MARKS}{_pattern(REASONING)}{_MARKS}{_COLON}"
    ends = rf"^{_MARKS}(?:{'|'.join(map(_pattern, keys))}){_MARKS}{_COLON}"
    return [_bare(value) for value in re.findall(rf"{begins}(.*?)(?={ends}|\Z)", text, re.DOTALL | re.M | re.I)]


def _pattern(key: str) -> str:
    return key.replace("_", "[_ ]")


def _bare(value: str) -> str:
    """Strip blanks, a comma behind, and the quotes or the bold type around a value."""
    value = value.strip().removesuffix(",").rstrip()
    for mark in ("**", "*", "`", '"', "'"):
        if len(value) > 2 * len(mark) and value.startswith(mark) and value.endswith(mark):
            value = value[len(mark) : -len(mark)].strip()
    return value
