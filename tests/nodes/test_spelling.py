"""Words and types as models write them: what agrees is kept, what is nearly the same counts where one place is left."""

import pytest

from unco.errors import Rejected
from unco.nodes.spelling import letters, plain_signs, unescaped, unescaped_tokens, unwrapped
from unco.nodes.verify import find_span, verify_span, verify_type
from unco.types import Label, Span

AGREEING = [
    (("L", "’", "Oréal"), "L'Oréal"),
    (("L", "'", "Oréal"), "L’Oréal"),
    (("Oréal",), "Ore\u0301al"),
    (("Ore\u0301al",), "Oréal"),
    (("Oréal",), "Oreal"),
    (("Coca", "‑", "Cola"), "Coca-Cola"),
    (("Coca-Cola",), "Coca–Cola"),
    (("Coca-Cola",), "Coca Cola"),
    (("Coca", "Cola"), "Coca-Cola"),
    (("coca_cola",), "Coca Cola"),
    (("AC", "/", "DC"), "AC-DC"),
    (("AC", "/", "DC"), "ACDC"),
    (("U", ".", "K", "."), "UK"),
    (("U.K", "."), "U.K."),
    (("UK",), "U.K."),
    (("Dr", ".", "No"), "Dr No"),
    (("Harbour", "Hall"), '"Harbour Hall"'),
    (("Harbour", "Hall"), "“Harbour Hall”."),
    (("Harbour", "Hall"), "**Harbour Hall**"),
    (("Harbour", "Hall"), "`Harbour Hall`"),
    (("Harbour", "Hall"), "<entity>Harbour Hall</entity>"),
    (("Harbour", "Hall"), "- Harbour Hall,"),
    (("Harbour", "Hall"), "[Harbour Hall](https://example.org)"),
    (("Harbour", "Hall"), "#HarbourHall"),
    (("Harbour", "Hall"), "harbour-hall"),
    (("Simon", "&", "Garfunkel"), "Simon &amp; Garfunkel"),
    (("Simon", "&", "amp", ";", "Garfunkel"), "Simon & Garfunkel"),
    (("Simon", "&amp;", "Garfunkel"), "Simon & Garfunkel"),
    (("L", "’", "Oréal"), r"L\u2019Or\u00e9al"),
    (("L", "'", "Oréal"), "L&#39;Oréal"),
    (("“", "Harbour", "Hall", "”"), r"\"Harbour Hall\""),
    (("Ｍｉａ",), "Mia"),
    (("𝐌𝐢𝐚", "𝐋𝐞𝐞"), "Mia Lee"),
    (("Zu\u00adrich",), "Zurich"),
    (("ﬁnland",), "Finland"),
    (("Lego™",), "Lego"),
    (("Łódź",), "łódź"),
    (("STRASSE",), "Straße"),
    (("東京",), "「東京」"),
    (("C", "+", "+"), "c++"),
]


@pytest.mark.parametrize(("words", "answer"), AGREEING)
def test_an_answer_that_agrees_leaves_the_span(words: tuple[str, ...], answer: str) -> None:
    tokens = ("we", "saw", *words, "at", "home")
    old = Span(2, 2 + len(words))
    assert verify_span(answer, old, tokens) == old


@pytest.mark.parametrize(("words", "answer"), AGREEING)
def test_and_is_found_where_nobody_found_it_before(words: tuple[str, ...], answer: str) -> None:
    found = find_span(answer, ("we", "saw", *words, "at", "home"), [])
    whole = Span(2, 2 + len(words))
    assert whole.start <= found.start < found.stop <= whole.stop
    assert letters("".join(unescaped_tokens(words))) in (letters(unwrapped(answer)), letters(unwrapped(answer)) + "tm")


def test_a_name_is_found_that_was_escaped_twice() -> None:
    """The small model reads it so, too."""
    assert verify_span("Beyonc\u00e9 & Jay", Span(0, 1), ("Beyonc&amp;eacute;", "&amp;amp;", "Jay")) == Span(0, 3)


def test_a_wider_span_is_found_by_other_signs() -> None:
    tokens = ("at", "Joe", "’", "s", "Bar", "in", "Rome")
    assert verify_span("Joe's Bar", Span(1, 2), tokens) == Span(1, 5)
    assert verify_span("Joe's", Span(1, 5), tokens) == Span(1, 4)


def test_the_same_words_elsewhere_do_not_win_over_a_span_that_agrees() -> None:
    tokens = ("tell", "us", "about", "the", "U.S.")
    assert verify_span("US", Span(4, 5), tokens) == Span(4, 5)


def test_an_exact_fit_wins_over_a_span_that_agrees_only_roughly() -> None:
    assert verify_span("Jay-Z", Span(0, 1), ("JayZ", "and", "Jay-Z")) == Span(2, 3)


