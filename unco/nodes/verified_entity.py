"""An entity that the MLLM found by itself, checked and brought into the form of all others."""

from collections.abc import Sequence

from unco.errors import Rejected
from unco.nodes.questions.question import PostCase
from unco.nodes.verify import find_span, read_box, verify_type
from unco.prompts import FoundEntity
from unco.tools.extraction.text import surface
from unco.types import Attribute, Box, Correction, Entity, PostQuestion, Span, Uncertainty

UNMEASURED = Uncertainty(1.0, 1.0, 1.0)
"""Of what no small model has weighed: as unsure as can be."""


def verified_entity(item: FoundEntity, case: PostCase, question: PostQuestion, others: Sequence[Entity]) -> Entity:
    """An entity for the result, with a correction for each attribute that says where it is from.

    Args:
        item: what the answer says.
        case: the post.
        question: whose answer it is; its cost stays there.
        others: entities that are there already.

    Raises:
        Rejected: its words do not stand in the post or are another entity's, or there is no such type.
    """
    extraction = case.extraction
    span = find_span(item.entity, extraction.tokens, [other.span for other in others])
    try:
        kind = verify_type(item.type, extraction.labels)
    except Rejected as fault:
        raise Rejected(f"{item.entity!r}: {fault}") from fault
    region, fault_of_box = _region(item, case)
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
            _added("span", span, case, question),
            _added("type", kind, case, question),
            _added("region", region, case, question, fault_of_box),
        ),
        found_by=question.finder,
    )


def _region(item: FoundEntity, case: PostCase) -> tuple[Box | None, str]:
    """Where it is, and what is wrong with the box that was given, if it is none."""
    if item.bounding_box is None:
        return None, ""
    info = case.extraction.picture
    if info is None or case.image is None or case.frame is None:
        return None, "the post has no picture to look at"
    try:
        return read_box(item.bounding_box, item.named_corners, case.frame, (info.width, info.height)), ""
    except Rejected as fault:
        return None, str(fault)


def _added(
    attribute: Attribute, value: Span | str | Box | None, case: PostCase, question: PostQuestion, fault: str = ""
) -> Correction:
    return Correction(
        attribute=attribute,
        outcome="rejected" if fault else "added",
        before=None,
        after=value,
        uncertainty=1.0,
        threshold=case.extraction.thresholds.of(attribute),
        detail=fault,
        answer="null" if value is None and not fault else "value",
        reasoning=question.reasoning,
        prompt=question.prompt,
        prompt_hash=question.prompt_hash,
        model=question.model,
        authored=question.authored,
        cache_hit=question.cache_hit,
        input_tokens=0,
        output_tokens=0,
    )
