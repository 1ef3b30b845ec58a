"""The node that asks a person: one interrupt for all that is open in a post, and again for what an answer left open."""

from collections.abc import Sequence
from typing import Any

from langgraph.types import interrupt

from unco.nodes.collect import split_by_doubt
from unco.nodes.review.request import ReviewRequest, request_of
from unco.nodes.review.response import apply_answers, fault_key, responses_to
from unco.state import ENTITY, EXTRACTION, Json, PostState, ReviewState, to_json
from unco.types import Attribute, Entity

Asked = tuple[Entity, Attribute]

NOT_WANTED: ReviewState = {"outcomes": [], "faults": {}}


def to_review(state: PostState) -> list[Asked]:
    """List the attributes that a person is to be asked about, in the order of the entities: span, type, region.

    They are above their thresholds, have an outcome that the run wants reviewed, and no answer of a person's. A region
    is among them only where the post has a picture that can be used. Dropped entities are asked about too: an answer
    may bring one back.
    """
    outcomes = state.get("review_state", NOT_WANTED)["outcomes"]
    if not outcomes:
        return []
    has_picture = EXTRACTION.validate_python(state["extraction"]).seen_picture is not None
    return [
        (entity, note.attribute)
        for entity in _entities(state)
        for note in entity.corrections
        if note.outcome in outcomes and note.uncertainty > note.threshold and not note.at
        if note.attribute != "region" or has_picture
    ]


def review(state: PostState) -> Json:
    """Interrupt with what is open, then apply the answers; what could not be used is open still, with the reason."""
    asked = to_review(state)
    given = interrupt(_requests(asked, state))  # the node starts anew when the run goes on: no effect before this line
    return _update(responses_to(asked, given), state)


def _requests(asked: Sequence[Asked], state: PostState) -> list[ReviewRequest]:
    extraction, faults = EXTRACTION.validate_python(state["extraction"]), state["review_state"]["faults"]
    return [
        request_of(entity, attribute, extraction, state.get("image"), faults.get(fault_key(entity, attribute)))
        for entity, attribute in asked
    ]


def _update(responses: Sequence[tuple[Asked, Any]], state: PostState) -> Json:
    """Update the state: the entities, and what was wrong with answers, until a better one comes."""
    extraction = EXTRACTION.validate_python(state["extraction"])
    entities, faults = apply_answers(responses, _entities(state), extraction)
    kept, dropped = split_by_doubt(tuple(entities), extraction.thresholds)
    answered = {fault_key(*asked) for asked, _ in responses}
    old = {key: fault for key, fault in state["review_state"]["faults"].items() if key not in answered}
    return {
        "entities": [to_json(ENTITY, entity) for entity in kept],
        "dropped": [{"entity": to_json(ENTITY, one.entity), "doubt": one.doubt} for one in dropped],
        "review_state": state["review_state"] | {"faults": old | faults},
    }


def _entities(state: PostState) -> list[Entity]:
    """Read the post's entities, dropped ones among them, by index."""
    found = [*state["entities"], *(one["entity"] for one in state.get("dropped", ()))]
    return sorted(map(ENTITY.validate_python, found), key=lambda entity: entity.index)
