"""A box can be written in many ways; what is not a box is refused, and only null means null."""

from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from unco.prompts import RegionAnswer, SpanAnswer, TypeAnswer, answer_type, response_schema
from unco.types import ATTRIBUTES, Attribute

BOX = (10.0, 20.5, 300.0, 400.0)


def box(value: object) -> tuple[float, ...] | None:
    return RegionAnswer.model_validate({"corrected_bounding_box": value}).corrected_bounding_box


@pytest.mark.parametrize(
    "value",
    [
        [10, 20.5, 300, 400],
        ["10", " 20.5", "300.0", "400"],
        "[10, 20.5, 300, 400]",
        "(10,20.5,300.,400)",
        " 10, 20.5, 300, 400 ",
        [[10, 20.5, 300, 400]],
        {"x1": 10, "y1": 20.5, "x2": 300, "y2": 400},
        {"y2": "400", "X2": 300, "y1": 20.5, "x1": 10},
        {"xmin": 10, "ymin": 20.5, "xmax": 300, "ymax": 400},
        {"left": 10, "top": 20.5, "right": 300, "bottom": 400},
    ],
)
def test_ways_to_write_a_box(value: object) -> None:
    assert box(value) == BOX


@pytest.mark.parametrize("value", [None, "null", "Null", " NONE ", []])
def test_ways_to_say_not_in_the_picture(value: object) -> None:
    assert box(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "on the left",
        "null box",
        [1, 2, 3],
        [1, 2, 3, 4, 5],
        [1, 2, 3, None],
        [1, 2, 3, True],
        [1, 2, 3, float("nan")],
        [1, 2, 3, float("inf")],
        [1, 2, 3, "nan"],
        [1, 2, 3, 10**400],
        [1, 2, 3, "four"],
        [[1, 2, 3, 4], [5, 6, 7, 8]],
        "[1, 2, 3]",
        "1 2 3 4",
        {},
        {"x1": 1, "y1": 2, "x2": 3},
        False,
        0,
        7.5,
    ],
)
def test_what_is_not_a_box_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        box(value)


def test_a_missing_box_is_not_null() -> None:
    with pytest.raises(ValidationError, match="Field required"):
        RegionAnswer.model_validate({"reasoning_process": "cannot see it"})


def test_named_corners_are_marked_as_such() -> None:
    named = {"x1": 1, "y1": 2, "x2": 3, "y2": 4}
    assert RegionAnswer.model_validate({"corrected_bounding_box": named}).named_corners
    listed = {"corrected_bounding_box": [1, 2, 3, 4], "named_corners": True}
    assert not RegionAnswer.model_validate(listed).named_corners


numbers = st.floats(-1e6, 1e6)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.tuples(numbers, numbers, numbers, numbers))
def test_any_four_numbers_come_back_as_they_were(corners: tuple[float, float, float, float]) -> None:
    assert box(list(corners)) == corners


@settings(deadline=None)
@given(st.tuples(*[st.integers(-10_000, 10_000)] * 4), st.sampled_from(["[{}]", "({})", "{}"]))
def test_any_four_integers_can_be_written_as_a_string(corners: tuple[int, ...], form: str) -> None:
    assert box(form.format(", ".join(map(str, corners)))) == tuple(map(float, corners))


@settings(deadline=None)
@given(jsons)
def test_any_json_is_four_finite_numbers_or_null_or_refused(value: object) -> None:
    try:
        found = box(value)
    except ValidationError:
        return
    assert found is None or (len(found) == 4 and all(map(isfinite, found)))


@pytest.mark.parametrize("value", ["Oslo", " Oslo\n", ["Oslo"], {"text": "Oslo"}, [{"name": "Oslo"}]])
def test_one_text_in_a_list_or_an_object_is_that_text(value: object) -> None:
    assert SpanAnswer.model_validate({"corrected_entity": value}).corrected_entity == "Oslo"
    assert TypeAnswer.model_validate({"corrected_type": value}).corrected_type == "Oslo"


@pytest.mark.parametrize("value", ["", "   ", None, 7, [], {}, ["New", "Oslo"], {"text": "Oslo", "type": "LOC"}])
def test_words_must_be_words(value: object) -> None:
    with pytest.raises(ValidationError):
        SpanAnswer.model_validate({"corrected_entity": value})
    with pytest.raises(ValidationError):
        TypeAnswer.model_validate({"corrected_type": value})


def test_keys_and_reasoning_are_read_tolerantly() -> None:
    answer = SpanAnswer.model_validate({"Reasoning process": ["one", "two"], "Corrected_Entity": " Oslo ", "mood": 1})
    assert (answer.reasoning_process, answer.corrected_entity) == ("one\ntwo", "Oslo")
    assert TypeAnswer.model_validate({"corrected_type": "LOC", "reasoning_process": None}).reasoning_process == ""


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_schema_begins_with_the_reasoning_and_asks_for_the_answer(attribute: Attribute) -> None:
    schema = response_schema(attribute)
    assert list(schema["properties"]) == schema["required"] == list(answer_type(attribute).model_fields)[:2]
    assert schema["required"][0] == "reasoning_process"
