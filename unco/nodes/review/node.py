"""The node that asks a person: one interrupt for all that is open in a post, and again for what an answer left open."""

from datetime import UTC, datetime

from langgraph.types import interrupt

from unco.errors import Rejected
from unco.nodes.review.request import request_of
from unco.nodes.review.response import answered, responses_to
from unco.state import ENTITY, EXTRACTION, Json, PostState, ReviewState, to_json
from unco.types import Attribute, Entity

NOT_WANTED: ReviewState = {"outcomes": [], "faults": {}}


def to_review(state: PostState) -> list[tuple[Entity, Attribute]]:
    """List the attributes that a person is to be asked about, in the order of the entities: span, type, region.

    They are above their thresholds, have an outcome that the run wants reviewed, and no answer of a person's. A region
    is among them only where the post has a picture that can be used.
    """
    outcomes = state.get("review", NOT_WANTED)["outcomes"]
    if not outcomes:
        return []
    has_picture = EXTRACTION.validate_python(state["extraction"]).seen_picture is not None
    return [
        (entity, note.attribute)
        for entity in map(ENTITY.validate_python, state["entities"])
        for note in entity.corrections
        if note.outcome in outcomes and note.uncertainty > note.threshold and not note.at
        if note.attribute != "region" or has_picture
    ]


def review(state: PostState) -> Json:
    """Interrupt with what is open, then apply the answers; what could not be used is open still, with the reason."""
    asked, faults = to_review(state), dict(state["review"]["faults"])
    extraction = EXTRACTION.validate_python(state["extraction"])
    requests = [
        request_of(entity, attribute, extraction, state.get("image"), faults.get(_key(entity, attribute)))
        for entity, attribute in asked
    ]
    given = interrupt(requests)  # the node starts anew when the run goes on: nothing may have an effect before
    now = datetime.now(UTC).isoformat(timespec="seconds")
    entities = [ENTITY.validate_python(entity) for entity in state["entities"]]
    places = {entity.index: place for place, entity in enumerate(entities)}
    for (entity, attribute), response in responses_to(asked, given):
        place, key = places[entity.index], _key(entity, attribute)
        others = [other.span for other in entities if other.index != entity.index]
        faults.pop(key, None)
        try:
            entities[place] = answered(response, entities[place], attribute, extraction, others, now)
        except Rejected as fault:
            faults[key] = str(fault)
    return {
        "entities": [to_json(ENTITY, entity) for entity in entities],
        "review": state["review"] | {"faults": faults},
    }


def _key(entity: Entity, attribute: Attribute) -> str:
    return f"{entity.index} {attribute}"
