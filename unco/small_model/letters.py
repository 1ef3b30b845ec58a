"""Letters as they look: the "fonts" of social media are read as the plain letters that they imitate."""

import re
import unicodedata
from functools import cache
from html import unescape

INVISIBLE = frozenset(
    "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2800\ufeff"
    + "".join(map(chr, (*range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE01F0))))
)
"""Characters without a shape of their own: soft hyphens, joiners, direction marks, variation selectors, flags' tags."""

_DECORATIONS = re.compile("[\u0300-\u036f\u20d0-\u20ff]+")
"""Marks over, under and through letters; one that is left after an accent is put together with its letter is a line
drawn through or under it, or a pile of marks."""

_FONTS = ("<font>", "<circle>", "<square>", "<wide>", "<super>", "<sub>", "<compat>")
"""Kinds of Unicode decomposition that change how a letter is drawn; source: Unicode Standard Annex 44, table 14."""

_SMALL = (
    "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274"
    "\u1d0f\u1d18\u01eb\u0280\ua731\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22"
)
_SMALL_CAPITALS = dict(zip(_SMALL, "abcdefghijklmnopqrstuvwyz", strict=True))
"""Small capitals, which Unicode counts as letters of their own; they stand for small letters."""

_APOSTROPHES = dict.fromkeys("\u02bb\u02bc\u02bd", "'")
"""Apostrophes that Unicode counts as letters."""

_WHITE_ON_BLACK = {chr(first + place): chr(ord("A") + place) for first in (0x1F150, 0x1F170) for place in range(26)}
"""Letters in black circles and squares, which Unicode counts as signs."""

_DRAWN = _SMALL_CAPITALS | _WHITE_ON_BLACK | _APOSTROPHES

_FIRST = 0x180
"""Below it stand the letters of Western languages, ordinals and small numbers, which are left as they are."""


def plain_letters(text: str) -> str:
    """Replace each letter of a "font" by the plain one, a character for a character; all else stays."""
    return text if text.isascii() else "".join(map(_plain, text))


def is_seen(word: str) -> bool:
    """Tell whether a word has any shape; blanks may be written as `&nbsp;`."""
    return not INVISIBLE.issuperset(as_read(word).strip())


def as_read(word: str) -> str:
    """Return a word as it looks: plain letters with accents, nothing invisible between them or drawn over them.

    A sign that a program has escaped, such as `&amp;`, is the sign.
    """
    word = unescape(word) if word[:1] == "&" and word[-1:] == ";" else word
    if word.isascii():
        return word
    seen = "".join(char for char in plain_letters(word) if char not in INVISIBLE)
    return _DECORATIONS.sub("", unicodedata.normalize("NFC", seen)) or word


@cache
def _plain(char: str) -> str:
    if ord(char) < _FIRST:
        return char
    if char in _DRAWN:
        return _DRAWN[char]
    if not unicodedata.decomposition(char).startswith(_FONTS):
        return char
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 and plain.isalnum() else char
