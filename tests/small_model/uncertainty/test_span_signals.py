"""The features of a span, computed by hand; and the regression on them."""

from dataclasses import replace
from math import exp, isfinite, log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiny import fitted_predictor, tiny_predictor
from unco.errors import SettingsError
from unco.small_model.batch import encode_post, make_batch
from unco.small_model.config import ESTIMATORS, Heads
from unco.small_model.decoding.greedy import decode_greedily
from unco.small_model.decoding.symbols import FIRST_TYPE, decode_symbols
from unco.small_model.model_input import ModelInput
from unco.small_model.uncertainty.regression import Regression, fit_regression
from unco.small_model.uncertainty.span_signals import NATS_OFFSET, span_signals

POSTS = [ModelInput(("Ann", "Lee", "plays")), ModelInput(tuple("a b c d e f g h i j".split()))]
SIGNALS = 12
HEADS: tuple[Heads, ...] = ("decoder", "tags")


def test_features_of_a_span_by_hand() -> None:
    predictor = tiny_predictor()
    network = predictor.network.in_torch
    batch = make_batch([encode_post(post, predictor.tokenizer) for post in POSTS], predictor.tokenizer)
    encoded = network.encode(batch)
    decoded = decode_greedily(network, encoded, "both")
    found = span_signals(decoded)
    tagged = network.tagger(encoded.words).softmax(-1)
    for row, symbols in enumerate(decoded.symbols.tolist()):
        entities = decode_symbols(symbols, 2)
        assert len(entities) == len(found[row]) > 0
        for entity, signals in zip(entities, found[row], strict=True):
            expected = []
            for head in HEADS:
                tokens = decoded.of(head)[row]
                surprisals = [-log(max(float(tokens[step, symbol]), 1e-9)) for step, symbol in enumerate(symbols)]
                types = tokens[entity.type_step, FIRST_TYPE : FIRST_TYPE + 2]
                inner = sum(surprisals[entity.start_step + 1 : entity.end_step])
                kinds = -sum(float(p) * log(float(p)) for p in types)
                expected += [surprisals[entity.start_step], inner, surprisals[entity.end_step], kinds]
            words = []
            for word in range(entity.span.start - 1, entity.span.stop + 1):
                real = 0 <= word < len(POSTS[row].words)
                tags = tagged[row, word].tolist() if real else [1.0]
                three = [tags[0], sum(tags[1::2]), sum(tags[2::2])]
                words.append(-sum(p * log(p) for p in three if p > 0))
            expected += [words[1], words[0], words[-1], max(words)]
            assert len(signals) == SIGNALS
            assert [exp(signal) - NATS_OFFSET for signal in signals] == pytest.approx(expected, abs=1e-4)


def test_a_learned_estimator_gives_its_regression_s_probability() -> None:
    regression = Regression(tuple((-1.0) ** i / 4 for i in range(SIGNALS)), 0.5)
    predictor = fitted_predictor(span=regression).with_estimator(ESTIMATORS["learned"])
    tags = replace(tiny_predictor(), estimator=ESTIMATORS["tags"])
    for found, plain, signals in zip(
        predictor.predict(POSTS), tags.predict(POSTS), predictor.signals(POSTS), strict=True
    ):
        assert [item.nats.span for item in found] == pytest.approx([regression(row) for row in signals], abs=1e-6)
        assert [(item.span, item.type, item.nats.region) for item in found] == [
            (item.span, item.type, item.nats.region) for item in plain
        ]


def test_a_model_that_was_not_fitted_says_so() -> None:
    with pytest.raises(SettingsError, match="tiny was not fitted for a learned estimator"):
        tiny_predictor().with_estimator(ESTIMATORS["learned"]).predict(POSTS)


def test_a_regression_by_hand() -> None:
    assert Regression((2.0, -1.0), 0.5)([1.0, 0.5]) == pytest.approx(1 / (1 + exp(-2.0)))
    with pytest.raises(ValueError, match="longer"):
        Regression((2.0,), 0.5)([1.0, 0.5])


def test_a_regression_finds_the_chances_that_made_its_rows() -> None:
    dice, truth = Random(1), Regression((1.5, -0.8, 0.0), -0.4)
    rows = [(dice.gauss(3, 2), dice.gauss(-1, 0.5), dice.gauss(0, 10)) for _ in range(4000)]
    found = fit_regression(rows, [dice.random() < truth(row) for row in rows])
    assert [found(row) for row in rows[:200]] == pytest.approx([truth(row) for row in rows[:200]], abs=0.1)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50), st.booleans()), min_size=1, max_size=20))
def test_a_regression_of_any_rows_gives_chances(cases: list[tuple[float, float, bool]]) -> None:
    rows = [case[:2] for case in cases]
    found = fit_regression(rows, [case[2] for case in cases])
    assert all(0.0 <= found(row) <= 1.0 for row in rows)
    assert fit_regression(rows, [case[2] for case in cases]) == found
    assert all(map(isfinite, (*found.weights, found.bias)))
