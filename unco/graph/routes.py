"""Routing functions: where a post goes next. Pure functions of the state; the return types draw the edges.

An attribute is routed when its uncertainty is strictly above its threshold: at or below, nobody is asked.
"""

from typing import Literal

from langchain_core.runnables import RunnableConfig
from langgraph.types import Send

from unco.nodes.remember import is_to_remember
from unco.nodes.review.node import to_review
from unco.nodes.settings import own_context
from unco.state import Json, PostState, SharedState
from unco.types import ATTRIBUTES, Attribute, Thresholds, Uncertainty

NEIGHBOURS = 4
"""How many other entities a corrector is given, to each side of its own."""


def is_routed(entity: Json, attribute: Attribute, extraction: Json) -> bool:
    """Return whether an attribute is above its threshold: the entity's own, else that of all."""
    own, index = extraction.get("own_thresholds") or (), entity["index"]
    thresholds = own[index] if index < len(own) else extraction["thresholds"]
    return Thresholds(**thresholds).are_exceeded(Uncertainty(**entity["uncertainty"]), attribute)


def route_extracted(state: PostState, config: RunnableConfig) -> list[Send] | Literal["recall", "collect"]:
    """Route from the small model: first to the question for missed entities, where the run wants it or one is near."""
    # `update_state` routes outside of a run, by the state alone: LangGraph then has no runtime, and would refuse one.
    runtime = config["configurable"].get("__pregel_runtime")
    wanted = own_context(runtime and runtime.context).recall or is_near_missed(state["extraction"])
    return "recall" if wanted else route_entities(state)


def is_near_missed(extraction: Json) -> bool:
    """Return whether a near miss is likely enough to ask about missed entities."""
    level = extraction["thresholds"].get("recall")
    return level is not None and any(one["chance"] > level for one in extraction.get("near_misses", ()))


def route_entities(state: PostState) -> list[Send] | Literal["collect"]:
    """Send each entity that has an uncertain attribute to the entity graph; the sure ones stay as they are."""
    return _uncertain_to("correct_entity", state) or "collect"


def route_one_shot(state: PostState) -> list[Send] | Literal["collect"]:
    """Send each entity that has an uncertain attribute to the one question that corrects all three."""
    return _uncertain_to("correct_one_shot", state) or "collect"


def route_to_generation(state: PostState) -> Literal["generate", "collect"]:
    """Route to the question for all entities, where the small model is unsure of any attribute of any entity."""
    return "generate" if _uncertain_to("generate", state) else "collect"


def route_review(state: PostState) -> Literal["review", "remember", "__end__"]:
    """Route to a person, as long as anything is open that the run wants reviewed; then to the run's memory."""
    if to_review(state):
        return "review"
    return "remember" if is_to_remember(state) else "__end__"


def _uncertain_to(node: str, state: PostState) -> list[Send]:
    extraction = state["extraction"]
    uncertain = [
        entity
        for entity in extraction["entities"]
        if any(is_routed(entity, attribute, extraction) for attribute in ATTRIBUTES)
        and entity.get("found_by", "small model") == "small model"  # what the MLLM found is not asked about again
    ]
    return send_each(node, state, uncertain)


def send_each(node: str, state: PostState, entities: list[Json]) -> list[Send]:
    """Send each of these entities to a node, with what it needs to know of its post."""
    extraction, grants = state["extraction"], state.get("grants")
    # A corrector sees its own entity and the nearest others; a hundred copies of all would weigh.
    post: SharedState = {
        "extraction": {**extraction, "entities": []},
        "image": state.get("image"),
        "private": state.get("private", False),
        "deadline": state.get("deadline"),
    }
    near = neighbours(extraction["entities"]) if entities else {}
    return [
        Send(
            node,
            {
                "entity": entity,
                "post": post,
                "neighbours": near[entity["index"]],
                "entity_grants": grants and grants.get(str(entity["index"])),
            },
        )
        for entity in entities
    ]


def neighbours(entities: list[Json]) -> dict[int, list[Json]]:
    """Find the neighbours of each entity, by its index: up to four before it in the text and four behind it.

    Entities do not overlap, so whatever a corrected span could reach is among them: it moves by three words at most.
    """
    ordered = sorted(entities, key=lambda entity: int(entity["span"]["start"]))
    shown = [
        {name: entity[name] for name in ("index", "span", "text")} | {"type": entity["type"] or entity.get("hint")}
        for entity in ordered
    ]
    return {
        entity["index"]: shown[max(0, place - NEIGHBOURS) : place] + shown[place + 1 : place + 1 + NEIGHBOURS]
        for place, entity in enumerate(ordered)
    }
