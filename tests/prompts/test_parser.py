"""Any text is an answer or a ReplyError; and a text that breaks off is never an answer."""

import json
import time
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unco.errors import ReplyError
from unco.prompts import AnswerName, RegionAnswer, SpanAnswer, parse_answer
from unco.types import ATTRIBUTES, Attribute

NAMES: tuple[AnswerName, ...] = get_args(AnswerName)

GOOD = '{"reasoning_process": "A city.", "corrected_entity": "New Oslo"}'
WHOLE: dict[Attribute, str] = {
    "span": GOOD,
    "type": '{"reasoning_process": "A city.", "corrected_type": "LOC"}',
    "region": '{"reasoning_process": "A city.", "corrected_bounding_box": [1, 2, 30, 40]}',
}


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\n {GOOD} \n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"``json{GOOD}``",
        f"```json{GOOD}```",
        f"Sure! Here is my answer:\n```json\n{GOOD}\n```\nHope that helps.",
        f"Here you are: {GOOD}",
        f"The {{entity}} needs a word more. {GOOD}",
        f"<think>It says [Oslo] {{or}} not</think>\n{GOOD}",
        f"<think>no {GOOD.replace('New Oslo', 'Old Oslo')}</think>{GOOD}",
        f"the opening tag is in the prompt</think>{GOOD}",
        f"[{GOOD}]",
        f"{GOOD.replace('New Oslo', '...')}\n{GOOD}",
        f"First guess:\n```json\n{GOOD.replace('New ', '')}\n```\nBetter:\n```json\n{GOOD}\n```",
        f'{GOOD}\n{{"note": "done"}}',
        GOOD[:-1] + ",}",
        GOOD.replace('"', "'"),
        GOOD.replace('"', "“", 1).replace('"', "”", 1),
        GOOD.replace("reasoning_process", "reasoning process"),
        GOOD.replace("A city.", 'It says "New" too.'),
        GOOD.replace("A city.", "Line one\nline two"),
        GOOD.replace("A city.", "<think> stands in the post"),
        GOOD.replace("A city.", 'An example is {"corrected_entity": "Bad"} but no.'),
        '{reasoning_process: "A city.", corrected_entity: New Oslo}',
        '{"corrected_entity": "New Oslo"}',
        '{"corrected_entity": "New Oslo", "reasoning_process": "corrected_entity is fine"}',
        '{"corrected_entity": "New Oslo" /* sure */}',
        json.dumps(GOOD),
        f'{{"answer": {GOOD}}}',
        f'{{"result": {{"output": {GOOD}}}}}',
        '{"reasoningProcess": "A city.", "correctedEntity": "New Oslo"}',
        '{"Corrected Entity:": "New Oslo"}',
        '{"**corrected_entity**": "New Oslo"}',
    ],
)
def test_readable_spans(text: str) -> None:
    answer = parse_answer(text, "stop", "span")
    assert isinstance(answer, SpanAnswer)
    assert answer.corrected_entity == "New Oslo"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("<think>I wonder", "empty"),
        ("<think>done</think>", "empty"),
        ("I'm sorry, I can't help with that.", "no JSON"),
        ("The [span] is {fine} as it is.", "no JSON|corrected_entity"),
        ("[1, 2, 3]", "no JSON"),
        ("null", "no JSON"),
        ('"New Oslo"', "no JSON"),
        ("{}", "corrected_entity: Field required"),
        ('{"corrected_type": "LOC"}', "corrected_entity: Field required"),
        ('{"corrected_entity": ""}', "corrected_entity"),
        ('{"corrected_entity": null}', "corrected_entity"),
        ('{"corrected_entity": ["New", "Oslo"]}', "corrected_entity"),
        ('{"corrected_entity": {"text": "New", "more": "Oslo"}}', "corrected_entity"),
        ('{"answer": {"corrected_entity": "New Oslo"}, "other": {}}', "corrected_entity: Field required"),
        ('{"answer": {"answer": {}}}', "corrected_entity: Field required"),
        (GOOD[:-1], "breaks off"),
        (GOOD[:-4], "breaks off"),
        (f"```json\n{GOOD[:-6]}", "breaks off"),
        ('{"reasoning_process": "a {b} c", "corrected_entity": "New', "breaks off"),
        ("The corrected entity is New Oslo", "no JSON"),
        ("[" * 10_000, "no JSON"),
        ("[" * 10_000 + "}", "no JSON"),
        ("[{" * 2_000, "breaks off"),
        ('{"a":' * 1_500 + "}", "corrected_entity|no JSON"),
        ("{" + "x" * 10_000 + "}", "long and not valid JSON"),
        ("\ud800", "no JSON"),
        ('{"corrected_entity": "\ud800"}', "corrected_entity"),
        ('{"corrected_entity": "\\ud800"}', "corrected_entity"),
    ],
)
def test_unreadable_spans(text: str, fault: str) -> None:
    with pytest.raises(ReplyError, match=fault) as caught:
        parse_answer(text, "stop", "span")
    assert str(caught.value).encode(), "the fault can be sent back to the model"
    assert len(str(caught.value)) <= 300


@pytest.mark.parametrize(
    ("value", "box"),
    [
        ("[1, 2, 3, 4]", (1, 2, 3, 4)),
        ('"[1, 2, 3, 4]"', (1, 2, 3, 4)),
        ("(1, 2, 3, 4)", (1, 2, 3, 4)),
        ("[1, 2, 3, 4,]", (1, 2, 3, 4)),
        ("null", None),
        ("None", None),
        ('"Null"', None),
        ("[]", None),
        ("[ ],", None),
    ],
)
def test_readable_boxes(value: str, box: tuple[float, ...] | None) -> None:
    answer = parse_answer(f'{{"corrected_bounding_box": {value}}}', "stop", "region")
    assert isinstance(answer, RegionAnswer)
    assert answer.corrected_bounding_box == box


