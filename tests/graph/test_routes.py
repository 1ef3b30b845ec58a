"""Algorithm 1: strictly above its threshold an attribute is sent to its corrector, in the order span, type, region."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from langgraph.types import Send

from unco.graph.entity import route_region, route_span, route_type
from unco.graph.routes import neighbours, route_entities
from unco.state import EntityState
from unco.types import ATTRIBUTES

shares = st.one_of(st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.floats(0, 1))
numbers = st.fixed_dictionaries({name: shares for name in ATTRIBUTES})
posts = st.tuples(numbers, st.lists(numbers, max_size=5))


Numbers = dict[str, float]
"""Attribute -> a threshold or an uncertainty."""


def visited(state: Any) -> list[str]:
    """The correctors that an entity comes by, in order."""
    after: dict[str, Callable[[EntityState], str]] = {
        "correct_span": route_type,
        "correct_type": route_region,
        "correct_region": lambda state: "__end__",
    }
    stops: list[str] = [route_span(state)]
    while stops[-1] != "__end__":
        stops.append(after[stops[-1]](state))
    return stops[:-1]


def extraction(thresholds: Numbers, uncertainties: list[Numbers]) -> dict[str, Any]:
    entities = [
        {
            "index": index,
            "uncertainty": uncertainty,
            "span": {"start": index, "stop": index + 1},
            "text": "",
            "type": "PER",
        }
        for index, uncertainty in enumerate(uncertainties)
    ]
    return {"thresholds": thresholds, "entities": entities}


@given(numbers, numbers)
def test_exactly_what_is_above_its_threshold_is_corrected_in_order(thresholds: Numbers, uncertainties: Numbers) -> None:
    state = {"entity": {"index": 0, "uncertainty": uncertainties}, "post": {"extraction": {"thresholds": thresholds}}}
    above = [f"correct_{name}" for name in ATTRIBUTES if uncertainties[name] > thresholds[name]]
    assert visited(state) == above


@given(numbers)
def test_at_its_threshold_an_attribute_stays(thresholds: Numbers) -> None:
    state = {"entity": {"index": 0, "uncertainty": thresholds}, "post": {"extraction": {"thresholds": thresholds}}}
    assert visited(state) == []


@given(posts)
def test_only_entities_that_need_work_are_sent_and_in_order(post: tuple[Numbers, list[Numbers]]) -> None:
    extraction_json = extraction(*post)
    uncertain = [
        entity
        for entity in extraction_json["entities"]
        if any(entity["uncertainty"][name] > extraction_json["thresholds"][name] for name in ATTRIBUTES)
    ]
    route = route_entities({"extraction": extraction_json, "image": "a.png"})
    if not uncertain:
        assert route == "collect"
        return
    sends = [send for send in route if isinstance(send, Send)]
    assert len(sends) == len(route)
    assert all(send.node == "correct_entity" for send in sends)
    assert [send.arg for send in sends] == [
        {
            "entity": entity,
            "post": {
                "extraction": {**extraction_json, "entities": []},
                "image": "a.png",
                "private": False,
                "deadline": None,
            },
            "entity_grants": None,
            "neighbours": neighbours(extraction_json["entities"])[entity["index"]],
        }
        for entity in uncertain
    ]
