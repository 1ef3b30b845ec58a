"""Tells how the lines of CoNLL text are laid out, and finds those that run on: all their words but one would be lost.

Columns stand apart by tabs, or by blanks in a line without a tab.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_TAG = re.compile(r"O|[BIESLUMW]-\S.*")
_SEVERAL_TAGS = re.compile(r"[|,+;](?:O$|[BIESLUMW]-)")
_ODD_BLANKS = re.compile("[\\s\u200b\u200c\u200d\u2060\ufeff]*")
_ID = re.compile(r"\ufeff?IMGID: *([^\t]*)", re.IGNORECASE)
_DOCUMENT = re.compile(r"-DOCSTART-(?:\s.*)?")
_COMMENT = re.compile(r"#+[ \t]+\S.*|#(?:begin|end) document\b.*")
_FEW = 10
"""One line in so many does not tell what a file is."""
_PAIR = 2
"""Columns of a token with one tag."""

Columns = tuple[str, ...]
Line = tuple[int, str]
"""Number in its file, from 1, and text."""

Kind = Literal["tabs", "tag", "token", "words"]
"""Of a line: columns behind tabs; blanks, and a tag at the end; one column; blanks, and no tag."""


def is_tag(column: str) -> bool:
    """Return whether a column is a tag of BIO, BIOES or BILOU."""
    return _TAG.fullmatch(column) is not None


def is_one_tag(column: str) -> bool:
    """Return whether a column is a tag, and not several as nested entities are written: B-ORG|O."""
    return is_tag(column) and _SEVERAL_TAGS.search(column) is None


def is_odd_blank(line: str) -> bool:
    """Return whether a line that is not empty shows nothing; a token of the kind has a tag behind a tab."""
    return "\t" not in line and _ODD_BLANKS.fullmatch(line) is not None


def id_in(line: str) -> str | None:
    """Return the id that a line gives to the post below; None = it gives none."""
    found = _ID.fullmatch(line)
    return found and found[1]


def ends_document(line: str) -> bool:
    """Return whether a line stands between two documents."""
    return line.startswith("-") and _DOCUMENT.fullmatch(line) is not None


def may_be_comment(line: str) -> bool:
    """Return whether a line looks like a comment; it may still be the token `#`."""
    return _COMMENT.fullmatch(line) is not None


def columns_of(line: str) -> Columns:
    """Split a line into its columns."""
    if "\t" in line:
        *others, last = line.split("\t")
        return (*others, last.lstrip(" "))  # a tag
    first, *others = line.split(" ")
    return (first, *filter(None, others))


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a file, told from its first lines."""

    shapes: frozenset[tuple[int, str]]
    """Number of columns, and what ends them, of the lines that may not be comments."""
    kinds: Counter[Kind]
    """How many lines are of each kind."""
    usual: Kind
    """Of most lines."""
    width: int
    """Columns of most lines with several columns between blanks; 0 = no width is that of most."""
    widest: int
    """Columns of the widest line with a tag and blanks."""
    one_line_each: bool
    """Whether most posts are one line."""
    ends_repeat: bool
    """Whether lines with blanks end in few different columns, as tags do; the last words of texts differ."""
    marked: bool
    """Whether lines name posts or end documents."""
    lower_case: bool
    """Whether any line of words ends in one that has small letters, as tags of parts of speech do not."""
    is_table: bool
    """Whether most lines with tabs hold running text in front, as a table without a header does."""

    def is_comment(self, line: str) -> bool:
        """Return whether a line is a comment and not the token `#`, which has the columns that other tokens have."""
        if not may_be_comment(line):
            return False
        tagged = "\t" in line and is_tag(columns_of(line)[-1])
        return not tagged and _shape(line) not in self.shapes

    @property
    def is_running_text(self) -> bool:
        """Whether the file is no CoNLL text: its lines end in words where that has tags, or nothing."""
        columns = self.kinds["tag"] + self.kinds["tabs"]
        return not self.marked and self.lower_case and columns * _FEW <= self.kinds["words"]

    def line_that_runs_on(self, lines: Sequence[Line], columns: Sequence[Columns]) -> int | None:
        """Return the number of the first line of a post that holds several words in place of a token; None = none.

        Args:
            lines: of the post.
            columns: of each line.
        """
        split = zip(lines, columns, strict=True)
        if self.is_table:
            return next((number for (number, line), found in split if "\t" in line and _holds_text(found)), None)
        words = [(number, found) for (number, line), found in split if "\t" not in line and _is_words(found)]
        if not words:
            return None
        is_even = len(set(map(len, columns))) == 1
        return next((number for number, found in words if self._runs_on(found, is_even)), None)

    def _runs_on(self, columns: Columns, is_even: bool) -> bool:
        if self.usual in ("tabs", "token"):
            return True
        if self.usual == "tag":
            return len(columns) > self.widest or (len(columns) != self.width and _has_small_letters(columns[-1]))
        return _has_small_letters(columns[-1]) and not self._may_be_tagged(columns, is_even)

    def _may_be_tagged(self, columns: Columns, is_even: bool) -> bool:
        """Return whether the last word of a line may be a tag in small letters, where most lines have no other."""
        if self.ends_repeat and len(columns) == self.width:
            return not self.one_line_each or self.width == _PAIR
        return is_even and not self.one_line_each


