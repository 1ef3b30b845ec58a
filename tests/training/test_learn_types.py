"""What is learned of types: the names of train are kept, and dev judges by posts that were not fitted on."""

from dataclasses import replace
from random import Random
from statistics import mean

import numpy as np
import pytest

from tests.tiny import LABELS, LETTERS, tiny_predictor
from unco.errors import DataError
from unco.evals.metrics.uncertainty import auroc
from unco.small_model.config import ESTIMATORS
from unco.small_model.gold_inputs import SimulatedRegionsInput
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.regression import fit_regression
from unco.training.calibrate import can_estimate
from unco.training.learn.spans import FOLDS
from unco.training.learn.types import learn_types
from unco.types import GoldEntity, GoldPost

LOOK = SimulatedRegionsInput(())


def posts_of(predictor: Predictor, seed: int, count: int) -> list[GoldPost]:
    """Gold is what the model says, but for each third name, which is of the other type."""
    dice = Random(seed)
    texts = [tuple(dice.choice(LETTERS) for _ in range(dice.randint(3, 12))) for _ in range(count)]
    other = {LABELS[0].name: LABELS[1].name, LABELS[1].name: LABELS[0].name}
    return [
        GoldPost(
            str(index),
            text,
            tuple(
                GoldEntity(item.span, other[item.type] if ord(text[item.span.start]) % 3 == 0 else item.type, ())
                for item in found
            ),
            None,
        )
        for index, (text, found) in enumerate(
            zip(texts, predictor.predict([ModelInput(text) for text in texts]), strict=True)
        )
    ]


def test_names_of_train_tell_wrong_types_of_dev() -> None:
    predictor = tiny_predictor()
    train, dev = posts_of(predictor, 1, 60), posts_of(predictor, 2, 30)
    learned = learn_types(predictor, LOOK, train, dev)
    assert len(learned.known.names) == sum(len(post.entities) for post in train)
    assert learned.known.types.tolist() == [
        [label.name for label in LABELS].index(item.type) for post in train for item in post.entities
    ]
    own = predictor.network.config.schemes["tiny"]
    shown = [ModelInput(post.tokens) for post in dev]
    fitted = replace(predictor, training_names=learned.known)
    rows, found = fitted.type_signals(shown, own), predictor.predict(shown)
    cases = [
        (row, item.type != gold.type, index % FOLDS)
        for index, post in enumerate(dev)
        for row, item, gold in zip(rows[index], found[index], post.entities, strict=True)
    ]
    assert {wrong for _, wrong, _ in cases} == {True, False}
    chances = {
        flag: mean(learned.regressions["tiny"](row) for row, wrong, _ in cases if wrong == flag) for flag in (0, 1)
    }
    assert chances[1] > chances[0]
    held_out = []
    for row, _, fold in cases:
        others = [(other, wrong) for other, wrong, own_fold in cases if own_fold != fold]
        held_out.append(fit_regression([other for other, _ in others], [wrong for _, wrong in others])(row))
    wrong = [flag for _, flag, _ in cases]
    assert learned.held_out["tiny"] == pytest.approx(auroc(held_out, wrong), abs=1e-6)
    assert learned.tags["tiny"] == pytest.approx(auroc([row[0] for row, _, _ in cases], wrong), abs=1e-6)
    assert learned.held_out["names"] is None, "of one type none is wrong"


def test_a_name_that_two_windows_share_leaves_its_post_out() -> None:
    predictor = tiny_predictor()
    train, dev = posts_of(predictor, 1, 20), posts_of(predictor, 2, 10)
    words = tuple(f"{letter}{digit}" for letter in "abcdefgh" for digit in "0123456789")
    spans = predictor.predict([ModelInput(words)])[0]
    long = GoldPost("long", words, tuple(GoldEntity(item.span, item.type, ()) for item in spans), None)
    known = learn_types(predictor, LOOK, [*train, long], dev).known
    short = sum(len(post.entities) for post in train)
    assert len(known.names) in (short, short + len(long.entities)), "whole posts alone, so that types fit their names"


def test_nothing_to_learn_from_is_reported() -> None:
    predictor = tiny_predictor()
    posts = posts_of(predictor, 1, 5)
    with pytest.raises(DataError, match="no name"):
        learn_types(predictor, LOOK, [replace(post, entities=()) for post in posts], posts)


def test_where_no_span_is_right_no_scheme_is_learned() -> None:
    predictor = tiny_predictor()
    posts = posts_of(predictor, 1, 5)
    nothing = [replace(post, entities=()) for post in posts]
    learned = learn_types(predictor, LOOK, posts, nothing)
    assert (learned.regressions, learned.held_out, learned.tags) == ({}, {}, {})
    bare = replace(predictor, training_names=learned.known)
    assert not any(can_estimate(bare, ESTIMATORS["learned"], one) for one in bare.network.config.schemes.values())
    assert can_estimate(bare, ESTIMATORS["tags"], bare.scheme)


def test_the_same_posts_give_the_same_names() -> None:
    predictor = tiny_predictor()
    train, dev = posts_of(predictor, 1, 20), posts_of(predictor, 2, 10)
    one, other = (learn_types(predictor, LOOK, train, dev) for _ in range(2))
    assert np.array_equal(one.known.names, other.known.names)
    assert one.regressions == other.regressions
