"""Says in plain words why a post cannot be read."""

from pydantic import ValidationError

_UNKNOWN = "extra_forbidden"
_IN_WORDS = {
    ("text", "missing"): "there is no `text`",
    ("image", "string_type"): "image is no text: name one picture by its path or address, or hand it in as base64",
} | dict.fromkeys(
    (("text", "string_type"), ("text", "list_type")), "text is neither a text nor a list of tokens, which are texts"
)
"""What pydantic says in its own words, by field and kind of fault."""


def message_of(error: Exception) -> str:
    """Say why a post cannot be read, in one line."""
    words = _in_words(error) if isinstance(error, ValidationError) else str(error)
    return " ".join(words.split())


def _in_words(error: ValidationError) -> str:
    """Say what is wrong with the fields of a post."""
    faults = [(_shown(str(fault["loc"][0])), fault["type"], fault["msg"]) for fault in error.errors()]
    found = [_IN_WORDS.get((name, kind), f"{name}: {words}") for name, kind, words in faults if kind != _UNKNOWN]
    if unknown := ", ".join(name for name, kind, _ in faults if kind == _UNKNOWN):
        found.append(f"leave out what is no field of a post: {unknown[:200]}")
    return "; ".join(dict.fromkeys(found))


def _shown(name: str) -> str:
    """Return a field's name as it can be read: one of blanks or of odd letters in quotes."""
    return name if name.strip() and name.isprintable() else ascii(name)
