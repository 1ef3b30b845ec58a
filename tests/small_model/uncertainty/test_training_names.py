"""Training names: neighbours by hand, and the features of a type."""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiny import NAMES, fitted_predictor, tiny_predictor
from unco.errors import SettingsError
from unco.small_model.config import ESTIMATORS
from unco.small_model.model_input import ModelInput
from unco.small_model.uncertainty.span_signals import NATS_OFFSET
from unco.small_model.uncertainty.training_names import AXES, SHARPNESS, TrainingNames, fit_training_names, name_vectors
from unco.small_model.uncertainty.type_signals import SHARE_OFFSET
from unco.types import Span

POSTS = [ModelInput(("Ann", "Lee", "plays")), ModelInput(tuple("a b c d e f g h i j".split()))]


def test_a_name_is_the_mean_of_its_words() -> None:
    words = np.array([[1.0, 0.0], [3.0, 2.0], [5.0, 5.0]])
    assert name_vectors(words, [Span(0, 2), Span(2, 3)]).tolist() == [[2.0, 1.0], [5.0, 5.0]]
    assert name_vectors(words, []).shape == (0, 2)


def test_types_count_by_their_cosine() -> None:
    known = TrainingNames(
        centre=np.array([1.0, 1.0, 1.0]),
        axes=np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
        names=np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]),
        types=np.array([2, 0, 2], np.int16),
    )
    # Behind the centre it is (3, 4, 9), on the axes (3, 4), of length 1 (0.6, 0.8): cosines 0.6, 0.8, -0.6.
    weights = [exp(SHARPNESS * cosine) for cosine in (0.6, 0.8, -0.6)]
    (near,) = known.types_near(np.array([[4.0, 5.0, 10.0]]), 3).tolist()
    assert near == pytest.approx([weights[1] / sum(weights), 0.0, (weights[0] + weights[2]) / sum(weights)], rel=1e-5)


def test_axes_are_those_along_which_names_differ_most() -> None:
    spread = np.linspace(3.0, 0.1, AXES + 8, dtype=np.float32)
    vectors = np.random.default_rng(1).standard_normal((400, AXES + 8), np.float32) * spread + 5.0
    known = fit_training_names(vectors, [0] * 400)
    assert known.axes.shape == (AXES, AXES + 8)
    assert np.allclose(known.axes @ known.axes.T, np.eye(AXES), atol=1e-4)
    kept = (vectors - vectors.mean(0)) @ known.axes.T
    assert np.diff(kept.var(0)).max() < 1e-3, "from the widest on"
    assert np.square(kept).sum() > 0.99 * np.square(vectors - vectors.mean(0)).sum()
    assert np.allclose(np.linalg.norm(known.names, axis=1), 1.0, atol=1e-5)


@given(seed=st.integers(0, 1000), names=st.integers(1, 30))
@settings(max_examples=25, deadline=None)
def test_types_near_is_a_distribution_and_a_training_name_is_its_own_neighbour(seed: int, names: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((names, 16), np.float32) * 4
    known = fit_training_names(vectors, [index % 5 for index in range(names)])
    near = known.types_near(vectors, 5)
    assert np.allclose(near.sum(1), 1.0, atol=1e-5)
    assert (near >= 0).all()
    cosines = known.names @ known.names.T
    np.fill_diagonal(cosines, -1.0)
    for index in range(names):
        if names > 1 and cosines[index].max() < 0.5:
            assert near[index].argmax() == index % 5


def test_signals_are_the_tags_entropy_and_the_share_of_other_types() -> None:
    predictor = fitted_predictor()
    known = predictor.training_names
    assert known is not None
    for scheme in predictor.network.config.schemes.values():
        tags = replace(predictor, scheme=scheme, estimator=ESTIMATORS["tags"]).predict(POSTS)
        signals = predictor.type_signals(POSTS, scheme)
        vectors = predictor.name_vectors(POSTS, [[item.span for item in found] for found in tags])
        for found, rows, names in zip(tags, signals, vectors, strict=True):
            assert len(found) == len(rows) > 0
            near = known.types_near(names, 2).tolist()
            for item, (doubt, others), types in zip(found, rows, near, strict=True):
                said = [index for index, of in enumerate(scheme.of) if scheme.labels[of].name == item.type]
                assert exp(doubt) - NATS_OFFSET == pytest.approx(item.nats.type, abs=1e-5)
                share = sum(types[index] for index in said)
                assert others == pytest.approx(log(1 + SHARE_OFFSET - share), abs=1e-4)


def test_the_learned_estimator_gives_the_probability_of_a_wrong_type_in_each_scheme() -> None:
    predictor = fitted_predictor().with_estimator(ESTIMATORS["learned"])
    for scheme in predictor.network.config.schemes.values():
        regression = predictor.type_regressions[scheme.name]
        found = replace(predictor, scheme=scheme).predict(POSTS)
        for items, rows in zip(found, predictor.type_signals(POSTS, scheme), strict=True):
            assert [item.nats.type for item in items] == pytest.approx([regression(row) for row in rows], abs=1e-5)


def test_a_model_without_training_names_is_refused() -> None:
    with pytest.raises(SettingsError, match="tiny was not fitted for a learned estimator"):
        tiny_predictor().type_signals(POSTS, NAMES)
    other = replace(fitted_predictor(), type_regressions={}).with_estimator(ESTIMATORS["learned"])
    with pytest.raises(SettingsError, match="tiny was not fitted for a learned estimator"):
        other.predict(POSTS)


def test_names_of_a_long_post_are_found_in_their_windows() -> None:
    words = tuple(f"{letter}{digit}" for letter in "abcdefgh" for digit in "0123456789")
    long, spans = ModelInput(words), [Span(start, start + 2) for start in range(0, 80, 2)]
    (vectors,) = tiny_predictor().name_vectors([long], [spans])
    assert 35 < len(vectors) <= 40, "but for those over an edge"


def test_more_labels_than_a_byte_counts_are_kept() -> None:
    assert fit_training_names(np.eye(400, dtype=np.float32), range(400)).types.tolist() == list(range(400))


def test_names_of_another_network_are_refused() -> None:
    known = fit_training_names(np.random.default_rng(0).standard_normal((5, 16), np.float32), [0, 1, 2, 1, 0])
    known.check(16, 3)
    for hidden, labels in ((15, 3), (16, 2)):
        with pytest.raises(ValueError, match="its known names do not"):
            known.check(hidden, labels)
    for part in (
        {"types": known.types[:3]},
        {"centre": known.centre[:3]},
        {"axes": known.axes[:, :3]},
        {"types": -known.types},
        {"names": known.names[:0], "types": known.types[:0]},
    ):
        with pytest.raises(ValueError, match="its known names do not"):
            replace(known, **part).check(16, 3)
