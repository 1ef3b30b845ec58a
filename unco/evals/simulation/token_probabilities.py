"""Make the token probabilities of a simulated answer: they know its errors as well as its profile says."""

import json
from collections.abc import Iterator
from math import exp, log
from random import Random
from statistics import NormalDist
from typing import Any

from unco.evals.simulation.answering import same_answer
from unco.prompts.answer_place import place_of_value, places_in_list
from unco.types import ATTRIBUTES, Attribute

KEYS: dict[Attribute, str] = {
    "span": "corrected_entity",
    "type": "corrected_type",
    "region": "corrected_bounding_box",
}
LISTED: dict[Attribute, str] = {"span": "entity", "type": "type", "region": "bounding_box"}
"""The same in a list of entities."""


def token_probabilities(text: str, right: dict[str, Any], auroc: float, draw: Random) -> dict[str, Any] | None:
    """Build the `logprobs` of a choice; each value is one token, and so is all between two of them.

    Args:
        text: the answer, well formed; of others there are no probabilities.
        right: the answer of a model that does not err.
        auroc: at least 0.5, below 1.
        draw: random generator.
    """
    try:
        found = json.loads(text)
    except ValueError:
        return None
    tokens, begin = list[tuple[str, float]](), 0
    values = _listed_values if "entities" in found else _values
    for start, stop, is_right in sorted(values(text, found, right)):
        tokens += [(text[begin:start], 0.0), (text[start:stop], log(chance_of(is_right, auroc, draw)))]
        begin = stop
    tokens.append((text[begin:], 0.0))
    content: list[dict[str, Any]] = [
        {"token": token, "logprob": chance, "bytes": None, "top_logprobs": []} for token, chance in tokens if token
    ]
    return {"content": content}


def chance_of(is_right: bool, auroc: float, draw: Random) -> float:
    """Draw the probability of a value that is right or wrong.

    A normal variable is drawn, with a mean apart for right and wrong values that gives the AUROC. The probability is
    what Bayes' rule makes of it where right and wrong are equally frequent.

    Args:
        is_right: whether the value is.
        auroc: at least 0.5, below 1.
        draw: random generator.
    """
    apart = 2**0.5 * NormalDist().inv_cdf(auroc)
    drawn = draw.gauss(apart if is_right else 0.0, 1.0)
    return 1 / (1 + exp(apart * (apart / 2 - drawn)))


def _values(text: str, found: dict[str, Any], right: dict[str, Any]) -> Iterator[tuple[int, int, bool]]:
    """Yield where each value of an answer about one entity stands, and whether it is right."""
    for name in ATTRIBUTES:
        if place := place_of_value(text, name):
            yield (*place, same_answer(found.get(KEYS[name]), right.get(KEYS[name])))


def _listed_values(text: str, found: dict[str, Any], right: dict[str, Any]) -> Iterator[tuple[int, int, bool]]:
    """Yield the same of a list of entities; type and box of one are compared with the right one of the same words."""
    items, by_words = found["entities"], {item["entity"]: item for item in right.get("entities", ())}
    for name in ATTRIBUTES:
        places = places_in_list(text, name)
        if len(places) != len(items) or not all(set(LISTED.values()) <= item.keys() for item in items):
            continue  # written in another way, as a profile may have it
        for place, item in zip(places, items, strict=True):
            same = by_words.get(item["entity"])
            yield (*place, same is not None and same_answer(item[LISTED[name]], same[LISTED[name]]))
