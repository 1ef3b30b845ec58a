"""Line breaks of a text become signs that the small model can read, and results are of the text alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.tools.extraction.lines import ITEM, STOP, post_words
from unco.types import Span

PROSE = (
    "The forward Kevin Durant scored fifty points last night for the Golden\n"
    "State Warriors in front of the largest crowd of the year, and said that\n"
    "he was happy."
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Starting XI:\nAlisson\nVan Dijk\nFabinho", "Starting XI : Alisson , Van Dijk , Fabinho"),
        ("Messi\r\n\r\nRonaldo", "Messi , Ronaldo"),
        ("Messi\u2028Ronaldo \n", "Messi , Ronaldo"),
        ("Messi,\nRonaldo!\nNeymar", "Messi , Ronaldo ! Neymar"),
        ("Ann Lee sings in Oslo tonight\nBob", "Ann Lee sings in Oslo tonight Bob"),
        ("Ann Lee sings in Oslo\n\nBob Ray sings in Rome", "Ann Lee sings in Oslo . Bob Ray sings in Rome"),
        (
            "A tour with Ann Lee\nand then they all came to play with us in Oslo",
            "A tour with Ann Lee . and then they all came to play with us in Oslo",
        ),
        (PROSE, PROSE.replace(",", " ,").replace(".", " .").replace("\n", " ")),
    ],
)
def test_what_is_read_of_lines(text: str, read: str) -> None:
    assert " ".join(post_words(text).read) == read


def test_names_one_below_the_other_in_a_narrow_column_are_a_list() -> None:
    names = ["Manchester United", "Borussia Dortmund", "Paris Saint Germain", "Real Madrid"]
    assert post_words("\n".join(names)).read.count(ITEM) == len(names) - 1


def test_tokens_of_a_list_have_no_lines() -> None:
    words = post_words(("Ann", "sings"))
    assert words.read == words.tokens == ("Ann", "sings")


def test_spans_are_of_the_text_and_a_sign_is_no_part_of_them() -> None:
    words = post_words("Ann Lee\nBob")  # read: Ann Lee , Bob
    found = [Span(0, 2), Span(0, 3), Span(0, 4), Span(2, 4), Span(3, 4), Span(2, 3)]
    assert [words.span_of(one) for one in found] == [
        Span(0, 2),
        Span(0, 2),
        Span(0, 3),
        Span(2, 3),
        Span(2, 3),
        None,
    ]


@given(st.text(alphabet="ab.,! \n\r\u2028\u200b", min_size=1).filter(lambda text: any(c in "ab.,!" for c in text)))
def test_every_token_is_read_once_in_its_place(text: str) -> None:
    words = post_words(text)
    first = [found for found, place in enumerate(words.place) if place not in words.place[:found]]
    assert tuple(words.read[found] for found in first) == words.tokens
    assert [words.span_of(Span(found, found + 1)) for found in first] == [
        Span(place, place + 1) for place in range(len(words.tokens))
    ]
    signs = [found for found in range(len(words.read)) if found not in first]
    assert all(words.read[found] in {ITEM, STOP} and words.span_of(Span(found, found + 1)) is None for found in signs)
