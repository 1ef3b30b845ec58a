"""What a model thinks aloud is no answer, in whatever signs its family writes it."""

import pytest

from unco.errors import ReplyError
from unco.prompts import TypeAnswer, parse_answer
from unco.prompts.thoughts import without_thoughts
from unco.tools.llm.request import Reply, needs_room

DRAFT = 'Perhaps {"reasoning_process": "r", "corrected_type": "ORG"}? Or {PER}. '
ANSWER = '{"reasoning_process": "r", "corrected_type": "LOC"}'

BLOCKS = [
    ("<think>", "</think>"),
    ("<THINK>\n", "\n</THINK>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("◁think▷", "◁/think▷"),
    ("[THINK]", "[/THINK]"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel|>analysis<|message|>", "<|end|>"),
    ("<|channel|>analysis<|message|>", "<|start|>assistant<|channel|>final<|message|>"),
    ("<|channel>thought\n", "<channel|>"),
]


def corrected(text: str, finish_reason: str = "stop") -> str:
    answer = parse_answer(text, finish_reason, "type")
    assert isinstance(answer, TypeAnswer)
    return answer.corrected_type


@pytest.mark.parametrize(("begin", "end"), BLOCKS)
def test_the_answer_behind_the_thoughts_counts_and_none_among_them(begin: str, end: str) -> None:
    assert corrected(f"{begin}{DRAFT}{end}{ANSWER}") == "LOC"
    for text in (f"{begin}{DRAFT}{end}", f"{begin}{DRAFT}", f"{begin}{DRAFT}{end}\nI cannot tell."):
        with pytest.raises(ReplyError):
            corrected(text)


@pytest.mark.parametrize("end", ["</think>", "</thinking>", "◁/think▷", "[/THINK]"])
def test_the_begin_may_stand_in_the_prompt(end: str) -> None:
    assert corrected(f"{DRAFT}{end}{ANSWER}") == "LOC"
    with pytest.raises(ReplyError, match="empty"):
        corrected(f"{DRAFT}{end}")


def test_signs_within_an_answer_are_a_part_of_it() -> None:
    text = ANSWER.replace("r", "it says [THINK] and <thinking>", 1)
    assert without_thoughts(text) == text


@pytest.mark.parametrize(("begin", "end"), BLOCKS)
def test_second_thoughts_behind_the_answer_are_no_answer(begin: str, end: str) -> None:
    assert corrected(f"{ANSWER}\n{begin}{DRAFT}{end}") == "LOC"


@pytest.mark.parametrize(("begin", "end"), BLOCKS)
def test_thoughts_that_fill_the_limit_ask_for_more_room_whatever_they_hold(begin: str, end: str) -> None:
    for text in (f"{begin}{DRAFT}", f"{begin}{DRAFT}{end}"):
        assert needs_room(Reply(text=text, finish_reason="length", model="m"))
    assert not needs_room(Reply(text=f"{begin}{DRAFT}{end}{ANSWER[:20]}", finish_reason="length", model="m"))


@pytest.mark.parametrize("sign", ["[think]", "<reason>", "<analysis>"])
def test_a_sign_of_thoughts_that_a_fenced_answer_quotes_ends_nothing(sign: str) -> None:
    fenced = "```json\n" + ANSWER.replace('"r"', f'"the post says {sign} hard"') + "\n```"
    assert corrected(fenced) == "LOC"


def test_a_fenced_draft_before_the_end_of_thoughts_is_no_answer() -> None:
    draft = "```json\n" + ANSWER.replace("LOC", "PER") + "\n```\nNo.</think>\n"
    assert corrected(draft + ANSWER) == "LOC"
    with pytest.raises(ReplyError):
        corrected(draft + "I cannot say.")
