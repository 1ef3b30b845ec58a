"""In clutter, what is simulated does not give the answer away: text, things and people are there without a name."""

from pathlib import Path
from random import Random

from unco.evals.metrics.paper import region_correct
from unco.evals.metrics.region_rules import by_rule
from unco.small_model.gold_inputs import (
    CaptionedInput,
    RegionFilesInput,
    SimulatedRegionsInput,
    build_inputs,
    shown_by,
    text_only,
    with_clutter,
)
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region_files import RegionFolder
from unco.types import Box, GoldEntity, GoldPost, Span

WORDS = ("Ann", "Lee", "and", "Bob", "Ray", "saw", "the", "Blue", "Owls", "in", "Lima", "today")
NAMES = ("Red Foxes", "Oslo", "Eve Moss", "Gala Night")
PLAIN = SimulatedRegionsInput(NAMES)
CLUTTER = with_clutter(PLAIN)


def made_post(number: int) -> GoldPost:
    """Make a post of four names, each in the picture or not by a toss of a coin."""
    dice = Random(number)
    spans = ((Span(0, 2), "PER"), (Span(3, 5), "PER"), (Span(7, 9), "ORG"), (Span(10, 11), "LOC"))
    entities = tuple(GoldEntity(span, kind, _box(dice) if dice.random() < 0.5 else ()) for span, kind in spans)
    return GoldPost(str(number), WORDS, entities, (600, 400))


def _box(dice: Random) -> tuple[Box, ...]:
    x, y = dice.uniform(0, 400), dice.uniform(0, 200)
    return (Box(x, y, x + dice.uniform(20, 200), y + dice.uniform(20, 200)),)


POSTS = [made_post(number) for number in range(600)]


def share_in_picture(inputs: list[ModelInput]) -> float:
    """Compute how many of the names that a line of text says in part are in the picture."""
    said = [
        bool(entity.boxes)
        for post, shown in zip(POSTS, inputs, strict=True)
        for entity in post.entities[2:]
        for region in shown.regions
        if region.kind == "text"
        and {word.lower() for word in WORDS[entity.span.start : entity.span.stop]} & set(region.text.lower().split())
    ]
    return sum(said) / len(said)


def right_by_rule(inputs: list[ModelInput]) -> float:
    """Compute the share of names for which the trivial rule has the right region."""
    right = [
        region_correct(by_rule(entity.type, " ".join(WORDS[entity.span.start : entity.span.stop]), own), entity.boxes)
        for post, shown in zip(POSTS, inputs, strict=True)
        for own in [shown.candidates]
        for entity in post.entities
    ]
    return sum(right) / len(right)


def test_text_and_things_no_longer_give_the_answer_away() -> None:
    plain, clutter = build_inputs(PLAIN, POSTS), build_inputs(CLUTTER, POSTS)
    assert share_in_picture(plain) > 0.95
    assert 0.5 < share_in_picture(clutter) < 0.87, "text is evidence, and no proof"
    assert right_by_rule(plain) > 0.5, "never to ground has half of them right"
    assert right_by_rule(clutter) < 0.3
    nothing = [post for post in POSTS if not any(entity.boxes for entity in post.entities)]
    assert {region.kind for shown in build_inputs(PLAIN, nothing) for region in shown.regions} == {"person", "text"}
    assert any(region.kind == "object" for shown in build_inputs(CLUTTER, nothing) for region in shown.regions)


def test_what_is_in_the_picture_can_still_be_found() -> None:
    gold = [
        (entity, shown)
        for post, shown in zip(POSTS, build_inputs(CLUTTER, POSTS), strict=True)
        for entity in post.entities
        if entity.boxes
    ]
    found = [any(region_correct(one.box, entity.boxes) for one in shown.regions) for entity, shown in gold]
    assert 0.6 < sum(found) / len(found) < 0.95


def test_the_same_seed_makes_the_same_regions_within_the_picture() -> None:
    posts = POSTS[:50]
    first = build_inputs(CLUTTER, posts)
    assert build_inputs(CLUTTER, posts) == first
    assert build_inputs(CLUTTER, posts, seed=1) != first
    for region in (region for shown in first for region in shown.regions):
        assert 0 <= region.box.x1 < region.box.x2 <= 600.001
        assert 0 <= region.box.y1 < region.box.y2 <= 400.001


def test_a_post_without_names_and_words_to_write_has_clutter_too() -> None:
    empty = GoldPost("1", ("hi",), (), None)
    shown = [with_clutter(SimulatedRegionsInput(()))(empty, Random(seed)).regions for seed in range(40)]
    assert {region.kind for regions in shown for region in regions} == {"person", "text", "object"}


def test_only_simulated_regions_get_clutter_and_each_says_what_it_shows(tmp_path: Path) -> None:
    files = RegionFilesInput(RegionFolder(tmp_path))
    captioned = CaptionedInput(PLAIN, {})
    assert with_clutter(captioned) == CaptionedInput(CLUTTER, {})
    assert with_clutter(files) is files
    blind = CaptionedInput(lambda post, random: text_only(post), {})
    shown = [shown_by(builder) for builder in (captioned, with_clutter(captioned), files, blind)]
    assert shown == ["simulated regions", "simulated regions in clutter", "region files", "no regions"]
