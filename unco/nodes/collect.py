"""The last node: collects the entities in order, each with three corrections, and sets the doubtful ones apart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from unco.nodes.questions.usage import usage_of
from unco.nodes.remember import Why, from_json
from unco.nodes.run_choices import unasked_outcome
from unco.state import ENTITY, EXTRACTION, POST_QUESTION, RESULT, Json, PostState, to_json
from unco.tools.extraction.text import with_span
from unco.tools.memory.decisions import Remembered
from unco.tools.memory.weigh import Weighed
from unco.types import ATTRIBUTES, Correction, Dropped, Entity, Extraction, NearMiss, PostQuestion, Result, Thresholds


def collect(state: PostState) -> Json:
    """Merge the corrected entities into the extracted ones, by index; settle spans that came to overlap."""
    result = result_of(
        extraction=EXTRACTION.validate_python(state["extraction"]),
        corrected=tuple(map(ENTITY.validate_python, state["corrected"].values())),
        questions=tuple(map(POST_QUESTION.validate_python, state.get("questions", ()))),
        identity=state.get("id"),
        remembered=from_json(state.get("remembered")),
    )
    return to_json(RESULT, result)


def result_of(
    extraction: Extraction,
    corrected: Sequence[Entity] = (),
    questions: tuple[PostQuestion, ...] = (),
    identity: str | None = None,
    remembered: Why = MappingProxyType({}),
) -> Result:
    """Build a post's result.

    Args:
        extraction: what the small model said.
        corrected: those of its entities that came back from the correctors.
        questions: about the post as a whole.
        identity: the caller's name for the post.
        remembered: what memory did to doubts.
    """
    by_index = {entity.index: entity for entity in corrected}
    merged = [by_index.get(entity.index, entity) for entity in extraction.entities]
    entities = [
        with_skips(entity, extraction.thresholds_of(entity), remembered.get(entity.index, {}))
        for entity in settle_overlaps(merged, extraction)
    ]
    kept, dropped = split_by_doubt(entities, extraction.thresholds)
    return Result(
        text=extraction.text,
        tokens=extraction.tokens,
        entities=kept,
        picture=extraction.picture,
        thresholds=extraction.thresholds,
        model=extraction.model,
        warnings=extraction.warnings,
        id=identity,
        usage=usage_of([note for entity in entities for note in entity.corrections], questions),
        questions=questions,
        types=tuple(label.name for label in extraction.labels) if extraction.own_labels else (),
        dropped=dropped,
        near_misses=_still_missed(extraction, entities),
    )


def _still_missed(extraction: Extraction, entities: Sequence[Entity]) -> tuple[NearMiss, ...]:
    """List the near misses whose words no entity has come to have."""
    spans = [entity.span for entity in entities]
    return tuple(one for one in extraction.near_misses if not any(one.span.overlaps(span) for span in spans))


def split_by_doubt(
    entities: Sequence[Entity], thresholds: Thresholds
) -> tuple[tuple[Entity, ...], tuple[Dropped, ...]]:
    """Split entities, with their corrections, into those that stay and those that are dropped, in order."""
    dropped = tuple(Dropped(entity, entity.doubt) for entity in entities if entity.doubt > thresholds.drop)
    gone = {one.entity.index for one in dropped}
    return tuple(entity for entity in entities if entity.index not in gone), dropped


def settle_overlaps(entities: Sequence[Entity], extraction: Extraction) -> list[Entity]:
    """Undo moves until no two entities share a token: the later one that has moved goes back.

    Where they were found they do not overlap, so this ends, at the latest with all of them back.
    """
    settled = list(entities)
    while (index := _last_overlapping(settled, extraction.entities)) is not None:
        settled[index] = _restored(settled[index], extraction.entities[index], extraction)
    return settled


def _last_overlapping(entities: Sequence[Entity], before: Sequence[Entity]) -> int | None:
    """Find the last entity that has moved and shares a token with another."""
    moved = (index for index in range(len(entities) - 1, -1, -1) if entities[index].span != before[index].span)
    for index in moved:
        others = (entity.span for place, entity in enumerate(entities) if place != index)
        if any(entities[index].span.overlaps(span) for span in others):
            return index
    return None


def _restored(entity: Entity, before: Entity, extraction: Extraction) -> Entity:
    """Restore span, type and region as extracted: the answers were about the words of another entity."""
    detail = f"{entity.text!r} shares words with another entity"
    corrections = tuple(
        replace(note, outcome="rejected", after=note.before, detail=detail)
        if note.attribute == "span" or note.outcome in ("changed", "kept", "added")
        else note
        for note in entity.corrections
    )
    found = with_span(entity, before.span, extraction.text, extraction.offsets)
    return replace(found, type=before.type, region=before.region, regions=before.regions, corrections=corrections)


def with_skips(
    entity: Entity, thresholds: Thresholds, remembered: Mapping[Remembered, Weighed] = MappingProxyType({})
) -> Entity:
    """Add a `skipped` correction for each attribute below its threshold, in the order span, type, region.

    Args:
        entity: with the corrections that it got.
        thresholds: its own.
        remembered: what memory did to its doubts: the reason why nobody was asked, perhaps.
    """
    why: dict[str, str] = {name: str(one) for name, one in remembered.items()}
    noted = {note.attribute: note for note in entity.corrections}
    return replace(
        entity,
        corrections=tuple(
            noted.get(name)
            or Correction(
                attribute=name,
                outcome=unasked_outcome(name, entity),
                before=entity.value_of(name),
                after=entity.value_of(name),
                uncertainty=entity.uncertainty.of(name),
                threshold=thresholds.of(name),
                detail=why.get(name, ""),
                reason="off" if unasked_outcome(name, entity) == "unavailable" else None,
            )
            for name in ATTRIBUTES
        ),
    )
