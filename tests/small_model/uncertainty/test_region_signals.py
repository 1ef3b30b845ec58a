"""Which box: entities share one only with a reason, and what speaks against a box raises the doubt of it."""

from dataclasses import replace
from math import log

import pytest

from tests.tiny import fitted_predictor, gold_post, tiny_predictor
from unco.small_model.config import ESTIMATORS
from unco.small_model.gold_inputs import SimulatedRegionsInput, build_inputs, with_clutter
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region import Region
from unco.small_model.uncertainty.region_choice import Pointer, said_by, share_out
from unco.small_model.uncertainty.region_signals import REGION_SIGNALS, region_signals
from unco.small_model.uncertainty.regression import Regression
from unco.types import Box

LEFT, RIGHT, LINE = Box(0, 0, 50, 100), Box(50, 0, 100, 100), Box(0, 0, 10, 10)
PEOPLE = (Region(LEFT, "person"), Region(RIGHT, "person"))


def pointer(name: str, *chances: float, is_person: bool = True) -> Pointer:
    return Pointer(name, is_person, chances)


def test_the_surer_name_keeps_the_region_and_the_other_takes_its_next() -> None:
    ann, bob = pointer("Ann", 0.6, 0.1, 0.3), pointer("Bob", 0.5, 0.3, 0.2)
    assert share_out([ann, bob], PEOPLE) == [(0,), (1,)]
    assert share_out([bob, ann], PEOPLE) == [(1,), (0,)]


def test_a_name_whose_next_region_is_less_likely_than_none_is_not_in_the_picture() -> None:
    assert share_out([pointer("Ann", 0.6, 0.1, 0.3), pointer("Bob", 0.5, 0.2, 0.3)], PEOPLE) == [(0,), ()]


def test_a_name_and_a_part_of_it_may_share_a_region() -> None:
    ann = pointer("Ann", 0.6, 0.1, 0.3)
    assert share_out([ann, pointer("ANN", 0.5, 0.1, 0.4)], PEOPLE) == [(0,), (0,)]
    assert share_out([ann, pointer("Ann Lee", 0.5, 0.1, 0.4)], PEOPLE) == [(0,), (0,)]
    assert share_out([pointer("Ann Ray", 0.6, 0.1, 0.3), pointer("Ann Lee", 0.5, 0.1, 0.4)], PEOPLE) == [(0,), ()]


def test_names_that_both_stand_on_a_region_may_share_it() -> None:
    names = [pointer("Chelsea", 0.6, 0.4), pointer("Arsenal FC", 0.5, 0.5)]
    assert share_out(names, [Region(LINE, "text", "CHELSEA vs arsenal")]) == [(0,), (0,)]
    assert share_out(names, [Region(LINE, "text", "CHELSEA")]) == [(0,), ()]


def test_signs_around_a_word_do_not_hide_it() -> None:
    assert said_by('"Phillies" of #Philadelphia,', "Philadelphia Phillies") == 1.0
    assert said_by("St. John's", "St John's") == 1.0
    assert said_by("Johns", "John's") == 0.0
    assert said_by("& more", "M & S") == pytest.approx(1 / 3)
    assert said_by("!!!", "") == 0.0


def test_a_further_region_is_taken_only_after_the_first_ones_of_all() -> None:
    ann = pointer("Ann", 0.5, 0.3, 0.2)
    assert share_out([ann], PEOPLE) == [(0, 1)]
    assert share_out([ann, pointer("Bob", 0.2, 0.4, 0.4)], PEOPLE) == [(0,), (1,)]


def test_nothing_to_choose_from() -> None:
    assert share_out([pointer("Ann", 1.0)], []) == [()]
    assert share_out([], PEOPLE) == []


