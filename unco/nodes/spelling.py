"""Ways to compare an answer's words with those of the post or of a label, the strictest first.

A model types plain quotes where the post has curly ones, escapes what it puts into JSON or HTML, adds markup and full
stops, and writes "sports team" for sports_team. Each way forgives more than the one before; the loose ones may count
only where a single label or place is left.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html.entities import html5

from unco.small_model.letters import INVISIBLE

_QUOTES = dict.fromkeys(
    map(ord, "\u2018\u2019\u201a\u201b\u2032\u2035\u02bb\u02bc\u02b9\u00b4\u0060\uff07\u275b\u275c"), "'"
)
_DOUBLE = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u275d\u275e\u301d\u301e\u02ba"), '"')
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u02d7\ufe58\ufe63\uff0d"), "-")
_SIGNS = _QUOTES | _DOUBLE | _DASHES
_TRADE_MARKS = dict.fromkeys(map(ord, "\u2122\u00ae\u00a9\u2120"))

_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_UNICODE_ESCAPE = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_BLANK_ESCAPE = re.compile(r"\\[nrt]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,60}>|<\|\w{1,30}\|>")
"""Markup, and the signs that end a model's turn, as <|im_end|>."""
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()]{0,300}\)")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One way to compare."""

    answer: Callable[[str], str]
    """Normalizes the answer."""
    token: Callable[[str], str]
    """Normalizes a token; those of a span are joined."""


def without_whitespace(text: str) -> str:
    """Remove whitespace, which tokens lack."""
    return "".join(text.split())


def without_invisible(text: str) -> str:
    """Remove whitespace and invisible characters, which tokens may lack and a model may leave out."""
    return "".join(char for char in without_whitespace(text) if char not in INVISIBLE)


def composed(text: str) -> str:
    """Compose letters with their accents (NFC), which look the same either way."""
    return unicodedata.normalize("NFC", without_invisible(text))


def caseless(text: str) -> str:
    """Fold case."""
    return without_invisible(text).casefold()


def plain_signs(text: str) -> str:
    """Fold case, compatibility forms (NFKC: full-width, bold, ligatures), and typographic quotes and dashes."""
    if text.isascii():
        return without_whitespace(text).replace("`", "'").casefold()
    folded = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    seen = (char for char in folded if unicodedata.category(char) != "Cf" and char not in INVISIBLE)
    return unicodedata.normalize("NFC", "".join("".join(seen).split()).casefold())


def letters(text: str) -> str:
    """Keep letters, digits and symbols alone: no punctuation, separators, accents or trade marks."""
    if text.isalnum() and text.isascii():
        return text.casefold()
    apart = unicodedata.normalize("NFKD", plain_signs(text.translate(_TRADE_MARKS)))
    return unicodedata.normalize("NFC", "".join(char for char in apart if not _is_separator(char)))


def _is_separator(char: str) -> bool:
    """Return whether a character only separates, or is an accent of a Latin, Greek or Cyrillic letter."""
    category = unicodedata.category(char)
    return category[0] in "PZC" or category == "Sk" or "\u0300" <= char <= "\u036f"


def unescaped(text: str) -> str:
    r"""Undo the escapes of HTML, up to twice, and those that JSON kept: &amp;, &amp;amp;, \u2019, \"."""
    text = _UNICODE_ESCAPE.sub(_decoded, text)
    text = re.sub(r"\\([\"'/\\])", r"\1", _BLANK_ESCAPE.sub(" ", text))
    return _ENTITY.sub(_unescaped_entity, _ENTITY.sub(_unescaped_entity, text))


def _unescaped_entity(match: re.Match[str]) -> str:
    """Unescape an entity that HTML has; html.unescape alone would read &nothing; as a sign and a rest."""
    return html.unescape(match[0]) if match[0][1] == "#" or match[0][1:] in html5 else match[0]


def _decoded(match: re.Match[str]) -> str:
    units = bytes.fromhex(match[0].replace("\\u", ""))
    return units.decode("utf-16-be", "replace")


def unwrapped(text: str) -> str:
    """Take off escapes, tags, links, and signs around the words.

    One tag and nothing else holds the words: the prompts write "<...>" where a value goes, and so do models.
    """
    text = unescaped(text).strip()
    is_placeholder = _TAG.fullmatch(text) is not None and not text.startswith("<|")
    text = _LINK.sub(r"\1", text if is_placeholder else _TAG.sub("", text))
    start, stop = 0, len(text)
    while start < stop and _wraps(text[start]):
        start += 1
    while stop > start and _wraps(text[stop - 1]):
        stop -= 1
    return text[start:stop]


def _wraps(char: str) -> bool:
    return unicodedata.category(char)[0] in "PZC" or char in "`^~|<>="


def unescaped_tokens(tokens: Sequence[str]) -> list[str]:
    """Undo escapes in tokens, also where one was split: &, amp, ; become & and two empty ones."""
    plain = [unescaped(token) for token in tokens]
    for start in (index for index, token in enumerate(tokens) if token == "&"):
        for stop in range(start + 3, start + 6):
            whole = "".join(tokens[start:stop])
            if _ENTITY.fullmatch(whole) and (sign := unescaped(whole)) != whole:
                plain[start:stop] = [sign, *[""] * (min(stop, len(tokens)) - start - 1)]
                break
    return plain


EXACT = tuple(Comparison(way, way) for way in (without_whitespace, without_invisible, composed))
"""Ways under which the words are the same."""

BY_CASE = Comparison(caseless, caseless)
"""Of several places the nearest counts."""

LOOSE = (
    Comparison(plain_signs, plain_signs),
    Comparison(lambda answer: plain_signs(unwrapped(answer)), plain_signs),
    Comparison(lambda answer: letters(unwrapped(answer)), letters),
)
"""Ways that count only where one place or label is left."""
