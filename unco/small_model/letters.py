"""Letters as they look: the "fonts" of social media are read as the plain letters that they imitate.

So are signs and letters that web pages and programs escape: `&amp;`, `&eacute;`, `&#233;`, also escaped twice.
"""

import re
import unicodedata
from functools import cache
from html import unescape
from html.entities import name2codepoint
from itertools import chain

_IGNORABLE = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""Source: Default_Ignorable_Code_Point in Unicode's DerivedCoreProperties.txt."""

_ANNOTATIONS, _BRAILLE_BLANK = "\ufff9\ufffa\ufffb", "\u2800"

INVISIBLE = frozenset(
    map(chr, chain(*(range(first, last + 1) for first, last in _IGNORABLE), map(ord, _ANNOTATIONS + _BRAILLE_BLANK)))
)
"""Characters without a shape of their own: soft hyphens, joiners, direction marks, variation selectors, flags' tags."""

FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters without a shape, which stand where a blank is not allowed, as in names of accounts."""

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

_HYPHENS = dict.fromkeys("\u2010\u2011\u2212\ufe63\uff0d", "-")
"""Hyphens that programs put in place of the plain one, not to break a line; dashes part words and are none."""

_DRAWN = _HYPHENS | _SMALL_CAPITALS | _WHITE_ON_BLACK | _APOSTROPHES | dict.fromkeys(FILLERS, " ")

_CYRILLIC = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408"
)
_GREEK = "\u03bf\u03bd\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
_ALIKE = dict(zip(_CYRILLIC + _GREEK, "aeopcyxsijABEKMHOPCTXSIJovABEZHIKMNOPTYX", strict=True))
"""Letters of other alphabets that look like Latin ones."""

_DOLLAR = re.compile(r"(?<=[^\W\d_])\$(?=[^\W\d_])")
"""It stands for an S, as in Ke$ha."""

_CYRILLIC_OR_GREEK = re.compile("[\u0370-\u052f]")

_FILL = "\u034f"
"""Stands for the rest of an escape: a mark without a shape, which belongs to the character before it."""

_FIRST = 0x180
"""Below it stand the letters of Western languages, ordinals and small numbers, which are left as they are."""


def plain_letters(text: str) -> str:
    """Replace each letter of a "font" by the plain one, and escapes by characters; each letter keeps its place."""
    text = _escape().sub(_in_its_place, text) if "&" in text else text
    return text if text.isascii() else "".join(map(_plain, text))


def is_seen(word: str) -> bool:
    """Tell whether a word has any shape."""
    return not INVISIBLE.issuperset(as_read(word).strip())


def as_read(word: str) -> str:
    """Return a word as it looks: plain letters with accents, nothing invisible between them or drawn over them.

    What a program has escaped, such as `&amp;` or `&eacute;`, is the character.
    """
    word = _escape().sub(_meaning, word) if "&" in word else word
    word = _DOLLAR.sub(lambda found: "S" if word.isupper() else "s", word) if "$" in word else word
    if word.isascii():
        return word
    seen = "".join(char for char in map(_spelled_out, word) if char not in INVISIBLE)
    return _DECORATIONS.sub("", unicodedata.normalize("NFC", _in_one_alphabet(seen))) or word


def _in_one_alphabet(word: str) -> str:
    """Replace letters that look like Latin ones in a word of Latin letters.

    A word with other letters of their alphabets, too, is of two languages, as a Russian one behind "IT-": all stay.
    """
    others = set(_CYRILLIC_OR_GREEK.findall(word))
    if not others or not others <= _ALIKE.keys() or not re.search("[a-zA-Z]", word):
        return word
    return "".join(_ALIKE.get(char, char) for char in word)


@cache
def _plain(char: str) -> str:
    if ord(char) < _FIRST:
        return char
    if char in _DRAWN:
        return _DRAWN[char]
    kind = unicodedata.decomposition(char)
    if not kind.startswith(_FONTS):
        return char
    plain = unicodedata.normalize("NFKC", char)
    is_item = plain.isdigit() and kind.startswith("<circle>")  # the number of a list's item is no letter
    return plain if len(plain) == 1 and plain.isalnum() and not is_item else char


@cache
def _spelled_out(char: str) -> str:
    """Return a letter as `_plain` does, a ligature of PDF files as its letters, a wide sign as the plain one."""
    kind, plain = unicodedata.decomposition(char), unicodedata.normalize("NFKC", char)
    is_ligature = kind.startswith("<compat>") and len(plain) > 1 and plain.isalpha()
    return plain if is_ligature or kind.startswith(("<wide>", "<small>")) else _plain(char)


@cache
def _escape() -> re.Pattern[str]:
    names = "|".join(sorted((*name2codepoint, "apos")))
    return re.compile(rf"&(?:amp;)*({names}|#\d{{1,7}}|#[xX][\da-fA-F]{{1,6}});")


def _meaning(escape: re.Match[str]) -> str:
    """Return the character of an escape; the escape itself, where its number is that of a control character."""
    meaning = unescape(f"&{escape[1]};")
    return meaning if len(meaning) == 1 else escape[0]


def _in_its_place(escape: re.Match[str]) -> str:
    """Return the character of an escape with as many others as the escape is longer, so that what follows stays."""
    meaning, length = _meaning(escape), len(escape[0])
    if len(meaning) == length:
        return meaning
    return meaning * length if meaning in INVISIBLE or meaning.isspace() else meaning + _FILL * (length - 1)
