"""Verifies an entity that the MLLM found by itself and converts it to an `Entity`."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from unco.errors import Rejected
from unco.nodes.questions.question import Question
from unco.nodes.verify import find_span, read_box, verify_type
from unco.prompts import FoundEntity
from unco.tools.extraction.text import surface
from unco.types import ATTRIBUTES, Attribute, Box, Correction, Entity, PostQuestion, Span, Uncertainty

NOT_SURE: Mapping[Attribute, float] = MappingProxyType({})
"""Nobody knows how sure the MLLM was; then the uncertainty is the highest, 1."""


def verified_entity(
    item: FoundEntity,
    question: Question,
    note: PostQuestion,
    others: Sequence[Entity],
    sure: Mapping[Attribute, float] = NOT_SURE,
) -> Entity:
    """Build an entity for the result, with a correction for each attribute that says where it is from.

    Args:
        item: what the answer says.
        question: the question that it answers.
        note: whose answer it is; its cost stays there.
        others: entities that are there already.
        sure: how probable its values are to the MLLM, where that is known; their uncertainty is the rest to 1.

    Raises:
        Rejected: its words do not stand in the post or are another entity's, or there is no such type.
    """
    extraction = question.extraction
    span = find_span(item.entity, extraction.tokens, [other.span for other in others])
    try:
        entity_type = verify_type(item.type, extraction.labels)
    except Rejected as fault:
        raise Rejected(f"{item.entity!r}: {fault}") from fault
    region, fault_of_box = _region(item, question)
    return Entity(
        index=len(others),
        span=span,
        text=surface(extraction.text, extraction.offsets, span),
        start_char=extraction.offsets[span.start][0],
        stop_char=extraction.offsets[span.stop - 1][1],
        type=entity_type,
        region=region,
        uncertainty=Uncertainty(*(1.0 - sure.get(name, 0.0) for name in ATTRIBUTES)),
        nats=Uncertainty(0.0, 0.0, 0.0),
        corrections=(
            _added("span", span, question, note, sure),
            _added("type", entity_type, question, note, sure),
            _added("region", region, question, note, sure, fault_of_box),
        ),
        found_by=note.finder,
    )


def _region(item: FoundEntity, question: Question) -> tuple[Box | None, str]:
    """Return the region, and what is wrong with the answer's box, if it is none."""
    if item.bounding_box is None:
        return None, ""
    info = question.extraction.seen_picture
    if info is None or question.image is None or question.frame is None:
        return None, "the post has no picture to look at"
    size = (info.width, info.height)
    try:
        box = read_box(item.bounding_box, item.named_corners, question.frame, size, tokens=item.location_tokens)
        return box, ""
    except Rejected as fault:
        return None, str(fault)


def _added(
    attribute: Attribute,
    value: Span | str | Box | None,
    question: Question,
    note: PostQuestion,
    sure: Mapping[Attribute, float],
    fault: str = "",
) -> Correction:
    return Correction(
        attribute=attribute,
        outcome="rejected" if fault else "added",
        before=None,
        after=value,
        uncertainty=1.0 - sure.get(attribute, 0.0),
        threshold=question.extraction.thresholds.of(attribute),
        detail=fault,
        answer="null" if value is None and not fault else "value",
        confidence=sure.get(attribute),
        reasoning=note.reasoning,
        prompt=note.prompt,
        prompt_hash=note.prompt_hash,
        model=note.model,
        authored=note.authored,
        cache_hit=note.cache_hit,
        input_tokens=0,
        output_tokens=0,
    )
