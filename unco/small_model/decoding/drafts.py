"""Drafts of symbol sequences: what the tagging head alone would say, for the decoder to check in one pass."""

from dataclasses import dataclass
from math import exp, log

from unco.small_model.batch import Array
from unco.small_model.decoding.symbols import END, FIRST_TYPE, REGION, START
from unco.small_model.decoding.tagging_head import Tags


@dataclass(frozen=True, slots=True)
class Drafts:
    """The tags of B posts as plain numbers: a draft is read from them without an array for each symbol."""

    counts: list[int]
    begin: list[list[float]]
    inside: list[list[float]]
    none_until: list[list[float]]
    begin_types: Array
    inside_types: Array

    def go_on(self, post: int, symbols: list[int]) -> list[int]:
        """Continue a sequence with the most probable symbols, as `tag_probabilities` gives them, up to `<end>`.

        Args:
            post: index of the post.
            symbols: what was said of it so far, a legal sequence.
        """
        first_pointer = FIRST_TYPE + self.begin_types.shape[-1]
        drafted, previous = list(symbols), symbols[-1] if symbols else FIRST_TYPE
        first, last = -1, -1
        for before, symbol in zip([END, *symbols], symbols, strict=False):
            if symbol >= first_pointer:
                last = symbol - first_pointer
                first = last if before == START else first
        while previous != END:
            if previous == START and last + 1 == self.counts[post]:
                previous = END  # no word is left for the name: NaNs have begun it
            elif previous == START:
                first = last = self._next_name(post, last + 1)
                previous = first_pointer + last
            elif previous == REGION:
                previous = FIRST_TYPE + self._type(post, first, last)
            elif previous < first_pointer:
                previous = START if self._has_more(post, last + 1) else END
            elif self.inside[post][last + 1] > 0.5:
                last += 1
                previous = first_pointer + last
            else:
                previous = REGION
            drafted.append(previous)
        return drafted

    def _next_name(self, post: int, start: int) -> int:
        """Find the word that the next name most probably begins with, from `start` on."""
        begin, none_until = self.begin[post], self.none_until[post]
        return max(range(start, self.counts[post]), key=lambda word: begin[word] * exp(none_until[word]))

    def _has_more(self, post: int, start: int) -> bool:
        """Whether a name probably begins at `start` or after it."""
        none_until = self.none_until[post]
        return none_until[-1] - none_until[start] < log(0.5)

    def _type(self, post: int, first: int, last: int) -> int:
        inside = self.inside_types[post]
        return int((self.begin_types[post, first] + inside[last + 1] - inside[first + 1]).argmax())


def drafts_of(tags: Tags) -> Drafts:
    """Copy tags to plain numbers."""
    return Drafts(
        tags.counts.tolist(),
        tags.begin.tolist(),
        tags.inside.tolist(),
        tags.none_until.tolist(),
        tags.begin_types,
        tags.inside_types,
    )
