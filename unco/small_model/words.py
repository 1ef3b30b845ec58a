"""Splitting of text into words with offsets, and of words into word pieces with the casing that lower-casing loses."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from itertools import chain

from tokenizers import Tokenizer

from unco.errors import SetupError
from unco.small_model.letters import as_read, is_seen, plain_letters

JOINERS = (
    "\u00ad\u061c\u180e\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Invisible characters that may stand inside a word; those that are marks may anyway."""
NO_BLANKS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3040-\u312f\u31f0-\u31ff\uff66-\uff9f"  # Japanese
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Japanese, Chinese
)
"""Writing without blanks between words: each letter is a word, so that any name can be pointed at."""
ITEM_NUMBERS = "\u2460-\u249b\u24ea-\u24ff\u2776-\u2793"
"""Numbers in circles, brackets or with stops, as before the items of a list: no part of the name behind them."""
OTHER_WRITING = (
    "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u0900-\u0dff"  # Hebrew, Arabic, the writings of India
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Korean
)
"""Writing that shares no word with Latin letters: its endings and articles are put to a Latin name without a blank."""
CONNECTORS = (
    "-",  # wi-fi
    r"(?<=[^\W\d_])\$(?=[^\W\d_])",  # A$AP
    r"(?<=\d)[.,:/](?=\d)",  # 3.5, 1,000, 10:30, 11/22/1963
    r"(?<=\b[^\W\d_])\.(?=[^\W\d_]\b)",  # U.S.A
    r"\.(?=(?:ai|app|biz|co|com|de|dev|edu|eu|fr|gov|info|io|js|ly|me|net|org|py|tv|uk|us)\b)",  # example.com, node.js
    r"(?<=\b\w)/(?=\w{1,2}\b)|(?<=\b\w\w)/(?=\w{1,2}\b)",  # AC/DC, w/o
)
"""What holds a word together; elsewhere these signs part two words, also without a blank."""
CHUNK = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|_+|[^A-Za-z\d_]+")
PIECES_PER_WORD = 24
"""Of a longer word the first 24 pieces are read."""
LONGEST_WORD = 4096
"""Characters of a word that is not split which the tokenizer is given: more than those 24 pieces have."""


class Shape(IntEnum):
    """Casing of a chunk of a word, which an uncased tokenizer cannot see."""

    OTHER = 0
    LOWER = 1
    TITLE = 2
    UPPER = 3
    SINGLE_UPPER = 4
    DIGITS = 5


class Prefix(IntEnum):
    """The sign before a word: hash tags and handles are split from theirs."""

    NONE = 0
    HASH = 1
    AT = 2


class Casing(IntEnum):
    """Casing of a whole post: in an all-capitals post, capitals mean little."""

    MIXED = 0
    LOWER = 1
    UPPER = 2
    TITLE = 3


@dataclass(frozen=True, slots=True)
class Pieces:
    """Word pieces of a post with their casing, without the tokenizer's begin and end pieces."""

    ids: tuple[int, ...]
    word: tuple[int, ...]
    """Index of the word that each piece belongs to."""
    shape: tuple[int, ...]
    prefix: tuple[int, ...]
    casing: int
    """Of the whole post."""


