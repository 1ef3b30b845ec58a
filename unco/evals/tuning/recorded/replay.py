"""Replay recorded paths: compute what the graph would give under any thresholds, without a call."""

from collections.abc import Sequence
from dataclasses import replace

from unco.errors import SettingsError
from unco.evals.tuning.recorded.paths import Answered, PostPaths, Recording
from unco.nodes.collect import result_of, settle_overlaps
from unco.nodes.questions.correction import with_correction
from unco.types import ATTRIBUTES, Attribute, Correction, Entity, Extraction, Result, Thresholds

Routing = tuple[bool, bool, bool]
"""Whether span, type and region of an entity are asked about."""


def replay(recording: Recording, thresholds: Thresholds) -> list[Result]:
    """Compute the result of each post, exact but for the threshold that a prompt states and the seconds of calls.

    Raises:
        SettingsError: a threshold is below the recording's floor.
    """
    check_floor(recording.about.floor, thresholds)
    return [replay_post(post, thresholds) for post in recording.posts]


def check_floor(floor: Thresholds, thresholds: Thresholds) -> None:
    """Refuse thresholds below which nothing was recorded.

    Raises:
        SettingsError: names the attribute.
    """
    for name in ATTRIBUTES:
        if thresholds.of(name) < floor.of(name):
            raise SettingsError(
                f"nothing was recorded below a {name} threshold of {floor.of(name)}, so {thresholds.of(name)} cannot be"
                " tried: record with a lower floor"
            )


def replay_post(post: PostPaths, thresholds: Thresholds) -> Result:
    """Compute the result of one post under thresholds."""
    extraction = replace(post.extraction, thresholds=thresholds)
    routings = [routing_of(entity, extraction.thresholds_of(entity)) for entity in extraction.entities]
    return result_of(extraction, replay_entities(post, extraction, routings), identity=post.id)


def routing_of(entity: Entity, thresholds: Thresholds) -> Routing:
    """Tell which attributes are asked about: those strictly above their threshold."""
    span, kind, region = (thresholds.are_exceeded(entity.uncertainty, name) for name in ATTRIBUTES)
    return span, kind, region


def replay_entities(post: PostPaths, extraction: Extraction, routings: Sequence[Routing]) -> list[Entity]:
    """Correct a post's entities by the given routings, and settle their overlaps."""
    corrected = [
        replay_entity(entity, answers, routing, extraction)
        for entity, answers, routing in zip(extraction.entities, post.answers, routings, strict=True)
    ]
    return settle_overlaps(corrected, extraction)


def replay_entity(entity: Entity, answers: Sequence[Answered], routing: Routing, extraction: Extraction) -> Entity:
    """Correct one entity by Algorithm 1; its corrections name the thresholds of the extraction."""
    thresholds = extraction.thresholds_of(entity)
    for name, asked in zip(ATTRIBUTES, routing, strict=True):
        if asked:
            note = _answer(entity, name, answers)
            note = replace(note, threshold=thresholds.of(name))
            entity = with_correction(entity, note, extraction)
    return entity


def _answer(entity: Entity, attribute: Attribute, answers: Sequence[Answered]) -> Correction:
    """Find the recorded answer about the entity as it is now."""
    for one in answers:
        if one.correction.attribute == attribute and (one.span, one.type) == (entity.span, entity.type):
            return one.correction
    raise SettingsError(
        f"the {attribute} of {entity.text!r} ({entity.shown_type}) was not asked about on this path: record it anew"
    )
