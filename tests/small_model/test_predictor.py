"""The predictor: a post's entities do not depend on its batch; long posts, unusual regions."""

from dataclasses import replace
from itertools import cycle
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiny import NAMES, TINY, fitted_predictor, tiny_predictor
from unco.errors import SettingsError
from unco.small_model.config import ESTIMATORS, Estimator, Heads, McDropout
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region import Region
from unco.small_model.uncertainty.prediction import Prediction
from unco.small_model.uncertainty.scheme_types import fold_types
from unco.types import ATTRIBUTES, Box

REGIONS = (Region(Box(0, 0, 50, 50), "person"), Region(Box(20, 60, 90, 80), "text", "blue owls"))
POSTS = [
    ModelInput(("Ann", "Lee", "plays")),
    ModelInput(("Go", "Blue", "Owls", "and", "win", "the", "cup"), REGIONS, (100, 100)),
    ModelInput(("x",), REGIONS[:1], (60, 60)),
    ModelInput(tuple("a b c d e f g h i j".split()), caption="two people on a lawn"),
    ModelInput(("No", "region", "here"), (), (40, 30)),
]
VARIANTS = [
    Estimator(),
    Estimator(measure="doubt", span="joint"),
    Estimator(region="groundable", heads="tags"),
    Estimator(sampling=McDropout(p=0.2)),
    Estimator(sampling=McDropout(p=0.2, encoder_layers=1)),
    Estimator(measure="surprisal", span="total", heads="both", sampling=McDropout(p=0.2, passes=3)),
    ESTIMATORS["learned"],
    ESTIMATORS["energy"],
]
HEADS: tuple[Heads, ...] = ("decoder", "both")


def assert_same(found: list[Prediction], expected: list[Prediction]) -> None:
    assert [(item.span, item.type, item.region) for item in found] == [
        (item.span, item.type, item.region) for item in expected
    ]
    for one, other in zip(found, expected, strict=True):
        for name in ATTRIBUTES:
            assert one.nats.of(name) == pytest.approx(other.nats.of(name), abs=1e-5)


@pytest.mark.parametrize(("estimator", "heads"), list(zip(VARIANTS, cycle(HEADS))))
def test_a_post_is_the_same_alone_in_any_batch_and_any_order(estimator: Estimator, heads: Heads) -> None:
    predictor = replace(fitted_predictor(), estimator=estimator, heads=heads)
    alone = [predictor.predict([post])[0] for post in POSTS]
    assert sum(map(len, alone)) > 3, "the random network should say something"
    order = list(range(len(POSTS))) * 2
    for batch_size in (1, 4, 32):
        Random(batch_size).shuffle(order)
        sized = replace(predictor, batch_size=batch_size)
        for index, found in zip(order, sized.predict([POSTS[index] for index in order]), strict=True):
            assert_same(found, alone[index])


def test_uncertainties_over_the_whole_label_set_do_not_depend_on_the_batch() -> None:
    predictor, whole = (tiny_predictor(config=replace(TINY, whole_label_set=one)) for one in (False, True))
    for estimator in (Estimator(), Estimator(measure="doubt", span="joint"), ESTIMATORS["mc_decoder_eq7"]):
        found = whole.with_estimator(estimator).predict(POSTS)
        for post, together in zip(POSTS, found, strict=True):
            assert_same(together, whole.with_estimator(estimator).predict([post])[0])
        pairs = zip(found, predictor.with_estimator(estimator).predict(POSTS), strict=True)
        for one, legal in ((one, legal) for some, others in pairs for one, legal in zip(some, others, strict=True)):
            assert (one.span, one.type, one.region) == (legal.span, legal.type, legal.region)
            assert one.nats.of("region") == pytest.approx(legal.nats.of("region"), abs=1e-5)
            assert one.nats.of("type") != pytest.approx(legal.nats.of("type"), abs=1e-5)


def test_predict_each_equals_each_estimator_and_scheme_alone() -> None:
    predictor = fitted_predictor()
    settings = [(estimator, scheme) for estimator in VARIANTS for scheme in predictor.network.config.schemes.values()]
    together = predictor.predict_each(POSTS, settings)
    for (estimator, scheme), found in zip(settings, together, strict=True):
        alone = replace(predictor, estimator=estimator, scheme=scheme).predict(POSTS)
        for one, other in zip(found, alone, strict=True):
            assert_same(one, other)