def split_words(text: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Split a text into words and their (start, stop) characters; whitespace and invisible characters are no words.

    Words that are written without a blank between them ("NASA.We", "Ronaldo,Messi") are words of their own.
    """
    found = [match for match in _word_pattern().finditer(plain_letters(text)) if is_seen(match.group())]
    spans = tuple(match.span() for match in found)
    return tuple(text[start:stop] for start, stop in spans), spans


@cache
def _word_pattern() -> re.Pattern[str]:
    link_begins, link = _links()
    alone = f"{NO_BLANKS}{ITEM_NUMBERS}"
    mixed = _letters(rf"(?!{link_begins})(?![{alone}{OTHER_WRITING}])\w")
    other_writing = _letters(rf"(?=[{OTHER_WRITING}])\w")
    letters = f"(?:{mixed}|{other_writing})"
    word = rf"{letters}(?:(?:{'|'.join(CONNECTORS)}){letters})*"
    cashtag = rf"(?<=\$){letters}(?=\$)"  # $TSLA$AAPL
    sign = rf"[{alone}][{_marks()}]*"
    other = r"(?:_\u034f*)+|[^\w\s]\u034f*"  # anything else stands alone: # @ ' ! and each emoji
    return re.compile(f"{link}|{cashtag}|{word}|{sign}|{other}")


def _links() -> tuple[str, str]:
    """Return two patterns: of a link's beginning, which is enough to tell one, and of a whole link, which is one word.

    Programs leave out the blank before a link, and writings without blanks the one behind it.
    """
    signs = r"\"\u201c\u201d\u00ab\u00bb`{}|\\^\u2026\u2190-\u2bff\u3000-\u303f\uff00-\uff65\U0001f000-\U0001faff"
    outside = rf"\s()<>{signs}\u200b{JOINERS}"
    inside = f"[^{outside}{NO_BLANKS}]"
    host = rf"(?:[^{outside}./:]+\.)*"  # up to its last stop, also in writing without blanks
    begin = rf"(?:[hH][tT][tT][pP][sS]?://|pic\.twitter\.com/){host}{inside}"
    return begin, rf"{begin}(?:{inside}|\({inside}*\))*"


def _letters(letter: str) -> str:
    """Return the pattern of a run of letters of one kind, with their marks and what is hidden between them."""
    hidden = rf"[{JOINERS}]+(?={letter})|\u200b+(?=[a-z])"
    # _Oslo_ is Markdown for Oslo in italics
    return rf"(?!_){letter}(?:{letter}|[{_marks()}]|{hidden})*(?<!_)"


@cache
def _marks() -> str:
    """Return combining marks below U+FE00 as a character class: an accent belongs to the letter before it."""
    scripts = (range(0x300, 0x3100), range(0xA66F, 0xAC00), (0xFB1E,))  # the large ones between them have no marks
    return "".join(chr(code) for code in chain(*scripts) if unicodedata.category(chr(code)).startswith("M"))


def split_chunks(word: str) -> list[str]:
    """Split a word at its capitals, digits and underscores: camelCase, as in hash tags and handles, becomes words."""
    cased = word if word.isascii() else "".join(map(_case, word))
    return [word[found.start() : found.end()] for found in CHUNK.finditer(cased)] or [word]


def _case(char: str) -> str:
    """Stand in for a letter of any alphabet by one of the same case, for `CHUNK`."""
    if char.isascii():
        return char
    return "a" if char.islower() else "A" if char.isupper() or char.istitle() else char


def chunk_shape(chunk: str) -> Shape:
    """Classify the casing of one chunk."""
    if chunk.isdigit():
        return Shape.DIGITS
    if chunk.islower():
        return Shape.LOWER
    if chunk.isupper():
        return Shape.SINGLE_UPPER if len(chunk) == 1 else Shape.UPPER
    return Shape.TITLE if chunk.istitle() else Shape.OTHER


def post_casing(words: Sequence[str]) -> Casing:
    """Classify a post's casing: that of at least 4 in 5 of the words with letters, else mixed."""
    lettered = [word for word in words if word[:1].isalpha()]
    for casing, test in ((Casing.LOWER, str.islower), (Casing.UPPER, str.isupper), (Casing.TITLE, _starts_upper)):
        if len(lettered) >= 3 and sum(map(test, lettered)) >= 0.8 * len(lettered):
            return casing
    return Casing.MIXED


def _starts_upper(word: str) -> bool:
    return word[0].isupper()


@lru_cache(maxsize=128)
def word_pieces(words: tuple[str, ...], tokenizer: Tokenizer, whole_words: bool = False) -> Pieces:
    """Tokenize words; camelCase, digits and underscores are split first, so that a hash tag becomes its words.

    A word for which the tokenizer has no piece (a lone zero-width character, say) becomes one unknown piece; of a word
    of more than 24 pieces the first 24 are read. A batch of posts is cut, then read, so the last pieces are kept.
    With `whole_words` no word is split first and all letters stay, so that the pieces are those of the whole text.
    """
    words = tuple(word[:LONGEST_WORD] if whole_words else as_read(word) for word in words)
    chunks = [[word] if whole_words else split_chunks(word)[:PIECES_PER_WORD] for word in words]  # each has a piece
    flat = [chunk for word in chunks for chunk in word]
    space = leading_space(tokenizer)
    encoded = iter(tokenizer.encode_batch([space + chunk for chunk in flat], add_special_tokens=False))
    unknown = _special(tokenizer, "[UNK]", "<unk>")
    ids: list[int] = []
    owner: list[int] = []
    shapes: list[int] = []
    for index, word in enumerate(chunks):
        # Once for each chunk, not for each piece: a chunk may be very long.
        shaped = [(chunk_shape(chunk), next(encoded).ids) for chunk in word]
        pieces = [(piece, shape) for shape, found in shaped for piece in found]
        for piece, shape in (pieces or [(unknown, Shape.OTHER)])[:PIECES_PER_WORD]:
            ids.append(piece)
            owner.append(index)
            shapes.append(shape)
    prefixes = [_prefix(words, index) for index in owner]
    return Pieces(tuple(ids), tuple(owner), tuple(shapes), tuple(prefixes), post_casing(words))


def marks(tokenizer: Tokenizer) -> tuple[int, int]:
    """Return the pieces that stand before and after a text: BERT's or RoBERTa's and BART's; T5 has only the second."""
    begin = _special(tokenizer, "[CLS]", "<s>", "<pad>", "[PAD]")
    return begin, _special(tokenizer, "[SEP]", "</s>")


def _special(tokenizer: Tokenizer, *names: str) -> int:
    found = (tokenizer.token_to_id(name) for name in names)
    piece: int | None = next((piece for piece in found if piece is not None), None)
    if piece is None:
        raise SetupError(f"the tokenizer has none of the pieces {', '.join(names)}: it belongs to no known encoder")
    return piece


@lru_cache(maxsize=8)
def leading_space(tokenizer: Tokenizer) -> str:
    """Return the space that byte-level tokenizers expect before a word inside a text; empty for other tokenizers."""
    bare, spaced = (tokenizer.encode(text, add_special_tokens=False).ids for text in ("a", " a"))
    return "" if bare == spaced else " "


def _prefix(words: Sequence[str], index: int) -> Prefix:
    sign = words[index - 1] if index else ""
    return {"#": Prefix.HASH, "@": Prefix.AT}.get(sign, Prefix.NONE)
