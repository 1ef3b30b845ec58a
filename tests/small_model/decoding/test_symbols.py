"""The target language: legal sequences, and decoding of encoded entities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.small_model.decoding.symbols import (
    BEGIN,
    END,
    FIRST_TYPE,
    REGION,
    START,
    decode_symbols,
    encode_entities,
    last_words,
    legal_next,
    most_probable_legal,
    pointer,
    previous_symbols,
    symbol_probabilities,
)
from unco.types import Span

TYPES = 2


def legal_after(previous: int, last_word: int, words: int, width: int = 4) -> list[int]:
    mask = legal_next(np.array([[previous]]), np.array([[last_word]]), np.array([words]), TYPES, width)
    return [symbol for symbol, legal in enumerate(mask[0, 0]) if legal]


def test_an_entity_is_start_words_region_type() -> None:
    assert encode_entities([(Span(1, 3), 1)], TYPES) == [START, pointer(1, TYPES), pointer(2, TYPES), REGION, 4, END]


def test_legal_symbols_after_each_symbol() -> None:
    assert legal_after(BEGIN, -1, words=3) == [END, START]
    assert legal_after(START, -1, words=3) == [pointer(0, TYPES), pointer(1, TYPES), pointer(2, TYPES)]
    assert legal_after(START, 1, words=3) == [pointer(2, TYPES)]
    assert legal_after(pointer(1, TYPES), 1, words=3) == [REGION, pointer(2, TYPES)]
    assert legal_after(pointer(2, TYPES), 2, words=3) == [REGION]
    assert legal_after(REGION, 2, words=3) == [FIRST_TYPE, FIRST_TYPE + 1]
    assert legal_after(FIRST_TYPE, 1, words=3) == [END, START]
    assert legal_after(FIRST_TYPE, 2, words=3) == [END]
    assert legal_after(END, 2, words=3) == [END]


def test_the_last_word_is_carried_along() -> None:
    inputs = np.array([[BEGIN, START, pointer(0, TYPES), pointer(1, TYPES), REGION, FIRST_TYPE, START]])
    assert last_words(inputs, TYPES).tolist() == [[-1, -1, 0, 1, 1, 1, 1]]


@st.composite
def entity_lists(draw: st.DrawFn) -> list[tuple[Span, int]]:
    edges = sorted(draw(st.sets(st.integers(0, 30), max_size=10)))
    spans = [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    return [(span, draw(st.integers(0, TYPES - 1))) for span in spans]


@given(entity_lists())
def test_sequences_decode_to_their_entities_and_every_symbol_is_legal(entities: list[tuple[Span, int]]) -> None:
    symbols = encode_entities(entities, TYPES)
    assert [(found.span, found.type_index) for found in decode_symbols(symbols, TYPES)] == entities
    previous = np.array([[BEGIN, *symbols[:-1]]])
    legal = legal_next(previous, last_words(previous, TYPES), np.array([31]), TYPES, 31)
    assert all(legal[0, step, symbol] for step, symbol in enumerate(symbols))


def test_probabilities_are_of_legal_symbols_or_of_the_whole_label_set() -> None:
    # <end>, <s>, <r>, two types, the post's two words, and a place of padding
    weights = np.array([[[1.0, 2.0, 3.0, 4.0, 5.0, 2.0, 3.0, 90.0]]], np.float32)
    history = previous_symbols(np.array([[BEGIN]]), TYPES)
    found = [symbol_probabilities(np.log(weights), history, np.array([2]), TYPES, whole) for whole in (False, True)]
    legal, of_all = found
    assert legal[0, 0].tolist() == pytest.approx([1 / 3, 2 / 3, 0, 0, 0, 0, 0, 0])
    assert of_all[0, 0].tolist() == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25, 0.1, 0.15, 0])
    for probabilities in found:
        assert most_probable_legal(probabilities, history, np.array([2]), TYPES).tolist() == [[START]]


def test_steps_of_an_entity() -> None:
    (first, second) = decode_symbols(encode_entities([(Span(0, 2), 0), (Span(4, 5), 1)], TYPES), TYPES)
    assert (first.start_step, first.end_step, first.type_step) == (0, 3, 4)
    assert (second.start_step, second.end_step, second.type_step) == (5, 7, 8)


def test_an_entity_that_was_cut_off_is_left_out() -> None:
    assert decode_symbols([START, pointer(0, TYPES), REGION], TYPES) == []
