"""Entropies, Eq. 7 and normalisers against numbers worked out by hand."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import NAMES
from unco.small_model.config import Estimator, Measure, RegionVariant, SpanVariant
from unco.small_model.decoding.symbols import DecodedEntity
from unco.small_model.uncertainty.entropy import (
    Normaliser,
    Range,
    entropy,
    fit_minmax,
    fit_normaliser,
    least_confidence,
    log_cardinality,
    quantile_thresholds,
    span_uncertainty,
    step_uncertainty,
    surprisal,
)
from unco.small_model.uncertainty.scheme_types import type_choices
from unco.types import Span, Thresholds, Uncertainty


def test_entropy_of_known_distributions() -> None:
    rows = np.array([[0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]])
    assert entropy(rows).tolist() == pytest.approx([log(4), 0.0, log(2)])
    assert least_confidence(rows).tolist() == pytest.approx([0.75, 0.0, 0.5])


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=20).filter(lambda weights: sum(weights) > 1e-6))
def test_entropy_lies_between_zero_and_ln_v(weights: list[float]) -> None:
    row = np.array(weights)
    value = float(entropy(row / row.sum()))
    assert -1e-9 <= value <= log(len(weights)) + 1e-9


def test_surprisal_is_of_the_decoded_symbol() -> None:
    rows = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert surprisal(rows, np.array([1, 0, 2])).tolist() == pytest.approx([log(4), 0.0, 9 * log(10)])


def test_a_type_s_uncertainty_may_be_over_the_whole_label_set() -> None:
    # <end>, <s>, <r>, two labels that the scheme has as one type, two words
    symbols = np.array([0.125, 0.0, 0.125, 0.25, 0.25, 0.125, 0.125], np.float32)
    assert type_choices(symbols, 2, NAMES, whole_label_set=False).tolist() == [0.5]
    chosen = type_choices(symbols, 2, NAMES, whole_label_set=True)
    assert float(entropy(chosen)) == pytest.approx(0.5 * log(2) + 4 * 0.125 * log(8))


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("joint", 1 - exp(-1.0)),
        ("boundary", (0.1 + 0.2 + 0.4 + 0.3) / 2),
        ("eq7", (0.2 + 0.4) / 2),
        ("total", 0.1 + 0.2 + 0.4 + 0.3),
    ],
)
def test_equation_7_by_hand(variant: SpanVariant, expected: float) -> None:
    entity = DecodedEntity(Span(3, 5), type_index=0, start_step=1)  # .. <s> w w <r> type
    steps = [9.0, 0.1, 0.2, 0.4, 0.3, 9.0]
    assert span_uncertainty(entity, steps, variant) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("measure", "span", "kind"),
    [("entropy", log(2), log(4)), ("doubt", log(2), 0.75), ("surprisal", log(2), log(4))],
)
def test_measures_of_a_step_by_hand(measure: Measure, span: float, kind: float) -> None:
    tokens, types = np.array([[[0.5, 0.5, 0.0]]]), np.array([[[0.25] * 4]])
    steps = step_uncertainty(np.array([[1]]), tokens, types, np.array([[[1.0, 0.0]]]), Estimator(measure=measure))
    assert steps.spans.item() == pytest.approx(span)
    assert steps.types.item() == pytest.approx(kind)
    assert steps.regions.item() == 0.0


@pytest.mark.parametrize(("variant", "expected"), [("choice", log(4)), ("groundable", log(4) - 0.75 * log(3))])
def test_region_uncertainty_is_of_the_choice_or_of_groundability(variant: RegionVariant, expected: float) -> None:
    tokens, types, regions = np.ones((1, 1, 1)), np.ones((1, 1, 1)), np.full((1, 1, 4), 0.25)
    steps = step_uncertainty(np.array([[0]]), tokens, types, regions, Estimator(region=variant))
    assert steps.regions.item() == pytest.approx(expected)


def test_a_range_of_one_value_normalises_to_zero_or_one() -> None:
    normaliser = fit_minmax([Uncertainty(0.5, 0.5, 0.0)])
    assert normaliser(Uncertainty(0.5, 0.6, 0.0)) == Uncertainty(0.0, 1.0, 0.0)


def test_minmax_spans_its_data_and_clips() -> None:
    normaliser = fit_minmax([Uncertainty(0.0, 1.0, 0.5), Uncertainty(2.0, 3.0, 1.0)])
    assert normaliser == Normaliser(Range(0.0, 2.0), Range(1.0, 3.0), Range(0.5, 1.0))
    assert normaliser(Uncertainty(1.0, 5.0, 0.0)) == Uncertainty(0.5, 1.0, 0.0)


def test_log_cardinality_maps_the_uniform_distribution_to_one() -> None:
    assert log_cardinality(4, 20, 3)(Uncertainty(log(20), log(4), log(3))) == Uncertainty(1.0, 1.0, 1.0)


def test_quantile_thresholds_route_the_wanted_share() -> None:
    values = [Uncertainty(i / 100, i / 100, i / 100) for i in range(101)]
    thresholds = quantile_thresholds(values, {"span": 0.1, "type": 0.5, "region": 0.0})
    assert thresholds == Thresholds(0.9, 0.5, 1.0)
    assert sum(value.span > thresholds.span for value in values) == 10


def test_a_probability_is_not_normalised() -> None:
    raw, chance = [Uncertainty(0.1, 1.0, 0.5), Uncertainty(0.9, 3.0, 1.0)], Range(0.0, 1.0)
    assert fit_normaliser(raw, Estimator()) == fit_minmax(raw)
    assert fit_normaliser(raw, Estimator(measure="doubt")) == Normaliser(chance, chance, chance)
    assert fit_normaliser(raw, Estimator(span="learned")) == Normaliser(chance, Range(1.0, 3.0), Range(0.5, 1.0))
    both = Estimator(span="learned", type="learned")
    assert fit_normaliser(raw, both) == Normaliser(chance, chance, Range(0.5, 1.0))
    assert fit_normaliser(raw, Estimator(region="learned")) == Normaliser(Range(0.1, 0.9), Range(1.0, 3.0), chance)
