"""What of a post's corrections is remembered."""

from dataclasses import replace
from datetime import date

import pytest

from tests.tiny import extraction
from unco.tools.memory.decisions import (
    LONGEST_NAME,
    Decision,
    decision_from,
    decisions_about,
    hash_of_labels,
)
from unco.types import Correction, Entity, Extraction, Label, Outcome, Span, Uncertainty

TODAY = date(2026, 11, 30)
SMALL = extraction(("the", "Blue", "Owls", "win"), [(Span(2, 3), "PER", None, Uncertainty(0.5, 0.5, 0.5))])


def note(attribute: str, outcome: Outcome, before: object, after: object) -> Correction:
    return Correction(attribute, outcome, before, after, 0.5, 0.2)  # type: ignore[arg-type]


def corrected(*notes: Correction, text: str = "Owls", kind: str = "PER") -> Entity:
    return replace(SMALL.entities[0], text=text, type=kind, corrections=notes)


def decided(entity: Entity, small: Extraction = SMALL) -> list[tuple[str, str, str, str, str]]:
    found = decisions_about((entity,), small, TODAY)
    return [(one.name, one.attribute, one.said, one.decided, one.by) for one in found]


def test_answers_and_reviews_are_decisions() -> None:
    span = note("span", "changed", Span(2, 3), Span(1, 3))
    kind = note("type", "reviewed", "PER", "ORG")
    assert decided(corrected(span, kind, text="Blue Owls", kind="ORG")) == [
        ("owls", "span", "owls", "blue owls", "answer"),
        ("blue owls", "type", "PER", "ORG", "review"),
    ]
    kept = note("type", "kept", "PER", "PER")
    assert decided(corrected(kept)) == [("owls", "type", "PER", "PER", "answer")]


@pytest.mark.parametrize("outcome", ["skipped", "rejected", "failed", "unavailable", "low_confidence", "added"])
def test_what_settled_nothing_is_none(outcome: Outcome) -> None:
    assert decided(corrected(note("span", outcome, Span(2, 3), Span(2, 3)), note("type", outcome, None, "PER"))) == []


def test_regions_belong_to_their_picture() -> None:
    assert decided(corrected(note("region", "kept", None, None))) == []


def test_what_the_mllm_found_and_what_is_too_long_is_left_out() -> None:
    kept = note("type", "kept", "PER", "PER")
    assert decided(replace(corrected(kept), index=7)) == []
    assert decided(corrected(kept, text="x" * (LONGEST_NAME + 1))) == []
    assert decided(corrected(kept, text="\ud83d")) == []  # half a character, which no store takes


def test_the_same_place_of_the_same_post_is_one_decision() -> None:
    kept = corrected(note("type", "kept", "PER", "PER"))
    [one], [again] = decisions_about((kept,), SMALL, TODAY), decisions_about((kept,), SMALL, date(2026, 12, 1))
    [other] = decisions_about((kept,), replace(SMALL, text="the Blue Owls lose"), TODAY)
    assert one.post == again.post != other.post
    assert "Blue" not in one.post


def test_a_decision_is_read_as_it_was_written() -> None:
    one = Decision("owls", "type", "PER", "ORG", "review", TODAY, hash_of_labels(SMALL.labels), "1")
    assert decision_from(one.to_dict()) == one
    assert one.to_dict()["day"] == "2026-11-30"


@pytest.mark.parametrize("value", [{}, {"name": 1}, None, "x", {"memory": "of an agent"}])
def test_what_others_keep_in_a_store_is_no_decision(value: object) -> None:
    assert decision_from(value) is None


def test_the_order_of_types_does_not_count() -> None:
    labels = (Label("PER", "A person."), Label("ORG", "A group."))
    assert hash_of_labels(labels) == hash_of_labels(labels[::-1]) != hash_of_labels(labels[:1])
