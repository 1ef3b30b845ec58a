"""The tagging head: its distributions over the next symbol are those of the target language."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import tiny_network
from unco.small_model.batch import Array
from unco.small_model.decoding.arrays import one_hot
from unco.small_model.decoding.greedy import decode_greedily
from unco.small_model.decoding.symbols import (
    BEGIN,
    END,
    REGION,
    START,
    decode_symbols,
    encode_entities,
    legal_next,
    previous_symbols,
    shift,
)
from unco.small_model.decoding.tagging_head import Tags, read_tags, tag_probabilities
from unco.types import Span

TYPES = 2
WORDS = 6


def tags_of(probabilities: list[list[float]], padding: int = 0) -> Tags:
    """Tags of one post from the probabilities of outside, begin and inside A, begin and inside B."""
    logits = np.log(np.maximum(np.array([probabilities], np.float32), 1e-30))
    logits = np.concatenate([logits, np.full((1, padding, 1 + 2 * TYPES), 3.0, np.float32)], 1)
    return read_tags(logits, np.array([len(probabilities)]))


def rows(tags: Tags, symbols: list[int]) -> Array:
    """The distribution at each step of a sequence, (L, V)."""
    table: Array = tag_probabilities(tags, *previous_symbols(shift(np.array([symbols])), TYPES))[0]
    return table


TWO_WORDS = [[0.2, 0.5, 0.0, 0.3, 0.0], [0.4, 0.1, 0.25, 0.0, 0.25]]
"""Word 0 begins a name with 0.8; word 1 begins one with 0.1 and continues one with 0.5."""
FIRST, SECOND = 3 + TYPES, 4 + TYPES


def test_two_words_by_hand() -> None:
    table = rows(tags_of(TWO_WORDS), [START, FIRST, SECOND, REGION, 3, END])
    expected = [
        # <end> if no word begins: 0.2 * 0.9
        [0.18, 0.82, 0, 0, 0, 0, 0],
        # the first begin: 0.8, or 0.2 * 0.1, of 0.82 together
        [0, 0, 0, 0, 0, 0.8 / 0.82, 0.02 / 0.82],
        # word 1 continues with 0.5
        [0, 0, 0.5, 0, 0, 0, 0.5],
        # the text is over
        [0, 0, 1, 0, 0, 0, 0],
        # A: 0.5 + 0.25; B: 0.3 + 0.25; of 1.3
        [0, 0, 0, 0.75 / 1.3, 0.55 / 1.3, 0, 0],
        [1, 0, 0, 0, 0, 0, 0],
    ]
    assert table.tolist() == [pytest.approx(row, abs=1e-5) for row in expected]


def test_a_post_of_many_certain_names_stays_finite() -> None:
    """Forty words, each a name for certain: what was passed over many times is as unlikely as numbers can be."""
    tags = read_tags(np.array([[[-30.0, 30.0, -30.0, -30.0, -30.0]] * 40], np.float32), np.array([40]))
    symbols = encode_entities([(Span(word, word + 1), 0) for word in range(40)], TYPES)
    table = rows(tags, symbols)
    assert np.isfinite(table).all()
    assert table.sum(-1).tolist() == pytest.approx([1.0] * len(symbols), abs=1e-4)
    assert table.argmax(-1).tolist() == symbols


def test_certain_continuation_leaves_no_negative_probability() -> None:
    """A sum of softmax outputs can be a hair above 1; its complement must not be below 0."""
    random = np.random.default_rng(0)
    for _ in range(200):
        logits = random.standard_normal((1, 6, 5), np.float32) * 3 + np.array([0, 0, 18, 0, 18], np.float32)
        table = rows(read_tags(logits, np.array([6])), [START, FIRST, SECOND, REGION, 3, END])
        assert float(table.min()) >= 0.0


def test_after_a_name_only_later_words_begin_one() -> None:
    table = rows(tags_of(TWO_WORDS), [START, FIRST, REGION, 3, START, SECOND, REGION, 4, END])
    assert table[4].tolist() == pytest.approx([0.9, 0.1, 0, 0, 0, 0, 0], abs=1e-5)
    assert table[5].tolist() == pytest.approx([0, 0, 0, 0, 0, 0, 1], abs=1e-5)
    assert table[3, 3:5].tolist() == pytest.approx([0.5 / 0.8, 0.3 / 0.8], abs=1e-5)  # word 0 alone
    assert table[7, 3:5].tolist() == pytest.approx([1.0, 0.0], abs=1e-4)  # word 1 as a beginning


def test_nothing_but_the_end_follows_the_end() -> None:
    assert rows(tags_of(TWO_WORDS), [END, END, END])[2].tolist() == [1, 0, 0, 0, 0, 0, 0]


@st.composite
def prefixes(draw: st.DrawFn) -> tuple[int, list[int]]:
    """Words of a post, and a grammatical sequence over them that goes on with `<end>`."""
    words = draw(st.integers(1, WORDS))
    edges = sorted(draw(st.sets(st.integers(0, words), max_size=6)))
    entities = [
        (Span(start, stop), draw(st.integers(0, TYPES - 1)))
        for start, stop in zip(edges[::2], edges[1::2], strict=False)
    ]
    return words, [*encode_entities(entities, TYPES), END]


@given(prefixes(), st.integers(0, 2**31), st.floats(0.1, 30), st.integers(0, 3))
def test_rows_are_distributions_over_legal_symbols(
    drawn: tuple[int, list[int]], seed: int, spread: float, padding: int
) -> None:
    words, symbols = drawn
    random, shape = np.random.default_rng(seed), (1, words + padding, 1 + 2 * TYPES)
    logits, counts = np.float32(spread) * random.standard_normal(shape, np.float32), np.array([words])
    history = previous_symbols(shift(np.array([symbols])), TYPES)
    table = tag_probabilities(read_tags(logits, counts), *history)
    legal = legal_next(history.previous, history.last_word, counts, TYPES, words + padding)
    assert float(table.min()) >= 0.0
    assert table.sum(-1).flatten().tolist() == pytest.approx([1.0] * len(symbols), abs=1e-4)
    assert float((table * ~legal).sum()) == 0.0


def test_padding_changes_no_row() -> None:
    symbols = [START, FIRST, SECOND, REGION, 3, END]
    bare, padded = rows(tags_of(TWO_WORDS), symbols), rows(tags_of(TWO_WORDS, padding=3), symbols)
    assert np.allclose(bare, padded[:, : bare.shape[1]], atol=1e-6)
    assert float(padded[:, bare.shape[1] :].sum()) == 0.0


def test_certain_tags_outvote_an_undecided_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    network = tiny_network()
    for layer in (network.decoder.special_out, network.decoder.pointer_out):  # every legal symbol is equally likely
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    counts = np.array([4])
    no_regions = torch.zeros(1, 0, dtype=torch.bool)
    encoded = network.decoder.encoder_states(
        torch.randn(1, 4, 32), torch.zeros(1, 0, 32), counts, no_regions, no_regions
    )
    # B-ORG I-ORG O B-PER, as outside, begin and inside PER, begin and inside ORG
    tags = read_tags(20.0 * one_hot([3, 4, 0, 1], 5)[None], counts)
    monkeypatch.setattr(network, "read_tags", lambda encoded: tags)
    symbols = decode_greedily(network, encoded, "both").symbols[0].tolist()
    assert [(found.span, found.type_index) for found in decode_symbols(symbols, TYPES)] == [
        (Span(0, 2), 1),
        (Span(3, 4), 0),
    ]


def test_before_the_first_word_there_is_no_newest_name() -> None:
    history = previous_symbols(np.array([[BEGIN, START, FIRST, REGION, 3, START, SECOND]]), TYPES)
    assert history.first_word.tolist() == [[-1, -1, 0, 0, 0, 0, 1]]
    assert history.last_word.tolist() == [[-1, -1, 0, 0, 0, 0, 1]]
