"""Near misses: words that both heads nearly said, apart from the entities and from each other."""

from dataclasses import replace
from math import prod

import numpy as np
import pytest

from tests.tiny import tiny_predictor
from unco.small_model.batch import encode_post, make_batch
from unco.small_model.decoding.greedy import decode_greedily, mixed, read_distributions
from unco.small_model.decoding.symbols import (
    REGION,
    START,
    decode_symbols,
    encode_entities,
    pointer,
    previous_symbols,
    shift,
)
from unco.small_model.model_input import ModelInput
from unco.small_model.uncertainty.near_misses import MOST, find_near_misses

POSTS = [ModelInput(("Ann", "Lee", "plays")), ModelInput(tuple("a b c d e f g h i j".split()))]


def test_they_share_no_word_with_an_entity_or_each_other_and_the_likeliest_come_first() -> None:
    predictor = replace(tiny_predictor(3), heads="both")
    for found, entities in zip(predictor.near_misses(POSTS), predictor.predict(POSTS), strict=True):
        assert len(found) <= MOST
        spans = [*(one.span for one in found), *(one.span for one in entities)]
        assert all(not one.overlaps(other) for one in spans for other in spans if one is not other)
        assert [one.chance for one in found] == sorted((one.chance for one in found), reverse=True)
        assert all(0.0 < one.chance <= 1.0 and one.type in ("PER", "ORG") for one in found)
    alone = [predictor.near_misses([post])[0] for post in POSTS]
    together = predictor.near_misses(POSTS)
    assert [[one.span for one in found] for found in alone] == [[one.span for one in found] for found in together]


def test_the_chance_is_what_both_heads_say_step_by_step() -> None:
    predictor = tiny_predictor(3)
    network = predictor.network.in_torch
    batch = make_batch([encode_post(POSTS[1], predictor.tokenizer)], predictor.tokenizer)
    encoded = network.encode(batch)
    decoded = decode_greedily(network, encoded, "both")
    (found,) = find_near_misses(network, encoded, decoded, predictor.scheme)
    assert found
    entities = decode_symbols(decoded.symbols[0].tolist(), 2)
    for one in found:
        before = [(entity.span, entity.type_index) for entity in entities if entity.span.stop <= one.span.start]
        head = encode_entities(before, 2)[:-1]
        said = [*head, START, *(pointer(word, 2) for word in range(one.span.start, one.span.stop)), REGION]
        history = previous_symbols(shift(np.array([said])), 2)
        found_there, _ = read_distributions(network, encoded, history, network.read_tags(encoded))
        steps = mixed("both", found_there.by_decoder, found_there.by_tags)[0]
        chances = [float(steps[step, said[step]]) for step in range(len(head), len(said))]
        assert one.chance == pytest.approx(prod(chances), rel=1e-4)
