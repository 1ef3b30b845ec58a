"""A name may be in the picture more than once: all of its boxes go from the small model to scores and files."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.tiny import extraction
from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost
from unco.evals.formats.prediction_lines import predicted_of, read_prediction_lines, write_prediction_lines
from unco.evals.metrics import official, paper
from unco.small_model.regions.region import Region, RegionKind, distinct_boxes
from unco.small_model.uncertainty.region_choice import likely_regions
from unco.state import RESULT
from unco.types import Box, Entity, GoldEntity, GoldPost, Result, Span, Uncertainty

LEFT, RIGHT, LEFT_AGAIN = Box(0, 0, 40, 90), Box(60, 0, 100, 90), Box(2, 0, 42, 90)
HALF = Uncertainty(0.5, 0.5, 0.5)
GOLD = GoldPost("1", ("Ann", "Lee"), (GoldEntity(Span(0, 2), "PER", (LEFT, RIGHT)),), (100, 100))


def entity(region: Box | None = LEFT, regions: tuple[Box, ...] = (LEFT, RIGHT)) -> Entity:
    return replace(extraction(("Ann", "Lee"), [(Span(0, 2), "PER", region, HALF)]).entities[0], regions=regions)


def test_regions_begin_with_the_region() -> None:
    assert entity().regions == (LEFT, RIGHT)
    assert entity(regions=()).regions == (LEFT,)
    assert replace(entity(), region=RIGHT).regions == (RIGHT,)
    assert replace(entity(), region=None).regions == ()
    assert replace(entity(), type="ORG").regions == (LEFT, RIGHT)


@pytest.mark.parametrize(
    ("probabilities", "chosen"),
    [
        ((0.5, 0.3, 0.1, 0.1), (0, 1)),
        ((0.2, 0.5, 0.2, 0.1), (1,)),
        ((0.3, 0.0, 0.3, 0.4), ()),
        ((0.3, 0.29, 0.01, 0.4), ()),
        ((0.4, 0.2, 0.05, 0.35), (0,)),
        ((1.0,), ()),
    ],
)
def test_others_that_are_nearly_as_likely_are_boxes_too(
    probabilities: tuple[float, ...], chosen: tuple[int, ...]
) -> None:
    assert likely_regions(probabilities) == chosen


def test_boxes_of_one_name_are_of_one_kind_and_show_different_things() -> None:
    def found(box: Box, kind: RegionKind = "person") -> Region:
        return Region(box, kind)

    assert distinct_boxes([found(LEFT), found(LEFT_AGAIN), found(RIGHT)]) == (LEFT, RIGHT)
    assert distinct_boxes([found(LEFT), found(RIGHT, "text")]) == (LEFT,)
    assert distinct_boxes([found(Box(0, 0, 100, 100), "picture"), found(RIGHT, "picture")]) == (Box(0, 0, 100, 100),)
    assert distinct_boxes([]) == ()


def test_the_official_rule_counts_each_box_the_papers_the_first() -> None:
    one, both, wrong = entity(regions=()), entity(), entity(regions=(LEFT, Box(0, 95, 5, 99)))
    count = partial(official.count_post, GOLD, task="GMNER", types=frozenset({"PER"}))
    assert count([one]) == paper.Score(1, 1, 2)
    assert count([both]) == paper.Score(2, 2, 2)
    assert count([wrong]).correct == 1
    assert [paper.count_post(GOLD, [each], "GMNER") for each in (one, both, wrong)] == [paper.Score(1, 1, 1)] * 3


def result() -> Result:
    found = extraction(("Ann", "Lee"), [])
    return Result(found.text, found.tokens, (entity(),), None, found.thresholds, "tiny", id="1")


def test_files_hold_all_boxes_and_those_of_before_are_read(tmp_path: Path) -> None:
    assert Result.from_json(result().to_json()) == result()
    data = RESULT.dump_python(result(), mode="json")
    del data["entities"][0]["regions"]
    assert RESULT.validate_python(data).entities[0].regions == (LEFT,)
    lines = tmp_path / "lines.jsonl"
    posts = [predicted_of(result()), PredictedPost("2", (Predicted(Span(0, 1), "PER", NOWHERE),), ("Bo",))]
    assert posts[0].entities[0].regions == (LEFT, RIGHT)
    write_prediction_lines(posts[:1], lines)
    assert read_prediction_lines(lines)[0].entities == posts[0].entities
    assert posts[1].entities[0].regions == (NOWHERE,)
