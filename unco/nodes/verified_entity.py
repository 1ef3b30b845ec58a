"""An entity that the MLLM found by itself, checked and brought into the form of all others."""

from collections.abc import Sequence

from unco.errors import Rejected
from unco.nodes.questions.question import Question
from unco.nodes.verify import find_span, read_box, verify_type
from unco.prompts import FoundEntity
from unco.tools.extraction.text import surface
from unco.types import Attribute, Box, Correction, Entity, PostQuestion, Span, Uncertainty

UNMEASURED = Uncertainty(1.0, 1.0, 1.0)
"""Of what no small model has weighed: as unsure as can be."""


def verified_entity(item: FoundEntity, question: Question, asked: PostQuestion, others: Sequence[Entity]) -> Entity:
    """An entity for the result, with a correction for each attribute that says where it is from.

    Args:
        item: what the answer says.
        question: what it was asked with.
        asked: whose answer it is; its cost stays there.
        others: entities that are there already.

    Raises:
        Rejected: its words do not stand in the post or are another entity's, or there is no such type.
    """
    extraction = question.extraction
    span = find_span(item.entity, extraction.tokens, [other.span for other in others])
    try:
        kind = verify_type(item.type, extraction.labels)
    except Rejected as fault:
        raise Rejected(f"{item.entity!r}: {fault}") from fault
    region, fault_of_box = _region(item, question)
    return Entity(
        index=len(others),
        span=span,
        text=surface(extraction.text, extraction.offsets, span),
        start_char=extraction.offsets[span.start][0],
        stop_char=extraction.offsets[span.stop - 1][1],
        type=kind,
        region=region,
        uncertainty=UNMEASURED,
        nats=Uncertainty(0.0, 0.0, 0.0),
        corrections=(
            _added("span", span, question, asked),
            _added("type", kind, question, asked),
            _added("region", region, question, asked, fault_of_box),
        ),
        found_by=asked.finder,
    )


def _region(item: FoundEntity, question: Question) -> tuple[Box | None, str]:
    """Where it is, and what is wrong with the box that was given, if it is none."""
    if item.bounding_box is None:
        return None, ""
    info = question.extraction.picture
    if info is None or question.image is None or question.frame is None:
        return None, "the post has no picture to look at"
    try:
        return read_box(item.bounding_box, item.named_corners, question.frame, (info.width, info.height)), ""
    except Rejected as fault:
        return None, str(fault)


def _added(
    attribute: Attribute, value: Span | str | Box | None, question: Question, asked: PostQuestion, fault: str = ""
) -> Correction:
    return Correction(
        attribute=attribute,
        outcome="rejected" if fault else "added",
        before=None,
        after=value,
        uncertainty=1.0,
        threshold=question.extraction.thresholds.of(attribute),
        detail=fault,
        answer="null" if value is None and not fault else "value",
        reasoning=asked.reasoning,
        prompt=asked.prompt,
        prompt_hash=asked.prompt_hash,
        model=asked.model,
        authored=asked.authored,
        cache_hit=asked.cache_hit,
        input_tokens=0,
        output_tokens=0,
    )
