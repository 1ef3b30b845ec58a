"""The line breaks of a text, as signs that the small model can read: it was trained on posts of one line.

Without them, names that stand one below the other are one name. A sign takes no part in a result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from unco.tools.extraction.text import read_text
from unco.types import Span

ITEM, STOP = ",", "."

SHORT = 4
"""Words of the longest line that may be an item of a list."""

NARROW = 20
"""Characters; a text whose longest line is shorter was not broken to fit a width."""

FILLED = 0.8
"""Share of the longest line up to which a line that was broken to fit is filled, at least."""


@dataclass(frozen=True, slots=True)
class PostWords:
    """A post's text, split into words, and what the small model reads."""

    text: str
    tokens: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]
    """(start, stop) characters of each token."""
    read: tuple[str, ...]
    """The tokens, and signs between them."""
    place: tuple[int, ...]
    """Of each word that is read, index of its token; of a sign, of the token before it."""

    def span_of(self, found: Span) -> Span | None:
        """Give the tokens of a span of what is read; None = it is a sign alone."""
        begins_with_sign = found.start > 0 and self.place[found.start - 1] == self.place[found.start]
        start, stop = self.place[found.start] + begins_with_sign, self.place[found.stop - 1] + 1
        return Span(start, stop) if start < stop else None


@dataclass(frozen=True, slots=True)
class _Line:
    first: int
    """Index of its first word."""
    stop: int
    """Index after its last word."""
    size: int
    """Characters."""
    before_blank: bool
    """Whether a blank line comes next."""


def post_words(text: str | tuple[str, ...]) -> PostWords:
    """Split a text into words, and add a sign where a line ends on purpose: a comma in a list, else a full stop.

    A line that ends with a sign has none added, nor has a text that was broken to fit a width: there, a line ends where
    no further word would fit.

    Raises:
        PostError: as of `read_text`.
    """
    whole, tokens, offsets = read_text(text)
    signs = dict(_signs(list(_lines(whole, offsets)), tokens, offsets))
    parts = [(index, (token, signs[index]) if index in signs else (token,)) for index, token in enumerate(tokens)]
    read = tuple(word for _, words in parts for word in words)
    return PostWords(whole, tokens, offsets, read, tuple(index for index, words in parts for _ in words))


def _lines(text: str, offsets: Sequence[tuple[int, int]]) -> Iterator[_Line]:
    first = 0
    for index, ((_, stop), (start, _)) in enumerate(pairwise(offsets), 1):
        breaks = len(f"_{text[stop:start]}_".splitlines()) - 1
        if breaks:
            yield _Line(first, index, stop - offsets[first][0], breaks > 1)
            first = index
    yield _Line(first, len(offsets), offsets[-1][1] - offsets[first][0], False)


def _signs(
    lines: Sequence[_Line], words: Sequence[str], offsets: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, str]]:
    """Give the index of the last word of each line that ends on purpose, and the sign behind it."""
    width = max(line.size for line in lines)

    def ends_early(line: _Line) -> bool:
        start, stop = offsets[line.stop]  # of the next line's first word
        return line.size + 1 + stop - start <= FILLED * width

    broken_to_fit = width >= NARROW and not any(ends_early(line) for line in lines[:-1])
    for line, after in pairwise(lines):
        is_list = max(line.stop - line.first, after.stop - after.first) <= SHORT and not broken_to_fit
        if any(letter.isalnum() for letter in words[line.stop - 1]):
            if is_list:
                yield line.stop - 1, ITEM
            elif line.before_blank or ends_early(line):
                yield line.stop - 1, STOP
