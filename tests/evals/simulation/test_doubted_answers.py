"""A simulated model knows its own errors as well as its profile says, and chooses between two readings."""

import json
from math import exp
from random import Random
from typing import Any

import pytest

from tests.evals.simulation.ask_simulation import GOLD, HALF, TEXT, about, question, send
from unco.evals.metrics.uncertainty import auroc
from unco.evals.simulation import Profile, simulate
from unco.evals.simulation.profile import Chances
from unco.evals.simulation.token_probabilities import token_probabilities

READINGS = {
    "span": ("Ann Lee", "Lee"),
    "type": ("PER: a person", "ORG: a group"),
    "region": ("[10, 5, 40, 45]", "not in the picture"),
}
"""The right one first."""


def test_the_probabilities_have_the_auroc() -> None:
    draw, is_right, chances = Random(1), list[bool](), list[float]()
    for number in range(4000):
        text = json.dumps({"corrected_type": "PER" if number % 3 else "ORG"})
        found = token_probabilities(text, {"corrected_type": "PER"}, 0.75, draw)
        assert found is not None
        assert "".join(token["token"] for token in found["content"]) == text
        is_right.append(bool(number % 3))
        chances.append(exp(found["content"][1]["logprob"]))
    assert auroc([-chance for chance in chances], [not right for right in is_right]) == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("asked", [True, False])
def test_they_are_given_where_they_are_asked_for(asked: bool) -> None:
    fields = {"logprobs": True} if asked else {}
    body = question(about(TEXT, "Lee"), "corrected_type", size=HALF) | fields
    with simulate([GOLD], "gpt-4o", Profile(answer_auroc=0.9)) as simulation:
        (choice,) = send(simulation.url, body)[2]["choices"]
    assert ("logprobs" in choice) == asked


def test_a_profile_without_an_auroc_gives_none() -> None:
    with simulate([GOLD], "gpt-4o") as simulation:
        body = question(about(TEXT, "Lee"), "corrected_type") | {"logprobs": True}
        assert "logprobs" not in send(simulation.url, body)[2]["choices"][0]


def opinion(attribute: str, first: str, second: str) -> dict[str, Any]:
    readings = (
        f"First reading of its {attribute}: <first>{first}</first>\nSecond reading of its {attribute}: "
        f"<second>{second}</second>\n"
    )
    return question(about(TEXT, "Lee") + readings, "chosen", size=HALF)


@pytest.mark.parametrize("attribute", READINGS)
@pytest.mark.parametrize("errs", [False, True])
def test_the_right_reading_is_chosen_or_with_an_error_the_other(attribute: str, errs: bool) -> None:
    right, wrong = READINGS[attribute]
    profile = Profile(right=Chances(span=0, type=0, region=0)) if errs else Profile()
    with simulate([GOLD], "gpt-4o", profile) as simulation:
        for first, second in ((right, wrong), (wrong, right)):
            reply = send(simulation.url, opinion(attribute, first, second))[2]["choices"][0]["message"]["content"]
            assert json.loads(reply)["chosen"] == ("first" if (first == right) != errs else "second")


def test_a_list_has_a_probability_for_each_value_that_knows_whether_it_is_right() -> None:
    lee = {"entity": "Lee", "type": "PER", "bounding_box": [1, 2, 30, 40]}
    moved = lee | {"type": "ORG", "bounding_box": [50, 60, 70, 80]}
    text = json.dumps({"reasoning_process": "x", "entities": [lee, moved | {"entity": "Ann"}, moved]})
    sums = dict.fromkeys(range(9), 0.0)
    draw = Random(1)
    for _ in range(300):
        found = token_probabilities(text, {"entities": [lee]}, 0.9, draw)
        assert found is not None
        values = [token["logprob"] for token in found["content"][1::2]]
        sums |= {place: sums[place] + exp(value) / 300 for place, value in enumerate(values)}
    assert [sums[place] > 0.5 for place in range(9)] == [True, True, True, False, False, False, True, False, False]


def test_an_empty_list_has_probabilities_too() -> None:
    found = token_probabilities('{"entities": []}', {"entities": []}, 0.9, Random(1))
    assert found is not None
    assert [token["token"] for token in found["content"]] == ['{"entities": []}']