def layout_of(posts: Sequence[Sequence[Line]]) -> Layout:
    """Tell the layout of a file from the lines of its first posts."""
    lines = [[line for _, line in post if not may_be_comment(line) and id_in(line) is None] for post in posts]
    every = [(line, columns_of(line)) for post in lines for line in post]
    kinds = Counter(_kind(line) for line, _ in every)
    tabs = [columns for line, columns in every if "\t" in line]
    blanks = [columns for line, columns in every if "\t" not in line and len(columns) > 1]
    return Layout(
        shapes=frozenset(_shape(line) for line, _ in every),
        kinds=kinds,
        usual=max(kinds, key=kinds.__getitem__, default="token"),
        width=_usual_width(blanks),
        widest=max((len(columns) for columns in blanks if is_tag(columns[-1].upper())), default=0),
        one_line_each=2 * sum(len(post) == 1 for post in lines) > sum(bool(post) for post in lines),
        ends_repeat=2 * len({columns[-1] for columns in blanks}) <= len(blanks),
        marked=any(id_in(line) is not None for post in posts for _, line in post),
        is_table=_are_table(tabs),
        lower_case=any(_has_small_letters(columns[-1]) for columns in blanks if _is_words(columns)),
    )


def _usual_width(lines: Sequence[Columns]) -> int:
    """Return how many columns most lines have; 0 = no width is that of most."""
    [(width, count)] = Counter(map(len, lines)).most_common(1) or [(0, 0)]
    return width if 2 * count > len(lines) else 0


def _are_table(lines: Sequence[Columns]) -> bool:
    """Return whether most lines with tabs hold running text, and do not end in tags as tokens of several words do."""
    tagged = sum(is_tag(columns[-1]) for columns in lines)
    return 2 * sum(map(_holds_text, lines)) > len(lines) >= 2 * tagged


def _holds_text(columns: Columns) -> bool:
    """Return whether the token of a line with tabs, which may have a number in front, is several words."""
    first, *others = columns
    token = others[0] if others and first.isdecimal() else first
    return " " in token.strip()


def _is_words(columns: Columns) -> bool:
    """Return whether a line with blanks has several columns, of which the last is no tag."""
    return len(columns) > 1 and not is_tag(columns[-1].upper())


def _has_small_letters(word: str) -> bool:
    return word != word.upper()


def _kind(line: str) -> Kind:
    if "\t" in line:
        return "tabs"
    columns = columns_of(line)
    if len(columns) < 2:
        return "token"
    return "words" if _is_words(columns) else "tag"


def _shape(line: str) -> tuple[int, str]:
    columns = columns_of(line)
    return len(columns), "tag" if is_tag(columns[-1]) else "tab" if "\t" in line else "blank"
