"""How sure an MLLM was of each entity of a list: found by place, and not guessed where the place is not known."""

import pytest

from tests.scripted import found, spoken
from unco.nodes.questions.accept import Sure, confidence_in_entity, confidences_in_list
from unco.prompts import EntitiesAnswer, parse_answer
from unco.tools.llm.request import Reply

TWO = found(("Ann", "PER", None), ("Ann", "PER", [1, 2, 3, 4]))


def sure(text: str, chances: float = -0.5) -> list[Sure]:
    """One token for each character, all equally probable."""
    logs = tuple((place, chances) for place in range(1, len(text.encode()) + 1))
    answer = parse_answer(text, "stop", "entities")
    assert isinstance(answer, EntitiesAnswer)
    reply = Reply(text=text, finish_reason="stop", model="m", log_probabilities=logs)
    return confidences_in_list(reply, answer.entities)


def test_each_value_has_the_probability_of_its_own_tokens() -> None:
    first, second = sure(TWO, -0.1)
    assert first == {"span": pytest.approx(2.718281828**-0.3), "type": pytest.approx(2.718281828**-0.3)} | {
        "region": pytest.approx(2.718281828**-0.4)  # the word null
    }
    assert second["region"] == pytest.approx(2.718281828**-0.1), "of a box the geometric mean"
    assert confidence_in_entity(second) == pytest.approx(2.718281828**-0.6)


def test_nothing_is_known_of_none() -> None:
    assert sure(spoken(entities=[])) == []
    assert confidence_in_entity({"span": 0.5}) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"entities": [{"entity": "Ann", "type": "PER", "bounding_box": null}], "type": "list", "entity": "x"}',
        "{'entities': [{'entity': 'Ann', 'type': 'PER', 'bounding_box': null}]}",
        '{"entities": [{"entity": "Ann", "type": "PER", "bounding_box": {"type": "none", "entity": {"a": "b"}}}]}',
    ],
)
def test_where_the_place_is_not_sure_nobody_guesses(text: str) -> None:
    try:
        (one,) = sure(text)
    except Exception as error:
        assert type(error).__name__ == "ReplyError"  # noqa: PT017  # the box is none
    else:
        assert "span" not in one
        assert "type" not in one
