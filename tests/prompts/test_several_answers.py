"""Several answers in one reply: the last of a row counts, of a list that differs none; words around do no harm."""

import pytest

from unco.errors import ReplyError
from unco.prompts import AnswerName, EntitiesAnswer, SpanAnswer, parse_answer

GOOD = '{"reasoning_process": "A city.", "corrected_entity": "New Oslo"}'
OTHER = GOOD.replace("New Oslo", "Bergen")


@pytest.mark.parametrize(
    "text",
    [
        f"[{GOOD}, {OTHER}]",
        f"```json\n[{GOOD},\n{OTHER}]\n```",
        f"Both: [{GOOD}, {OTHER}] as asked.",
        f"[{GOOD}, {OTHER},]",
        '[{"entity": "Oslo", "corrected_entity": "New Oslo"}, {"entity": "Bergen", "corrected_entity": "Bergen"}]',
    ],
)
def test_a_list_of_answers_that_differ_is_none(text: str) -> None:
    with pytest.raises(ReplyError, match="one answer is asked for, and there are 2"):
        parse_answer(text, "stop", "span")


@pytest.mark.parametrize("text", [f"[{GOOD}, {GOOD}]", f"[{GOOD.replace('A city', 'B')}, {GOOD}]", f"{OTHER}\n{GOOD}"])
def test_answers_that_agree_and_a_correction_behind_a_draft_are_read(text: str) -> None:
    answer = parse_answer(text, "stop", "span")
    assert isinstance(answer, SpanAnswer)
    assert answer.corrected_entity == "New Oslo"


@pytest.mark.parametrize(
    "text",
    [
        '[{"corrected_bounding_box": [1, 2, 30, 40]}, {"corrected_bounding_box": [5, 6, 70, 80]}]',
        '{"bbox_2d": [1, 2, 30, 40], "label": "a"}\n{"bbox_2d": [5, 6, 70, 80], "label": "b"}',
        'I see {"bbox_2d": [1, 2, 30, 40]} and {"bbox_2d": [5, 6, 70, 80]}.',
    ],
)
@pytest.mark.parametrize("kind", ["region", "candidate", "look"])
def test_several_boxes_are_none_in_whatever_form(text: str, kind: AnswerName) -> None:
    with pytest.raises(ReplyError, match="one (answer|box) is asked for, and there are 2"):
        parse_answer(text, "stop", kind)


@pytest.mark.parametrize(
    "around",
    ["{}\n\nNote: corrected_entity is New Oslo.", "Here:\n{}\nThe `corrected_entity` was changed."],
)
def test_words_about_the_key_behind_the_object_do_not_break_it_off(around: str) -> None:
    answer = parse_answer(around.replace("{}", GOOD), "stop", "span")
    assert isinstance(answer, SpanAnswer)
    assert answer.corrected_entity == "New Oslo"


def test_a_key_with_two_values_is_no_answer() -> None:
    twice = GOOD.replace("}", ', "corrected_entity": "Bergen"}')
    spelt = GOOD.replace("}", ', "Corrected Entity": "Bergen"}')
    for text in (twice, f"```json\n{twice}\n```", f"Here: {twice}", spelt):
        with pytest.raises(ReplyError, match="[Cc]orrected.[Ee]ntity stands twice in the answer, with two values"):
            parse_answer(text, "stop", "span")
    with pytest.raises(ReplyError, match=r"^corrected_\?2J stands"):
        parse_answer('{"corrected_\\u001b[2J": 1, "corrected_\\u001b[2J": 2}', "stop", "span")
    assert parse_answer(twice.replace("Bergen", "New Oslo"), "stop", "span")
    assert parse_answer(GOOD.replace("{", '{"reasoning_process": "first", ', 1), "stop", "span")


def test_an_object_and_another_value_of_its_key_are_no_answer() -> None:
    with pytest.raises(ReplyError):
        parse_answer(f"{GOOD}\ncorrected_entity: Bergen", "stop", "span")


@pytest.mark.parametrize(
    "draft",
    [
        '{"reasoning_process": "{a}, {b}", "corrected_entity": "Bergen"}',
        '{"facts": [{"a": 1}, {"b": 2}], "corrected_entity": "Bergen"}',
    ],
)
def test_a_list_within_an_object_makes_no_list_of_answers(draft: str) -> None:
    for text in (f"{draft}\n{GOOD}", f"```json\n{draft}\n```\nNo:\n```json\n{GOOD}\n```"):
        answer = parse_answer(text, "stop", "span")
        assert isinstance(answer, SpanAnswer)
        assert answer.corrected_entity == "New Oslo"


def test_a_second_list_of_entities_corrects_the_first() -> None:
    first = (
        '{"entities": [{"entity": "Ann", "type": "ORG", "bbox": null}, {"entity": "Bo", "type": "PER", "bbox": null}]}'
    )
    answer = parse_answer(
        f"```json\n{first}\n```\nNo:\n```json\n{first.replace('ORG', 'PER')}\n```", "stop", "entities"
    )
    assert isinstance(answer, EntitiesAnswer)
    assert [entity.type for entity in answer.entities] == ["PER", "PER"]
