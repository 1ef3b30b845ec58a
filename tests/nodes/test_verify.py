"""An answer counts only if it can be true; what is accepted is always a span of the post, a label, or a box in it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.errors import Rejected
from unco.nodes.verify import MAX_WORDS_MOVED, verify_region, verify_span, verify_type
from unco.prompts import RegionAnswer
from unco.tools.box_frames.frame import FRAMES, Frame, encode, frame_by_name
from unco.types import Box, Label, Span

LABELS = (Label("PER", "A person."), Label("ORG", "A group."), Label("Sports Team", "Players."))
POST = ("RT", "@", "Ann", "Lee", ":", "New", "York", "is", "not", "York", "or", "new", "york", "🚀", "ＮＹ", "n't")


@pytest.mark.parametrize(
    ("answer", "old", "new"),
    [
        ("Ann Lee", Span(2, 3), Span(2, 4)),
        ("Ann", Span(2, 4), Span(2, 3)),
        ("Ann", Span(2, 3), Span(2, 3)),
        ("@Ann", Span(2, 3), Span(1, 3)),  # signs are tokens of their own
        ("@ Ann\n Lee", Span(2, 3), Span(1, 4)),
        ("New York", Span(6, 7), Span(5, 7)),
        ("NEW YORK", Span(6, 7), Span(5, 7)),  # case may differ where nothing fits exactly
        ("new york", Span(9, 10), Span(11, 13)),  # an exact fit farther off counts more than an inexact one
        ("York", Span(8, 10), Span(9, 10)),  # the nearer of two
        ("York", Span(6, 8), Span(6, 7)),
        ("🚀", Span(12, 14), Span(13, 14)),
        ("NY", Span(14, 15), Span(14, 15)),  # full-width letters are the same letters
        ("isn't", Span(7, 8), None),  # is, not: not in one piece
        ("York or", Span(9, 10), Span(9, 11)),
    ],
)
def test_spans(answer: str, old: Span, new: Span | None) -> None:
    if new is None:
        with pytest.raises(Rejected):
            verify_span(answer, old, POST)
    else:
        assert verify_span(answer, old, POST) == new


@pytest.mark.parametrize(
    ("answer", "old"),
    [
        ("Anna Lee", Span(2, 4)),  # never in the post
        ("New York", Span(0, 1)),  # too far
        ("Ann York", Span(2, 4)),  # not in one piece
        ("nn Le", Span(2, 4)),  # cuts words in two
        ("Νew Үork", Span(5, 7)),  # other letters, though they look alike: Greek and Cyrillic
        ("", Span(2, 4)),
    ],
)
def test_spans_that_do_not_stand_there(answer: str, old: Span) -> None:
    with pytest.raises(Rejected, match="does not stand in the post within 3 words"):
        verify_span(answer, old, POST)


@st.composite
def posts_with_two_spans(draw: st.DrawFn) -> tuple[tuple[str, ...], Span, Span]:
    """A post of words that repeat, and two spans of it."""
    tokens = tuple(
        draw(st.lists(st.sampled_from(["a", "b", "ab", "A", "ß", "ss", "İ", "\u200b"]), min_size=1, max_size=12))
    )

    def span() -> Span:
        start = draw(st.integers(0, len(tokens) - 1))
        return Span(start, draw(st.integers(start + 1, len(tokens))))

    return tokens, span(), span()


@given(posts_with_two_spans())
def test_an_accepted_span_stands_there_and_is_near(case: tuple[tuple[str, ...], Span, Span]) -> None:
    tokens, old, wanted = case
    words = " ".join(tokens[wanted.start : wanted.stop])
    near = max(abs(wanted.start - old.start), abs(wanted.stop - old.stop)) <= MAX_WORDS_MOVED
    try:
        found = verify_span(words, old, tokens)
    except Rejected:
        assert not near or not letters(words)
        return
    assert found.stop <= len(tokens)
    assert max(abs(found.start - old.start), abs(found.stop - old.stop)) <= MAX_WORDS_MOVED
    found_letters = letters("".join(tokens[found.start : found.stop]))
    assert found_letters.casefold() == letters(words).casefold()
    assert not near or found_letters == letters(words)


def letters(text: str) -> str:
    return text.replace(" ", "").replace("\u200b", "")


def test_an_invisible_character_that_the_tokens_lack_does_no_harm() -> None:
    assert verify_span("Foo\u200b Bar", Span(0, 1), ("Foo", "Bar", "plays")) == Span(0, 2)


@given(posts_with_two_spans())
def test_the_same_words_leave_the_span_where_it_is(case: tuple[tuple[str, ...], Span, Span]) -> None:
    tokens, old, _ = case
    assert verify_span(" ".join(tokens[old.start : old.stop]), old, tokens) == old


@given(st.text(), posts_with_two_spans())
def test_any_answer_is_a_span_of_the_post_or_rejected(answer: str, case: tuple[tuple[str, ...], Span, Span]) -> None:
    tokens, old, _ = case
    with suppress(Rejected):
        assert verify_span(answer, old, tokens).stop <= len(tokens)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("PER", "PER"),
        (" per\n", "PER"),
        ("Org", "ORG"),
        ("SPORTS TEAM", "Sports Team"),
        ("person", "PER"),
        ("Organisation", "ORG"),
        ("ORG (a club)", "ORG"),
        ("PER: a player", "PER"),
        ("sports team - a club", "Sports Team"),
    ],
)
def test_types(answer: str, name: str) -> None:
    assert verify_type(answer, LABELS) == name


@pytest.mark.parametrize(
    "answer", ["", "DOG", "PERS", "PER/ORG", "a PER", "(PER)(ORG)", "no type: PER", "miscellaneous"]
)
def test_types_that_there_are_not(answer: str) -> None:
    with pytest.raises(Rejected, match="there is PER, ORG, Sports Team"):
        verify_type(answer, LABELS)


@given(st.text())
def test_any_type_is_a_label_or_rejected(answer: str) -> None:
    with suppress(Rejected):
        assert verify_type(answer, LABELS) in {label.name for label in LABELS}


def answered(*corners: float, named: bool = False) -> RegionAnswer:
    return RegionAnswer(corrected_bounding_box=corners or None).model_copy(update={"named_corners": named})


SIZE = (400, 200)
OLD = Box(10.4, 20.6, 110.2, 90.9)


@pytest.mark.parametrize(
    ("frame", "answer", "box"),
    [
        ("pixels", answered(), None),
        ("pixels", answered(20, 40, 200, 100), Box(20, 40, 200, 100)),
        ("pixels", answered(200, 100, 20, 40), Box(20, 40, 200, 100)),  # corners ordered
        ("pixels", answered(-10, 40, 450, 100), Box(0, 40, 400, 100)),  # clipped
        ("0-1000", answered(50, 200, 500, 500), Box(20, 40, 200, 100)),
        ("0-1000-yx", answered(200, 50, 500, 500), Box(20, 40, 200, 100)),
        ("0-1000-yx", answered(50, 200, 500, 500, named=True), Box(20, 40, 200, 100)),  # names leave no doubt
        ("0-1", answered(0.05, 0.2, 0.5, 0.5), Box(20, 40, 200, 100)),
    ],
)
def test_regions(frame: str, answer: RegionAnswer, box: Box | None) -> None:
    assert verify_region(answer, OLD, frame_by_name(frame), SIZE) == box


@pytest.mark.parametrize(
    ("corners", "why"),
    [
        ((900, 500, 950, 550), "far outside the picture"),
        ((410, 10, 500, 60), "less than one pixel"),
        ((20, 40, 20, 100), "less than one pixel"),
        ((20, 40, 20.5, 41), "less than one pixel"),
    ],
)
def test_regions_that_are_none(corners: tuple[float, ...], why: str) -> None:
    with pytest.raises(Rejected, match=why):
        verify_region(answered(*corners), OLD, frame_by_name("pixels"), SIZE)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=lambda frame: frame.name)
def test_a_repeated_box_is_the_old_one_without_rounding(frame: Frame) -> None:
    assert verify_region(answered(*encode(OLD, frame, *SIZE)), OLD, frame, SIZE) is OLD


numbers = st.one_of(st.integers(-2000, 3000), st.floats(-2000, 3000))


@given(st.tuples(numbers, numbers, numbers, numbers), st.sampled_from(list(FRAMES)), st.booleans())
def test_any_box_lies_in_the_picture_or_is_rejected(corners: tuple[float, ...], frame: str, named: bool) -> None:
    try:
        box = verify_region(answered(*corners, named=named), OLD, frame_by_name(frame), SIZE)
    except Rejected:
        return
    assert box is not None
    assert 0 <= box.x1 < box.x2 <= 400
    assert 0 <= box.y1 < box.y2 <= 200
    assert box.area >= 0.99
