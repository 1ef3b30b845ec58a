"""Where an entity goes next (Algorithm 1). Pure functions of the state; the return types draw the edges.

An attribute is routed when its uncertainty is strictly above its threshold: at or below, nobody is asked.
"""

from typing import Literal

from langgraph.types import Send

from unco.state import EntityState, Json, PostState
from unco.types import ATTRIBUTES, Attribute


def is_uncertain(entity: Json, attribute: Attribute, extraction: Json) -> bool:
    """Whether an attribute is above its threshold."""
    return bool(entity["uncertainty"][attribute] > extraction["thresholds"][attribute])


def route_entities(state: PostState) -> list[Send] | Literal["collect"]:
    """Send each entity that has an uncertain attribute; the sure ones stay as they are."""
    extraction, image = state["extraction"], state.get("image")
    about = {**extraction, "entities": []}  # a corrector sees its own entity only; a hundred copies of all would weigh
    common = {
        "extraction": about,
        "image": image,
        "private": state.get("private", False),
        "deadline": state.get("deadline"),
    }
    grants = state.get("grants")
    sends = [
        Send("correct_entity", common | {"entity": entity, "grants": grants and grants.get(str(entity["index"]))})
        for entity in extraction["entities"]
        if any(is_uncertain(entity, attribute, extraction) for attribute in ATTRIBUTES)
    ]
    return sends or "collect"


def route_span(state: EntityState) -> Literal["correct_span", "correct_type", "correct_region", "__end__"]:
    """From the start: to the span corrector, or past it."""
    return "correct_span" if is_uncertain(state["entity"], "span", state["extraction"]) else route_type(state)


def route_type(state: EntityState) -> Literal["correct_type", "correct_region", "__end__"]:
    """From the span corrector: to the type corrector, or past it."""
    return "correct_type" if is_uncertain(state["entity"], "type", state["extraction"]) else route_region(state)


def route_region(state: EntityState) -> Literal["correct_region", "__end__"]:
    """From the type corrector: to the region corrector, or past it."""
    return "correct_region" if is_uncertain(state["entity"], "region", state["extraction"]) else "__end__"
