"""What the doubt of a region learns on dev, and how it is judged."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tiny import fitted_predictor, gold_post
from unco.evals.metrics.uncertainty import auroc, wrong_regions
from unco.small_model.config import ESTIMATORS
from unco.small_model.gold_inputs import RegionFilesInput, SimulatedRegionsInput, build_inputs, with_clutter
from unco.small_model.regions.region_files import RegionFolder
from unco.training.learn.regions import learn_regions
from unco.types import GoldEntity, GoldPost

LOOK = SimulatedRegionsInput(("Blue Owls", "Ann Lee"))


def posts_as_found() -> list[GoldPost]:
    """Make posts whose gold spans are what the tiny model finds, in the picture as made posts have it."""
    predictor = fitted_predictor()
    posts = [gold_post(str(number)) for number in range(8)]
    found = predictor.predict(build_inputs(LOOK, posts))
    return [
        replace(
            post,
            entities=tuple(
                GoldEntity(item.span, item.type, post.entities[0].boxes if index % 2 else ())
                for index, item in enumerate(items)
            ),
        )
        for post, items in zip(posts, found, strict=True)
    ]


@pytest.mark.slow
def test_it_is_fitted_with_and_without_clutter_and_judged_beside_confidence() -> None:
    posts, predictor = posts_as_found(), fitted_predictor()
    learned = learn_regions(predictor, LOOK, posts)
    assert learned.regression is not None
    assert learned.held_out.keys() == {"simulated regions", "simulated regions in clutter"}
    shown = build_inputs(with_clutter(LOOK), posts)
    found = predictor.with_estimator(ESTIMATORS["confidence"]).predict(shown)
    flags = wrong_regions(posts, found)
    stated = [entity.nats.region for entities in found for entity in entities]
    pairs = [(value, flag) for value, flag in zip(stated, flags, strict=True) if flag is not None]
    measured = learned.held_out["simulated regions in clutter"]
    assert measured.confidence == pytest.approx(auroc(*zip(*pairs, strict=True)))
    assert measured.ece is not None
    assert 0.0 <= measured.ece <= 1.0


def test_without_pictures_nothing_is_fitted(tmp_path: Path) -> None:
    learned = learn_regions(fitted_predictor(), RegionFilesInput(RegionFolder(tmp_path)), posts_as_found())
    assert (learned.regression, learned.held_out) == (None, {})
