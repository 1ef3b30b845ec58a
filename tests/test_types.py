"""Laws of spans, boxes, thresholds and results."""

import json
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from unco.context import Context
from unco.errors import SettingsError
from unco.state import RESULT, read_result, to_json
from unco.types import Box, Correction, Entity, PictureInfo, Result, Span, Thresholds, Uncertainty

coordinates = st.floats(0, 2000, allow_nan=False, width=32)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x1, y1 = draw(coordinates), draw(coordinates)
    return Box(x1, y1, x1 + draw(st.floats(0.5, 500)), y1 + draw(st.floats(0.5, 500)))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, 30))
    return Span(start, start + draw(st.integers(1, 10)))


@given(boxes(), boxes())
def test_iou_is_symmetric_within_bounds_and_one_only_for_equal_boxes(a: Box, b: Box) -> None:
    assert a.iou(b) == pytest.approx(b.iou(a))
    assert 0.0 <= a.iou(b) <= 1.0 + 1e-9
    assert a.iou(a) == pytest.approx(1.0)
    if a.iou(b) > 1.0 - 1e-12:
        assert (a.x1, a.y1, a.x2, a.y2) == pytest.approx((b.x1, b.y1, b.x2, b.y2), rel=1e-6, abs=1e-6)


def test_iou_by_hand() -> None:
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 15, 10)) == pytest.approx(50 / 150)
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 20, 10)) == 0.0, "a shared edge is no overlap"


@pytest.mark.parametrize("corners", [(1, 0, 1, 5), (5, 0, 1, 5), (0, 0, float("nan"), 5), (0, 0, float("inf"), 5)])
def test_a_box_that_is_none_is_refused(corners: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="a box needs"):
        Box(*corners)


@given(spans(), spans())
def test_spans_overlap_when_they_share_a_token(a: Span, b: Span) -> None:
    shared = set(range(a.start, a.stop)) & set(range(b.start, b.stop))
    assert a.overlaps(b) == b.overlaps(a) == bool(shared)
    assert len(a) == a.stop - a.start


@pytest.mark.parametrize(("start", "stop"), [(3, 3), (4, 3), (-1, 2)])
def test_a_span_that_is_none_is_refused(start: int, stop: int) -> None:
    with pytest.raises(ValueError, match="a span needs"):
        Span(start, stop)


def test_thresholds_lie_in_the_unit_interval() -> None:
    with pytest.raises(ValueError, match="type threshold"):
        Thresholds(0.1, 1.2, 0.3)


@pytest.mark.parametrize(
    "wrong", [{"mode": "on"}, {"span_threshold": -0.1}, {"type_threshold": 2}, {"region_threshold": "x"}]
)
def test_a_context_refuses_what_is_no_setting(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        Context(**wrong)  # type: ignore[arg-type]


def test_every_setting_is_explained_in_the_form() -> None:
    properties = TypeAdapter(Context).json_schema()["properties"]
    assert all(setting["description"] for setting in properties.values())


def test_a_context_overrides_only_what_it_names() -> None:
    assert Context(type_threshold=0.0).thresholds(Thresholds(0.4, 0.3, 0.5)) == Thresholds(0.4, 0.0, 0.5)


def test_a_box_of_a_pixel_is_in_pixels_and_one_of_less_in_the_first_is_in_shares() -> None:
    pixels = [Box(0, 0, 1, 1), Box(0, 0, 1, 1023 / 1024), Box(5, 5, 5.5, 5.5), Box(-0.5, 0, 0.2, 0.2)]
    assert [box.is_in_shares for box in pixels] == [False] * 4
    assert Box(0.1, 0.2, 0.5, 0.9).is_in_shares


@given(spans(), st.none() | boxes(), st.floats(0, 1), st.text(max_size=20))
def test_a_result_survives_json(span: Span, box: Box | None, value: float, text: str) -> None:
    uncertainty = Uncertainty(value, value, value)
    notes = (
        Correction("span", "changed", Span(0, 1), span, value, 0.5, reasoning=text, answer="value"),
        Correction("type", "skipped", "PER", "PER", value, 0.5),
        Correction("region", "kept", box, box, value, 0.5, answer="null" if box is None else "value"),
    )
    entity = Entity(0, span, text, 0, len(text), "PER", box, uncertainty, uncertainty, notes)
    picture = PictureInfo("a.jpg", "0" * 64, 10, 20)
    result = Result(text, (text,), (entity,), picture, Thresholds(0.5, 0.5, 0.5), "m", ("w",), "id")
    assert read_result(json.loads(json.dumps(to_json(RESULT, result)))) == result


def test_a_result_has_a_schema_and_is_frozen() -> None:
    schema = RESULT.json_schema()
    assert {"text", "tokens", "entities", "picture", "thresholds", "model"} <= set(schema["required"])
    with pytest.raises(FrozenInstanceError):
        Span(0, 1).start = 2  # type: ignore[misc]
