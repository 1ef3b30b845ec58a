"""The target language: the symbols that the decoder generates, which may follow which, and what they encode.

Per entity, in text order: `<s> w1 .. wn <r> type`, then `<end>`. Symbols are integers:
0 `<end>`, 1 `<s>`, 2 `<r>`, 3 .. 3+N-1 the N types, then one pointer for each word of the post.
The decoder's first input is BEGIN, which is never predicted. Regions are no symbols: they are read after `<r>`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from unco.small_model.batch import Array
from unco.small_model.decoding.arrays import softmax
from unco.types import Span

END, START, REGION, FIRST_TYPE = 0, 1, 2, 3
BEGIN = -1

ILLEGAL_LOGIT = -1e4
"""Logit of an illegal symbol: its probability is 0 in float32, and 0 * log 0 stays finite."""


def pointer(word: int, types: int) -> int:
    """Return the symbol that points at a word."""
    return FIRST_TYPE + types + word


class PreviousSymbols(NamedTuple):
    """The part of the symbols generated so far that the next one depends on, each (B, L)."""

    previous: Array
    """The symbol just consumed, BEGIN at first."""
    first_word: Array
    """First word of the newest name; -1 before there is one."""
    last_word: Array
    """Last word pointed at; -1 before the first."""


@dataclass(frozen=True, slots=True)
class DecodedEntity:
    """One entity of a decoded sequence, and the steps at which its uncertainties are measured."""

    span: Span
    type_index: int
    start_step: int
    """The step that emitted `<s>`; pointers follow, then `<r>`, then the type."""

    @property
    def end_step(self) -> int:
        """The step that emitted `<r>`: the decision to end the span."""
        return self.start_step + 1 + len(self.span)

    @property
    def type_step(self) -> int:
        """The step whose input is `<r>`: its state gives both the type and the region."""
        return self.end_step + 1


def encode_entities(entities: Sequence[tuple[Span, int]], types: int) -> list[int]:
    """Encode gold (span, type index) pairs, in text order, as symbols, `<end>` included."""
    symbols: list[int] = []
    for span, type_index in entities:
        symbols += [START, *(pointer(word, types) for word in range(span.start, span.stop)), REGION]
        symbols.append(FIRST_TYPE + type_index)
    return [*symbols, END]


def decode_symbols(symbols: Sequence[int], types: int) -> list[DecodedEntity]:
    """Decode a grammatical sequence into entities; one cut off by the end of the sequence is left out."""
    entities: list[DecodedEntity] = []
    words: list[int] = []
    start_step = 0
    for step, symbol in enumerate(symbols):
        if symbol == END:
            break
        if symbol == START:
            start_step, words = step, []
        elif symbol >= FIRST_TYPE + types:
            words.append(symbol - FIRST_TYPE - types)
        elif symbol >= FIRST_TYPE:
            entities.append(DecodedEntity(Span(words[0], words[-1] + 1), symbol - FIRST_TYPE, start_step))
    return entities


def legal_next(previous: Array, last_word: Array, words: Array, types: int, width: int) -> Array:
    """Compute which symbols may come next.

    Args:
        previous: the symbol just consumed, BEGIN at first. Shape (B, L).
        last_word: index of the last word pointed at so far, -1 before the first. Shape (B, L).
        words: number of words of each post. Shape (B,).
        types: number of types.
        width: number of words that the pointer columns hold (the batch's longest post).

    Returns:
        Boolean mask of shape (B, L, 3 + types + width).
    """
    last_word, count = last_word[..., None], words[:, None, None]  # (B, L, 1), (B, 1, 1)
    prev = previous[..., None]
    between = (prev == BEGIN) | ((prev >= FIRST_TYPE) & (prev < FIRST_TYPE + types))
    inside = prev >= FIRST_TYPE + types
    word = np.arange(width)
    free = word > last_word
    pointers = ((prev == START) & free | inside & (word == last_word + 1)) & (word < count)  # (B, L, W)
    end = between | (prev == END)
    start = between & (last_word + 1 < count)
    type_columns = np.broadcast_to(prev == REGION, (*previous.shape, types))
    return np.concatenate([end, start, inside, type_columns, pointers], -1)


def label_set(words: Array, types: int, width: int) -> Array:
    """Compute which symbols each post has, legal or not: all but pointers to padding. (B,) -> (B, 1, 3 + types + W)."""
    pointers = np.arange(width) < words[:, None, None]
    return np.concatenate([np.ones((len(words), 1, FIRST_TYPE + types), bool), pointers], -1)


def counted_logits(
    logits: Array, history: PreviousSymbols, words: Array, types: int, whole_label_set: bool = False
) -> Array:
    """Give the logit `ILLEGAL_LOGIT` to symbols that do not count: to illegal ones, or only to those of padding.

    Args:
        logits: of the decoder, (B, L, 3 + types + W).
        history: the symbols before each step.
        words: number of words of each post, (B,).
        types: number of types.
        whole_label_set: see `ModelConfig`.
    """
    width = logits.shape[-1] - FIRST_TYPE - types
    if whole_label_set:
        counted = label_set(words, types, width)
    else:
        counted = legal_next(history.previous, history.last_word, words, types, width)
    return np.where(counted, logits, np.float32(ILLEGAL_LOGIT))


def symbol_probabilities(
    logits: Array, history: PreviousSymbols, words: Array, types: int, whole_label_set: bool = False
) -> Array:
    """Compute the probabilities of the next symbol, over those that count; arguments as of `counted_logits`."""
    return softmax(counted_logits(logits, history, words, types, whole_label_set))


def most_probable_legal(probabilities: Array, history: PreviousSymbols, words: Array, types: int) -> Array:
    """Choose the most probable symbol that may come next, where others have a probability too: (B, L, V) -> (B, L)."""
    width = probabilities.shape[-1] - FIRST_TYPE - types
    legal = legal_next(history.previous, history.last_word, words, types, width)
    chosen: Array = np.where(legal, probabilities, np.float32(-1)).argmax(-1)
    return chosen


def shift(symbols: Array) -> Array:
    """Shift targets to teacher-forcing inputs: BEGIN, then all symbols but the last; padding becomes `<end>`."""
    return np.concatenate([np.full_like(symbols[:, :1], BEGIN), np.maximum(symbols[:, :-1], 0)], 1)


def last_words(previous: Array, types: int) -> Array:
    """Find, for each step, the last word pointed at up to and with its input. Shapes (B, L) -> (B, L)."""
    pointed = np.where(previous >= FIRST_TYPE + types, previous - FIRST_TYPE - types, -1)
    return np.maximum.accumulate(pointed, axis=1)


def first_words(previous: Array, types: int) -> Array:
    """Find, for each step, the first word of the newest name up to its input, -1 before. (B, L) -> (B, L)."""
    before = np.concatenate([np.full_like(previous[:, :1], BEGIN), previous[:, :-1]], 1)
    first = np.where((before == START) & (previous >= FIRST_TYPE + types), previous - FIRST_TYPE - types, -1)
    return np.maximum.accumulate(first, axis=1)


def previous_symbols(previous: Array, types: int) -> PreviousSymbols:
    """Summarise, for each step of a whole sequence, the symbols before it, from its inputs (B, L)."""
    return PreviousSymbols(previous, first_words(previous, types), last_words(previous, types))
