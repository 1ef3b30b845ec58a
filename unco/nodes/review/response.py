"""Reads a person's answers, in the form of Agent Inbox's `HumanResponse`, and applies them to an entity."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from unco.errors import Rejected, shorten
from unco.nodes.questions.correction import Value, with_correction
from unco.nodes.verify import verify_span, verify_type
from unco.tools.box_frames.checks import check_large_enough
from unco.types import Attribute, Box, Correction, Entity, Extraction, Span

Asked = TypeVar("Asked")

Faults = dict[str, str]
"""What is wrong with an answer, by `fault_key`."""

_CORNERS = TypeAdapter(
    Annotated[
        list[Annotated[float, Field(strict=True, allow_inf_nan=False)]], Field(strict=True, min_length=4, max_length=4)
    ]
)


class HumanResponse(BaseModel):
    """One answer."""

    type: Literal["accept", "edit", "ignore", "response"]
    args: Any = None
    """Of an edit the `action_request` with another `value`; of a response a remark in words."""
    by: str = Field(default="", max_length=200)
    """Who answers; empty = unnamed."""


def responses_to(asked: Sequence[Asked], given: Any) -> list[tuple[Asked, Any]]:
    """Pair answers with what was asked, in order: those of a shorter list are the first ones, an object is one answer.

    Of more answers than questions nobody knows which is whose, so then each question gets them all, which is refused.
    """
    answers = given if isinstance(given, list | tuple) else [given]
    return [(each, answers) for each in asked] if len(answers) > len(asked) else list(zip(asked, answers, strict=False))


def fault_key(entity: Entity, attribute: Attribute) -> str:
    """Name an attribute of an entity, as plain JSON."""
    return f"{entity.index} {attribute}"


def apply_answers(
    answers: Sequence[tuple[tuple[Entity, Attribute], Any]],
    entities: Sequence[Entity],
    extraction: Extraction,
) -> tuple[tuple[Entity, ...], Faults]:
    """Apply a person's answers one after another, each to what the ones before it left.

    Returns:
        The post's entities, and what is wrong with answers that cannot be used; their attributes stay as they are.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    by_index = {entity.index: entity for entity in entities}
    faults: Faults = {}
    for (entity, attribute), given in answers:
        others = [other.span for other in by_index.values() if other.index != entity.index]
        try:
            by_index[entity.index] = answered(given, by_index[entity.index], attribute, extraction, others, now)
        except Rejected as fault:
            faults[fault_key(entity, attribute)] = shorten(str(fault))
    return tuple(by_index.values()), faults


def answered(
    given: Any, entity: Entity, attribute: Attribute, extraction: Extraction, others: Sequence[Span], now: str
) -> Entity:
    """Apply a person's answer to an entity.

    Args:
        given: the answer, as it came.
        entity: as it is.
        attribute: what was asked about.
        extraction: the post.
        others: spans of its other entities.
        now: the time, ISO 8601.

    Raises:
        Rejected: it is no answer, or what it says cannot be true.
    """
    if isinstance(given, list | tuple):
        raise Rejected(f"a list of {len(given)} came for one request: send an answer for each request, or fewer")
    try:
        response = HumanResponse.model_validate(given)
    except ValidationError as error:
        raise Rejected(
            f'an answer is {{"type": "accept", "edit", "ignore" or "response", ...}}: {_first(error)}'
        ) from error
    note = next(note for note in entity.corrections if note.attribute == attribute)
    note = replace(note, by=response.by, at=now)
    match response.type:
        case "accept":
            note = replace(note, outcome="reviewed", after=_accepted(entity, attribute))
        case "edit":
            note = replace(
                note, outcome="reviewed", after=_edited(response.args, entity, attribute, extraction, others)
            )
        case "response":
            note = replace(note, detail=_with_remark(note, response.args))
    return _with_note(entity, note, extraction)


def _accepted(entity: Entity, attribute: Attribute) -> Value:
    if attribute == "type" and entity.type is None:
        raise Rejected("there is no type yet that could be accepted: edit it")
    return entity.value_of(attribute)


def _edited(args: Any, entity: Entity, attribute: Attribute, extraction: Extraction, others: Sequence[Span]) -> Value:
    """Verify the value of an edit, as an answer of the MLLM's is verified."""
    wanted = args.get("args") if isinstance(args, dict) else None
    if not isinstance(wanted, dict) or "value" not in wanted:
        raise Rejected('an edit has args: {"action": ..., "args": {"value": ...}}')
    about = str(wanted.get("entity", entity.index)), wanted.get("attribute", attribute)
    if about != (str(entity.index), attribute):
        raise Rejected("the edit is of another entity or attribute: answers come in the requests' order")
    if attribute == "span":
        return verify_span(_words(wanted["value"]), entity.span, extraction.tokens, others)
    if attribute == "type":
        return verify_type(_words(wanted["value"]), extraction.labels)
    if attribute == "region":
        return _region(wanted["value"], extraction)
    raise Rejected(f"a {attribute} cannot be edited here")


def _words(value: Any) -> str:
    if not isinstance(value, str):
        raise Rejected(f"the value must be text, got {shorten(repr(value))}")
    return value


def _region(value: Any, extraction: Extraction) -> Box | None:
    """Read a box in pixels of the picture, also as JSON text, as a form sends it; null = not in the picture."""
    info = extraction.seen_picture
    assert info is not None  # a region is asked about where there is a picture
    try:
        value = json.loads(value) if isinstance(value, str) else value
        box = None if value is None else Box(*_CORNERS.validate_python(value))
    except (ValueError, RecursionError) as error:
        raise Rejected("a box is [x1, y1, x2, y2] in pixels, with x1 < x2 and y1 < y2, or null") from error
    if box is None:
        return None
    if min(box.x1, box.y1) < 0 or box.x2 > info.width or box.y2 > info.height:
        raise Rejected(f"the box does not lie inside the picture of {info.width} x {info.height} pixels")
    check_large_enough(box, info.width, info.height)
    return box


def _with_remark(note: Correction, words: Any) -> str:
    """Add a person's words to why the attribute is open: they settle nothing."""
    remark = f"{note.by or 'a person'} says: {shorten(_words(words))}"
    return "; ".join(filter(None, (note.detail, remark)))


def _with_note(entity: Entity, note: Correction, extraction: Extraction) -> Entity:
    """Put a correction into the place of the one of the same attribute, and its value into the entity."""
    notes = tuple(note if one.attribute == note.attribute else one for one in entity.corrections)
    return replace(with_correction(entity, note, extraction), corrections=notes)


def _first(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    return shorten(f"{'.'.join(map(str, fault['loc']))} {fault['msg']}".strip())