def test_signs_at_the_ends_do_not_make_several_places() -> None:
    tokens = ("(", "Wi-Fi", ")", "now")
    assert verify_span("Wi Fi", Span(3, 4), tokens) == Span(1, 2)


def test_several_places_for_a_loose_spelling_are_none() -> None:
    tokens = ("Wi-Fi", "or", "wi_fi", "now")
    with pytest.raises(Rejected, match="several places"):
        verify_span("Wi Fi", Span(1, 2), tokens)
    with pytest.raises(Rejected, match="several places"):
        find_span("Wi Fi", tokens, [])
    assert find_span("Wi Fi", tokens, [Span(0, 1)]) == Span(2, 3)


def test_a_loose_spelling_may_not_take_anothers_words() -> None:
    with pytest.raises(Rejected, match="another entity"):
        verify_span("Wi Fi", Span(1, 2), ("Wi-Fi", "now"), [Span(0, 1)])


@pytest.mark.parametrize("answer", ["<Mia>", "<Mia Lee>", "&lt;Mia&gt;", " <Mia>\n"])
def test_words_in_place_of_a_prompts_words_in_brackets_are_read(answer: str) -> None:
    """The prompts show an answer as "<the entity's exact words>"."""
    found = verify_span(answer, Span(0, 1), ("Mia", "Lee", "sings"))
    assert found == Span(0, 2 if "Lee" in answer else 1)


@pytest.mark.parametrize("answer", ["", "’", "...", "**", "&amp;", "—", "\u200b", "\\u2019", "<b></b>", "<|im_end|>"])
def test_signs_alone_are_no_words(answer: str) -> None:
    with pytest.raises(Rejected):
        verify_span(answer, Span(0, 1), ("Mia", "sings"))
    with pytest.raises(Rejected):
        verify_type(answer, (Label("PER", "A person."),))


LABELS = (
    Label("sports_team", "Players."),
    Label("TV show", "A series."),
    Label("U.S. state", "One of fifty."),
    Label("film/series", "Moving pictures."),
    Label("musicGroup", "A band."),
    Label("C++", "A language."),
    Label("C", "Another."),
    Label("café", "Coffee."),
)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("sports team", "sports_team"),
        ("SportsTeam", "sports_team"),
        ("SPORTS-TEAM", "sports_team"),
        ("**sports_team**", "sports_team"),
        ('"sports_team".', "sports_team"),
        ("`sports_team`", "sports_team"),
        (r"sports\_team", "sports_team"),
        ("- sports_team: Players.", "sports_team"),
        ("ｓｐｏｒｔｓ＿ｔｅａｍ", "sports_team"),
        ("TV_show", "TV show"),
        ("tv‑show", "TV show"),
        ("tvShow", "TV show"),
        ("US state", "U.S. state"),
        ("u.s state", "U.S. state"),
        ("film / series", "film/series"),
        ("film-series", "film/series"),
        ("film_series", "film/series"),
        ("music group", "musicGroup"),
        ("MUSIC_GROUP", "musicGroup"),
        ("c++", "C++"),
        ("c", "C"),
        ("cafe\u0301", "café"),
        ("Cafe", "café"),
        ("caf&eacute;", "café"),
        (r"caf\u00e9", "café"),
    ],
)
def test_a_label_in_other_spellings(answer: str, name: str) -> None:
    assert verify_type(answer, LABELS) == name


@pytest.mark.parametrize(
    "answer", ["sports", "team", "sports_team, TV show", "a sports_team", "film", "C#C", "Players."]
)
def test_what_names_no_label_or_two_is_rejected(answer: str) -> None:
    with pytest.raises(Rejected, match="is no type"):
        verify_type(answer, LABELS)


def test_two_labels_of_one_spelling_need_their_own() -> None:
    labels = (Label("art", "x"), Label("Art", "y"), Label("a-rt", "z"))
    assert [verify_type(name, labels) for name in ("art", "Art", "a-rt")] == ["art", "Art", "a-rt"]
    with pytest.raises(Rejected):
        verify_type("ART", labels)


def test_escapes() -> None:
    assert unescaped(r"\ud83d\ude80 \"x\" \\ &lt;b&gt; &nothing; AT&T R&D;") == '🚀 "x" \\ <b> &nothing; AT&T R&D;'
    assert unescaped(r"\ud83d") == "\ufffd"
    assert unescaped("AT&amp;amp;T Beyonc&amp;eacute; &amp;nothing; &#38;#39;") == "AT&T Beyonc\u00e9 &nothing; '"
    assert plain_signs("“A” – ‘B’") == "\"a\"-'b'"