@pytest.mark.parametrize(
    "value",
    [
        "",
        "[",
        "[,]",
        "[ }",
        "NaN",
        "[1, 2, NaN, 4]",
        "[1, 2, 3]",
        "unknown",
        '""',
        "[the man]",
        "[1, 2, 3, " + "9" * 5_000 + "]",
    ],
)
def test_an_unreadable_box_is_never_null(value: str) -> None:
    with pytest.raises(ReplyError):
        parse_answer(f'{{"reasoning_process": "x", "corrected_bounding_box": {value}}}', "stop", "region")


def test_a_box_that_breaks_off_within_a_number_is_not_a_box() -> None:
    with pytest.raises(ReplyError, match="breaks off"):
        parse_answer('{"reasoning_process": "x", "corrected_bounding_box": [12, 40, 310, 4', "stop", "region")


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_of_a_reply_that_was_cut_off_only_a_whole_object_is_read(attribute: Attribute) -> None:
    """A model that is held to a grammar may fill up its limit with blanks behind the object."""
    good = WHOLE[attribute]
    assert parse_answer(good + "\n" * 500, "length", attribute) == parse_answer(good, "stop", attribute)
    for cut in (good[:-1], good[:-10], good[: len(good) // 2], good + "{", "", "no object", f"```json\n{good[:-2]}"):
        with pytest.raises(ReplyError, match="cut off"):
            parse_answer(cut, "length", attribute)


@pytest.mark.parametrize("text", ["", '{"reasoning_process": "x", "corrected_ent', "Sorry."])
@pytest.mark.parametrize("finish_reason", ["content_filter", "SAFETY", "sensitive"])
def test_an_answer_that_a_filter_ended_says_so(text: str, finish_reason: str) -> None:
    with pytest.raises(ReplyError, match=f"the endpoint's filter ended the answer .{finish_reason}.; the|there"):
        parse_answer(text, finish_reason, "span")
    assert parse_answer(GOOD, finish_reason, "span")


def test_a_long_answer_is_read_when_it_is_valid() -> None:
    answer = parse_answer(GOOD.replace("A city.", "A city. " * 10_000), "stop", "span")
    assert len(answer.reasoning_process) > 50_000


@pytest.mark.parametrize("depth", [100, 900, 960, 980, 990, 1_000, 5_000])
def test_reasoning_can_be_nested_to_any_depth(depth: int) -> None:
    text = GOOD.replace('"A city."', "[" * depth + "]" * depth)
    try:
        assert parse_answer(text, "stop", "span").model_fields_set
    except ReplyError as error:
        fault = str(error)
        assert "nested" in fault or "no JSON" in fault or "long" in fault


def test_a_deeply_nested_text_of_the_greatest_length_is_a_fault_and_no_more() -> None:
    with pytest.raises(ReplyError):
        parse_answer("[{" * 4_999 + "}", "stop", "region")


pieces = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        ":",
        ",",
        "\\",
        "```json\n",
        "```",
        "<think>",
        "</think>",
        "null",
        "1e999",
        "-",
        "\n",
    ]
    + ['"candidate"', '"entities"', '"entity"', '"type"', '"bounding_box"']
    + ["reasoning_process", '"corrected_entity"', '"corrected_type"', '"corrected_bounding_box"', "//", "/*", "\ud800"]
)
texts = st.text(max_size=80) | st.lists(pieces | st.text(max_size=6) | st.integers().map(str), max_size=40).map("".join)


@settings(deadline=None)
@given(texts, st.sampled_from(["stop", "length", "content_filter", None]), st.sampled_from(NAMES))
def test_any_text_is_an_answer_or_a_reply_error(text: str, finish_reason: str | None, name: AnswerName) -> None:
    try:
        fault = ""
        assert parse_answer(text, finish_reason, name).model_fields_set
    except ReplyError as error:
        fault = str(error)
    assert fault.encode() is not None, "the fault can be sent back to the model"


words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)


@settings(deadline=None)
@given(words, st.text())
def test_any_words_survive_strict_json(entity: str, reasoning: str) -> None:
    text = json.dumps({"reasoning_process": reasoning, "corrected_entity": f" {entity}\n"})
    answer = parse_answer(text, "stop", "span")
    assert isinstance(answer, SpanAnswer)
    assert answer.corrected_entity == entity


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1))
def test_no_beginning_of_an_answer_is_an_answer(length: int) -> None:
    with pytest.raises(ReplyError):
        parse_answer(GOOD[:length], "stop", "span")


@pytest.mark.parametrize("value", [" " * 50_000 + "x", "x1: 1 x2: 2 y1: 3 y2: 4" + " " * 50_000 + "x", "(" * 50_000])
def test_a_long_value_takes_no_time(value: str) -> None:
    start = time.monotonic()
    for kind in ("region", "candidate"):
        with pytest.raises(ReplyError):
            parse_answer(json.dumps({"candidate": value, "corrected_bounding_box": value}), "stop", kind)
    assert time.monotonic() - start < 2


def test_a_long_word_that_repeats_a_key_takes_no_time() -> None:
    start = time.monotonic()
    with pytest.raises(ReplyError):
        parse_answer("corrected_" * 5000 + "{}", "stop", "type")
    assert time.monotonic() - start < 2
