"""Reads answers that name their keys without being JSON: a key a line, as in YAML and Markdown, or a key a tag.

Small models write so where a server holds them to no format, and so do models that were trained on tags. The keys are
those of the prompt, only the braces are missing. What is not under its own key is not read.
"""

import re
from collections.abc import Collection

REASONING = "reasoning_process"

_MARKS = r"[ \t*_#`\"'+-]*"
"""What Markdown, YAML and JSON write around a key; a line that is quoted is somebody else's."""

_COLON = r"[:：](?:\*\*|__|`)?"
"""With the end of bold type that began before the key."""

_END = re.compile(r"[\s`*_]*(?:</\w+>[\s`]*)*")
"""What may stand behind the last value: the end of a fence, of bold type, of tags around all."""

_BLOCK = re.compile(r"[|>][+-]?")
"""In YAML it says that the value is below."""

Value = tuple[str, int]
"""A value, and where it ends."""


def named_values(text: str, keys: Collection[str]) -> dict[str, str]:
    """Return the value of each key that a text names, as it is written, without quotes; with the reasoning.

    None of a key that is named with two values, or if the text goes on behind the last one: then a key may be quoted,
    and which is meant would be a guess.

    Args:
        text: without braces and thoughts.
        keys: of the kind of answer.
    """
    reasons = _in_tags(text, REASONING)
    answered = re.sub(rf"<{_pattern(REASONING)}>.*?</{_pattern(REASONING)}>", "", text, flags=re.DOTALL | re.I)
    named = {key: _values(answered, key) for key in keys}
    found = {key: values for key, values in named.items() if len({value for value, _ in values}) == 1}
    end = max((end for values in found.values() for _, end in values), default=0)
    if not found or not _END.fullmatch(answered, end):
        return {}
    reasons = reasons or _in_front(answered, keys)
    return {key: values[0][0] for key, values in found.items()} | ({REASONING: reasons[0][0]} if reasons else {})


def _values(text: str, key: str) -> list[Value]:
    lines = re.finditer(rf"^{_MARKS}{_pattern(key)}{_MARKS}{_COLON}(.*)$", text, re.MULTILINE | re.IGNORECASE)
    said = [*_in_tags(text, key), *((_bare(line[1]), line.end()) for line in lines)]
    return [(value, end) for value, end in said if value and not _is_half(value)]


def _is_half(value: str) -> bool:
    """Tell whether a value goes on below, or ends within its quotes."""
    return bool(_BLOCK.fullmatch(value)) or (value[0] in "\"'`" and value.count(value[0]) == 1)


def _in_tags(text: str, key: str) -> list[Value]:
    tags = re.finditer(rf"<{_pattern(key)}>(.*?)</{_pattern(key)}>", text, re.DOTALL | re.IGNORECASE)
    return [(_bare(tag[1]), tag.end()) for tag in tags]


def _in_front(text: str, keys: Collection[str]) -> list[Value]:
    """Return the reasoning that goes on to the line of the next key."""
    begins = rf"^{_MARKS}{_pattern(REASONING)}{_MARKS}{_COLON}"
    ends = rf"^{_MARKS}(?:{'|'.join(map(_pattern, keys))}){_MARKS}{_COLON}"
    found = re.finditer(rf"{begins}(.*?)(?={ends}|\Z)", text, re.DOTALL | re.M | re.I)
    return [(_bare(one[1]), one.end()) for one in found]


def _pattern(key: str) -> str:
    return key.replace("_", r"(?:\\?_|[ -])")  # Markdown escapes underscores


def _bare(value: str) -> str:
    """Strip blanks, a comma behind, and the quotes or the bold type around a value."""
    value = value.strip().removesuffix(",").rstrip()
    for mark in ("**", "*", "`", '"', "'"):
        inner = value[len(mark) : -len(mark)]
        if inner and value.startswith(mark) and value.endswith(mark) and mark not in inner:
            value = inner.strip()
    return value
