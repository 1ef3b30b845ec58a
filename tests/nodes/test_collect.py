"""The last node: every entity once, in order, never two on one word, with all three corrections."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import extraction
from unco.nodes.collect import collect, settle_overlaps, with_skips
from unco.nodes.questions.correction import with_correction
from unco.state import ENTITY, EXTRACTION, PostState, read_result, to_json
from unco.types import Box, Correction, Entity, Extraction, Outcome, Span, Thresholds, Uncertainty

UNSURE = Uncertainty(0.9, 0.1, 0.1)
TOKENS = tuple("abcdefghij")


def extracted(*spans: Span) -> Extraction:
    return extraction(TOKENS, [(span, "PER", None, UNSURE) for span in spans])


def moved(post: Extraction, index: int, span: Span) -> Entity:
    entity = post.entities[index]
    outcome: Outcome = "kept" if span == entity.span else "changed"
    return with_correction(entity, Correction("span", outcome, entity.span, span, 0.9, 0.4, answer="value"), post)


def spans(entities: list[Entity]) -> list[Span]:
    return [entity.span for entity in entities]


@pytest.mark.parametrize(
    ("now", "settled"),
    [
        ((Span(0, 2), Span(4, 6)), (Span(0, 2), Span(4, 6))),  # both kept
        ((Span(0, 3), Span(4, 6)), (Span(0, 3), Span(4, 6))),  # free room
        ((Span(0, 5), Span(4, 6)), (Span(0, 2), Span(4, 6))),  # into one that stays
        ((Span(0, 2), Span(1, 6)), (Span(0, 2), Span(4, 6))),  # into one before
        ((Span(0, 4), Span(3, 6)), (Span(0, 4), Span(4, 6))),  # into each other: the first stays
        ((Span(4, 6), Span(7, 8)), (Span(4, 6), Span(7, 8))),  # where another has been
        ((Span(4, 6), Span(0, 2)), (Span(4, 6), Span(0, 2))),  # places changed: still no word in common
    ],
)
def test_a_span_that_runs_into_another_goes_back(now: tuple[Span, Span], settled: tuple[Span, Span]) -> None:
    post = extracted(Span(0, 2), Span(4, 6))
    assert tuple(spans(settle_overlaps([moved(post, i, span) for i, span in enumerate(now)], post))) == settled


def test_an_entity_that_goes_back_has_its_words_and_a_correction_that_says_why() -> None:
    post = extracted(Span(0, 2), Span(4, 6))
    back = settle_overlaps([moved(post, 0, Span(0, 5)), post.entities[1]], post)[0]
    assert (back.text, back.start_char, back.stop_char) == ("a b", 0, 3)
    (note,) = back.corrections
    assert (note.outcome, note.before, note.after, note.answer) == ("rejected", Span(0, 2), Span(0, 2), "value")
    assert note.detail == "'a b c d e' shares words with another entity"


BOX = Box(100, 10, 150, 90)


def test_an_entity_that_goes_back_leaves_the_type_and_box_of_the_other_behind() -> None:
    post = extracted(Span(0, 2), Span(4, 6))
    entity = moved(post, 0, Span(4, 6))
    for note in (
        Correction("type", "changed", "PER", "ORG", 0.9, 0.3, answer="value"),
        Correction("region", "changed", None, BOX, 0.9, 0.5, answer="value"),
    ):
        entity = with_correction(entity, note, post)
    back = settle_overlaps([entity, post.entities[1]], post)[0]
    assert (back.span, back.type, back.region) == (Span(0, 2), "PER", None)
    assert [(note.outcome, note.after) for note in back.corrections] == [
        ("rejected", Span(0, 2)),
        ("rejected", "PER"),
        ("rejected", None),
    ]
    assert {note.detail for note in back.corrections} == {"'e f' shares words with another entity"}


def test_an_entity_that_goes_back_keeps_what_was_never_answered() -> None:
    post = extracted(Span(0, 2), Span(4, 6))
    note = Correction("type", "failed", "PER", "PER", 0.9, 0.3, detail="cut off")
    entity = with_correction(moved(post, 0, Span(4, 6)), note, post)
    assert settle_overlaps([entity, post.entities[1]], post)[0].corrections[1] == note


@st.composite
def posts_with_moves(draw: st.DrawFn) -> tuple[Extraction, list[Entity]]:
    """Entities side by side, and where correctors want them."""
    ends = sorted(draw(st.sets(st.integers(0, len(TOKENS)), min_size=2)))
    before = [Span(start, stop) for start, stop in zip(ends, ends[1:], strict=False) if draw(st.booleans())]
    post = extracted(*before)
    wanted = []
    for index, span in enumerate(before):
        start = max(0, span.start + draw(st.integers(-3, 3)))
        stop = min(len(TOKENS), span.stop + draw(st.integers(-3, 3)))
        wanted.append(moved(post, index, Span(start, stop) if start < stop else span))
    return post, wanted


@given(posts_with_moves())
def test_no_two_entities_share_a_word_and_none_is_lost(case: tuple[Extraction, list[Entity]]) -> None:
    post, wanted = case
    settled = settle_overlaps(wanted, post)
    assert [entity.index for entity in settled] == list(range(len(post.entities)))
    for one in settled:
        assert not any(one.span.overlaps(other.span) for other in settled if other is not one)
        assert one.text == " ".join(TOKENS[one.span.start : one.span.stop])
        assert one.span in (post.entities[one.index].span, wanted[one.index].span)


@given(posts_with_moves(), st.randoms())
def test_collect_keeps_order_and_number_and_accounts_for_everything(
    case: tuple[Extraction, list[Entity]], dice: Random
) -> None:
    post, wanted = case
    sent = [entity for entity in wanted if dice.random() < 0.7]
    dice.shuffle(sent)
    state: PostState = {
        "extraction": to_json(EXTRACTION, post),
        "corrected": {str(entity.index): to_json(ENTITY, entity) for entity in sent},
        "id": "p",
    }
    result = read_result(collect(state))
    assert [entity.index for entity in result.entities] == list(range(len(post.entities)))
    for entity in result.entities:
        assert [note.attribute for note in entity.corrections] == ["span", "type", "region"]
        assert entity.corrections[0].after == entity.span
        corrected = any(entity.index == other.index for other in sent)
        assert (entity.corrections[0].outcome == "skipped") is not corrected


def test_what_was_sure_enough_is_skipped_with_its_numbers() -> None:
    post = extracted(Span(0, 2))
    notes = with_skips(post.entities[0], Thresholds(0.95, 0.3, 0.5)).corrections
    assert [(note.attribute, note.outcome, note.uncertainty, note.threshold) for note in notes] == [
        ("span", "skipped", 0.9, 0.95),
        ("type", "skipped", 0.1, 0.3),
        ("region", "skipped", 0.1, 0.5),
    ]
    assert [note.after for note in notes] == [Span(0, 2), "PER", None]


def test_a_correction_of_the_wrong_kind_is_a_bug() -> None:
    post = extracted(Span(0, 2))
    with pytest.raises(TypeError, match="a span cannot become 'PER'"):
        with_correction(post.entities[0], Correction("span", "changed", Span(0, 2), "PER", 0.9, 0.4), post)
