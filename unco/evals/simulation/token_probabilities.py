"""Make the token probabilities of a simulated answer: they know its errors as well as its profile says."""

import json
from math import exp, log
from random import Random
from statistics import NormalDist
from typing import Any

from unco.evals.simulation.answering import same_answer
from unco.prompts.answer_place import place_of_value
from unco.types import ATTRIBUTES, Attribute

KEYS: dict[Attribute, str] = {
    "span": "corrected_entity",
    "type": "corrected_type",
    "region": "corrected_bounding_box",
}


def token_probabilities(text: str, right: dict[str, Any], auroc: float, draw: Random) -> dict[str, Any] | None:
    """Build the `logprobs` of a choice; each value is one token, and so is all between two of them.

    A normal variable is drawn for each value, with a mean apart for right and wrong ones that gives the AUROC. The
    probability is what Bayes' rule makes of it where right and wrong are equally frequent.

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
    apart = 2**0.5 * NormalDist().inv_cdf(auroc)
    tokens, begin = list[tuple[str, float]](), 0
    for start, stop, name in sorted((*place, name) for name in ATTRIBUTES if (place := place_of_value(text, name))):
        is_right = same_answer(found.get(KEYS[name]), right.get(KEYS[name]))
        drawn = draw.gauss(apart if is_right else 0.0, 1.0)
        tokens += [(text[begin:start], 0.0), (text[start:stop], -log(1 + exp(apart * (apart / 2 - drawn))))]
        begin = stop
    tokens.append((text[begin:], 0.0))
    content: list[dict[str, Any]] = [
        {"token": token, "logprob": chance, "bytes": None, "top_logprobs": []} for token, chance in tokens if token
    ]
    return {"content": content}
