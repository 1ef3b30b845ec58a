"""Reads the facts out of what a search tool answers, in the forms that tools write them."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from unco.tools.llm.checks.whole_characters import replace_lone_surrogates
from unco.tools.search.search import MAX_FACT_CHARS, MAX_FACTS

_NAMES = ("title", "name", "label", "heading")
_TEXTS = ("description", "snippet", "summary", "extract", "abstract", "content", "text", "body")
_LISTS = ("results", "result", "items", "hits", "data", "search", "documents", "pages")
_MAX_JSON, _MAX_READ = 5_000_000, 100_000
"""Characters of an answer that are read as JSON, and as words: many times what is quoted."""

_MAX_READ_OF_ONE = 10 * MAX_FACT_CHARS
"""Characters of a result that are looked at, white space among them."""

_MAX_ITEMS = 50
"""Results of an answer that are looked at."""


def facts_in(texts: Iterable[str], structured: Any = None) -> tuple[str, ...]:
    """Return up to three facts, each on one line and of 400 characters at most.

    Args:
        texts: blocks of text: JSON, or words with a blank line between two results.
        structured: the same as a value, which counts first; None = there is none.
    """
    found = list(_in_value(structured))
    for text in texts if not found else ():
        found += _in_text(text)
    lines = (" ".join(_printable(fact[:_MAX_READ_OF_ONE]).split())[:MAX_FACT_CHARS].strip() for fact in found)
    return tuple(dict.fromkeys(filter(None, lines)))[:MAX_FACTS]


def written_facts(facts: Sequence[str]) -> str:
    """Write facts as the text of a reply, for cache and recording."""
    return json.dumps(list(facts), ensure_ascii=False)


def read_facts(text: str) -> tuple[str, ...]:
    """Read the text of a reply; one that somebody wrote by hand may be plain words."""
    return facts_in([text])


def _in_text(text: str) -> Iterator[str]:
    try:
        value = json.loads(text[:_MAX_JSON])
    except (ValueError, RecursionError):
        yield from re.split(r"\n\s*\n", text[:_MAX_READ])
    else:
        yield from _in_value(value)


def _in_value(value: Any) -> Iterator[str]:
    """Yield the facts of a list, of the list inside an object, or of an object that is one fact."""
    match value:
        case str():
            yield value
        case [*items]:
            for item in items[:_MAX_ITEMS]:
                yield from _in_value(item) if isinstance(item, str) else _in_item(item)
        case {**fields}:
            inner = next((fields[name] for name in _LISTS if isinstance(fields.get(name), list | str)), None)
            yield from _in_item(value) if inner is None else _in_value(inner)


def _in_item(item: Any) -> Iterator[str]:
    """Yield one result: its name and what is said of it, else all of it as JSON."""
    if not isinstance(item, dict) or not item:
        return
    parts = [_first(item, _NAMES), _first(item, _TEXTS)]
    with suppress(ValueError, RecursionError):  # nested too deeply to be a fact
        yield ": ".join(filter(None, parts)) or json.dumps(item, ensure_ascii=False, default=str)


def _first(item: dict[str, Any], names: Iterable[str]) -> str:
    return next((item[name] for name in names if isinstance(item.get(name), str) and item[name].strip()), "")


def _printable(text: str) -> str:
    """Replace what is neither a letter, a sign nor white space, such as control characters."""
    return "".join(char if char.isprintable() or char.isspace() else " " for char in replace_lone_surrogates(text))