def test_the_paper_s_estimator_is_chosen_by_name() -> None:
    paper = tiny_predictor().with_estimator(ESTIMATORS["mc_decoder"])
    assert (paper.estimator.sampling.passes, paper.estimator.sampling.encoder_layers) == (10, 0)
    assert ESTIMATORS["mc_decoder_eq7"].span == "eq7"


def test_p_passes_and_seed_change_the_uncertainty_and_nothing_else() -> None:
    plain = tiny_predictor().predict(POSTS[:1])[0]
    for sampling in (McDropout(p=0.4), McDropout(p=0.2, passes=3), McDropout(p=0.2, seed=1)):
        other = tiny_predictor().with_estimator(Estimator(sampling=sampling)).predict(POSTS[:1])[0]
        assert [(item.span, item.type) for item in other] == [(item.span, item.type) for item in plain]
        assert [item.nats for item in other] != [item.nats for item in plain]


def test_without_a_picture_nothing_is_groundable_and_that_is_certain() -> None:
    for found in tiny_predictor().predict([POSTS[0], POSTS[3]]):
        assert {(item.region, item.nats.region) for item in found} == {(None, 0.0)}


def test_a_picture_without_regions_can_still_be_pointed_at_as_a_whole() -> None:
    (found,) = tiny_predictor().predict([POSTS[4]])
    assert {item.region for item in found} <= {None, Box(0, 0, 40, 30)}
    assert all(item.nats.region > 0 for item in found), "there are two choices"


def test_where_the_whole_picture_is_none_no_name_has_it() -> None:
    found = [name for seed in range(8) for name in names_in_pictures(seed, True)]
    assert {name.region for name in found} == {None, REGIONS[0].box, REGIONS[1].box}
    picture = {Box(0, 0, 100, 100), Box(0, 0, 40, 30), Box(0, 0, 60, 60)}
    assert picture & {name.region for seed in range(8) for name in names_in_pictures(seed, False)}, "it has it else"


def names_in_pictures(seed: int, whole_picture_is_none: bool) -> list[Prediction]:
    config = replace(TINY, whole_picture_is_none=whole_picture_is_none)
    predictor = tiny_predictor(seed, config).with_estimator(ESTIMATORS["mc_decoder"])
    return [name for found in predictor.predict([POSTS[1], POSTS[2], POSTS[4]]) for name in found]


def test_types_fold_into_a_coarser_scheme() -> None:
    assert fold_types(np.array([[0.3, 0.7]]), NAMES).tolist() == [[1.0]]
    coarse = tiny_predictor()
    found = replace(coarse, scheme=NAMES).predict(POSTS[:2])
    assert [[(item.span, item.type) for item in items] for items in found] == [
        [(item.span, "NAME") for item in items] for items in coarse.predict(POSTS[:2])
    ]
    assert {item.nats.type for items in found for item in items} == {0.0}


@settings(max_examples=15, deadline=None)
@given(st.integers(60, 400), st.integers(1, 9))
def test_a_long_post_is_read_in_windows_to_its_last_word(words: int, length: int) -> None:
    post = ModelInput(tuple("abcdefghi"[:length] for _ in range(words)))
    (found,) = tiny_predictor().with_estimator(Estimator()).predict([post])
    spans = [item.span for item in found]
    assert spans == sorted(spans, key=lambda span: span.start)
    assert spans[-1].stop == words, "the random network names words until they are used up"


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (None, "reads 3 visual features a region and was given 0"),
        (np.ones(4, np.float32), "reads 3 visual features a region and was given 4"),
        (np.array([1.0, np.nan, 0.0], np.float32), "region 0 are not all finite"),
        (np.array([1.0, np.inf, 0.0], np.float32), "region 0 are not all finite"),
    ],
)
def test_features_that_do_not_fit_are_refused(features: "np.ndarray | None", message: str) -> None:
    predictor = tiny_predictor(config=replace(TINY, visual_features=3))
    good = np.ones(3, np.float32)
    picture = Region(Box(0, 0, 9, 9), "picture", features=good)
    post = ModelInput(("Ann",), (Region(Box(0, 0, 5, 5), "person", features=features), picture), (9, 9))
    with pytest.raises(SettingsError, match=message):
        predictor.predict([post])
    fine = replace(post, regions=(Region(Box(0, 0, 5, 5), "person", features=good), picture))
    assert predictor.predict([fine])[0]
