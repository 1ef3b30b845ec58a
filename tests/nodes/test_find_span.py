"""Words that the MLLM found by itself are located at the first place that no entity has taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scripted import ANN, ARBOR, TOKENS
from unco.errors import Rejected
from unco.nodes.verify import find_span
from unco.types import Span


@pytest.mark.parametrize(
    ("words", "span"),
    [
        ("Ann", ANN),
        ("Ann Lee", Span(0, 2)),
        ("AnnLee", Span(0, 2)),
        (" the  Blue Owls ", Span(4, 7)),
        ("Arbor", Span(9, 10)),
        ("blue owls", Span(5, 7)),
        ("Blue\u200b Owls", Span(5, 7)),
    ],
)
def test_words_are_found(words: str, span: Span) -> None:
    assert find_span(words, TOKENS, []) == span


def test_a_name_that_stands_twice_is_the_one_that_is_free() -> None:
    assert find_span("Ann", TOKENS, [Span(0, 2)]) == ARBOR


def test_what_is_spelt_right_counts_before_what_is_not() -> None:
    assert find_span("Ann", ("ann", "and", "Ann"), []) == Span(2, 3)
    assert find_span("Ann", ("ann", "and", "Ann"), [Span(2, 3)]) == Span(0, 1)


@pytest.mark.parametrize("words", ["Anna", "An", "Lee plays for Oslo", "n Lee", "", "\u200b", "🚀"])
def test_what_does_not_stand_there_is_rejected(words: str) -> None:
    with pytest.raises(Rejected, match="does not stand in the post"):
        find_span(words, TOKENS, [])


def test_what_is_taken_is_rejected_as_such() -> None:
    with pytest.raises(Rejected, match="shares words with another entity"):
        find_span("Blue Owls", TOKENS, [Span(6, 7)])


tokens = st.lists(st.text("ab\u200b", min_size=1, max_size=3), min_size=1, max_size=12).map(tuple)


@given(tokens, st.data())
def test_any_run_of_tokens_with_letters_is_found_with_the_same_letters(
    post: tuple[str, ...], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(post) - 1))
    stop = data.draw(st.integers(start + 1, len(post)))
    words = "".join(post[start:stop])
    if not words.strip("\u200b"):
        return
    found = find_span(words, post, [])
    assert "".join(post[found.start : found.stop]).replace("\u200b", "") == words.replace("\u200b", "")
    assert found.start <= start or post[start] == "\u200b"


@given(tokens, st.text("ab", max_size=4), st.lists(st.integers(0, 11), max_size=4))
def test_what_is_found_is_never_taken(post: tuple[str, ...], words: str, places: list[int]) -> None:
    taken = [Span(place, place + 1) for place in places]
    try:
        found = find_span(words, post, taken)
    except Rejected:
        return
    assert not any(found.overlaps(span) for span in taken)
