"""Keeps data inside its place in a prompt: a marker or a section header in it is spoilt, however it is spelt.

Values are compared on a copy in which compatibility forms (NFKD), invisible characters and look-alike letters are
folded to plain ones; what is sent keeps every character but the first of a forged marker.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

NEUTRAL = "\u2039"
"""What stands for the `<` or `[` of a marker that came with the data."""

_ANGLES = "\u02c2\u1438\u276c\u2770\u27e8\u29fc\u2329\u3008\u227a\U0001f858"
_SLASHES = "\\\u2215\u2044\u29f8\u29f5\u2571\u2572\u2afd\u1735\u3033"
_BRACKETS = "\u27e6\u3010\u3014\u3016\u301a\u2772\u298b\uff3b"
_FILLERS = "\u115f\u1160\u2800\ufffc\ufffd"
"""Blank characters that are no format characters by their category."""

_LOOK_ALIKES = {
    **dict.fromkeys(_ANGLES, "<"),
    **dict.fromkeys(_SLASHES, "/"),
    **dict.fromkeys(_BRACKETS, "["),
    **dict.fromkeys("\u27e7\u3011\u3015\u3017\u301b\u2773\u298c", "]"),
    **dict(zip("авекмнорстухіјѕһԁԛԝгпԍҽь", "abekmhopctyxijshdqwrngeb", strict=True)),
    **dict(zip("αβγεζηικνορτυχωϲϳΥΗΝ", "abyeznikvoptuxwcjyhn", strict=True)),
    **dict(zip("սօհցլքյոԁթ", "uohgiqjndp", strict=True)),
    **dict(zip("ᎪᏴᏟᎠᎬᏀᎻᏆᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᎩᏃ", "abcdeghijklmprstvwyz", strict=True)),
    **dict(zip("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "abcdefghijklmnoprstuvwxyz", strict=True)),  # pragma: allowlist secret
    **dict(zip("ıȷɑꞵᴄℓɡǀ", "ijabclgl", strict=True)),
}
"""Look-alikes of plain signs and letters, from Unicode's confusables.txt: Cyrillic, Greek, Armenian, Cherokee, Lisu."""

COMMON_HEADERS = ("Role", "Action", "Output format", "Entity types", "System", "User", "Assistant", "Instructions")
"""Section headers that no value may write, whether a prompt has them or not."""

_LETTER_NAME = re.compile(
    r"(?:LETTER|SYMBOL)(?: LETTER)?(?: SMALL CAPITAL| SMALL| CAPITAL)*(?: LETTER)? ([A-Z])(?: WITH .*)?$"
)


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """Fold one character: to a plain letter or sign, or to nothing where it is invisible."""
    if char.isspace():
        return " "
    folded = []
    for part in unicodedata.normalize("NFKD", char):
        if unicodedata.category(part) in ("Cf", "Cc", "Mn", "Me", "Cn", "Co") or part in _FILLERS:
            continue
        lower = part.casefold()
        folded.append(_LOOK_ALIKES.get(part) or _LOOK_ALIKES.get(lower) or _by_name(part) or lower)
    return "".join(folded)


def _by_name(char: str) -> str:
    """Return the Latin letter that a character's name says it is a form of: small capitals, letters in squares."""
    if char.isascii():
        return ""
    name = unicodedata.name(char, "")
    found = _LETTER_NAME.search(name) if "LATIN" in name or "REGIONAL" in name else None
    return found[1].lower() if found else ""


def _folded(text: str) -> tuple[str, list[int]]:
    """Fold a text; returns it with the place in the original of each of its characters."""
    pieces = [_plain(char) for char in text]
    places = [place for place, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), places


def without_markers(text: str, markers: Iterable[str]) -> str:
    """Spoil the markers in a text, such as `</post>`, by the names in them."""
    return _spoilt(text, _marker(tuple(markers)))


def without_headers(text: str, headers: Iterable[str]) -> str:
    """Spoil the section headers in a text, such as `[Role]`, by the names in them; common ones too."""
    return _spoilt(text, _header((*COMMON_HEADERS, *headers)))


def headers_of(*templates: str) -> tuple[str, ...]:
    """Find the section headers of templates: lines in square brackets."""
    return tuple(dict.fromkeys(name for text in templates for name in re.findall(r"(?m)^\[([^\[\]\n]+)\]$", text)))


def _spoilt(text: str, pattern: re.Pattern[str]) -> str:
    if text.isascii() and not any(sign in text for sign in "<&\\["):
        return text
    folded, places = _folded(text)
    starts = {places[match.start()] for match in pattern.finditer(folded)}
    return "".join(NEUTRAL if place in starts else char for place, char in enumerate(text)) if starts else text


@cache
def _marker(names: tuple[str, ...]) -> re.Pattern[str]:
    """Compile a pattern for the beginning of a marker in a folded text, also of one that is escaped as HTML or JSON."""
    opening = r"(?:<|&lt;?|&#0*60;?|&#x0*3c;?|/u003c)"
    return re.compile(rf"{opening}(?=[\s/]*(?:{_any_of(names)})\b)")


@cache
def _header(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\[(?=\s*(?:{_any_of(names)})\s*(?:[\]>)}}]|$))")


def _any_of(names: tuple[str, ...]) -> str:
    """Build a pattern for any of some names, with blanks between their letters or not."""
    spelt = [r"\s*".join(map(re.escape, "".join(name.split()).casefold())) for name in names]
    return "|".join(spelt) or r"(?!)"