def test_features_of_a_region_by_hand() -> None:
    candidates = (PEOPLE[0], Region(LINE, "text", "bob live"))
    pointers = [pointer("Ann", 0.6, 0.1, 0.3), pointer("Bob Ray", 0.5, 0.2, 0.3)]
    ann, bob = region_signals(pointers, [(0,), ()], candidates, (100, 100))
    assert len(ann) == len(bob) == REGION_SIGNALS
    entropy = -sum(chance * log(chance) for chance in (0.6, 0.1, 0.3))
    within = -sum(chance * log(chance) for chance in (6 / 7, 1 / 7))
    kinds, area = (1.0, 0.0, 0.0), log(0.5 + 0.001)
    chances = (*(log(value + 0.01) for value in (entropy, 0.4, 0.3, within)), 0.0)
    around = (0.0, 1.0, 0.0, log(2), log(2), log(3))
    assert ann == pytest.approx(
        (
            *chances,
            *(1.0, 1 - 0.6 / 1.1, *kinds, 0.0, 0.0, area, 1.0, log(2), 1.0, 1.0, 0.0, 0.0),
            *around,
            *(*chances, *around),  # once more, as she has a region
            *chances,  # and once more, as she is a person
        )
    )
    # Bob lost his likeliest region to Ann; there is a person, and a text with one of his two words.
    assert bob[1:5] == pytest.approx((log(0.71), log(0.31), 0.0, 1.0))
    assert bob[5:25] == pytest.approx((*(0.0,) * 12, 1.0, 0.0, 0.5, 1.0, 0.0, log(2), log(2), log(3)))
    assert bob[25:36] == (0.0,) * 11  # he has no region
    assert bob[36:] == bob[:5]


def test_a_text_without_the_name_is_no_evidence() -> None:
    candidates = (Region(LINE, "text", "Bob"), Region(LEFT, "text", "ann"))
    (row,) = region_signals([pointer("Ann", 0.9, 0.05, 0.05, is_person=False)], [(0,)], candidates, (100, 100))
    said, unsaid, area = row[10:13]
    assert (said, unsaid, area) == pytest.approx((0.0, 1.0, log(0.01 + 0.001)))
    assert row[19] == 1.0, "another region says it"


def test_the_learned_doubt_is_the_regression_s_and_falls_back_without_one() -> None:
    learned = fitted_predictor().with_estimator(ESTIMATORS["learned"])
    posts = build_inputs(with_clutter(SimulatedRegionsInput(("Blue Owls",))), [gold_post(str(n)) for n in range(4)])
    posts += [ModelInput(("Ann", "Lee", "sings"))]
    regression = Regression(tuple((-1.0) ** i / 5 for i in range(REGION_SIGNALS)), 0.2)
    rows = learned.region_signals(posts)
    found = replace(learned, region_regression=regression).predict(posts)
    plain = learned.predict(posts)
    assert rows[-1] == []
    assert [entity.nats.region for entity in found[-1]] == [0.0] * len(found[-1]), "nothing to choose from"
    for entities, signals in zip(found[:-1], rows, strict=False):
        assert [entity.nats.region for entity in entities] == pytest.approx([regression(row) for row in signals])
    groundable = learned.with_estimator(ESTIMATORS["tags"]).predict(posts)
    assert [[entity.nats.region for entity in post] for post in plain] == [
        [entity.nats.region for entity in post] for post in groundable
    ]


def test_confidence_is_of_what_was_chosen() -> None:
    predictor = tiny_predictor().with_estimator(ESTIMATORS["confidence"])
    posts = build_inputs(with_clutter(SimulatedRegionsInput(("Blue Owls",))), [gold_post(str(n)) for n in range(12)])
    for post, entities in zip(posts, predictor.predict(posts), strict=True):
        for entity in entities:
            stated = 1.0 - entity.nats.region
            assert 0.0 < stated <= 1.0
        boxes = [entity.region for entity in entities if entity.region]
        names = {
            " ".join(post.words[entity.span.start : entity.span.stop]).lower() for entity in entities if entity.region
        }
        texts = [region.text for region in post.regions if region.box in boxes]
        assert len(set(boxes)) == len(names) or any(texts)
