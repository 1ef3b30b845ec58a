"""Tokenization: words with offsets, casing, word pieces, and windows that cover every word."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import byte_tokenizer, tiny_tokenizer
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.letters import FILLERS, INVISIBLE, as_read, plain_letters
from unco.small_model.words import (
    PIECES_PER_WORD,
    Casing,
    Prefix,
    Shape,
    _marks,
    chunk_shape,
    post_casing,
    split_chunks,
    split_words,
    word_pieces,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("RT @AnnLee_7: go #BlueOwls!", ["RT", "@", "AnnLee_7", ":", "go", "#", "BlueOwls", "!"]),
        ("It's 3.5-2 on 11/22/1963.", ["It", "'", "s", "3.5-2", "on", "11/22/1963", "."]),
        ("see https://x.org/a?b=c now", ["see", "https://x.org/a?b=c", "now"]),
        ("Ann\u02bcs O\u02bcBrien", ["Ann", "\u02bc", "s", "O", "\u02bc", "Brien"]),
        ("\u2066Os\u202clo\u2069 \U0001f3f4\U000e0067\U000e007f\u2800Bergen", ["Os\u202clo", "\U0001f3f4", "Bergen"]),
        ("Barnes &amp; Noble&#39;s&nbsp;&nothing;", ["Barnes", "&amp;", "Noble", "&#39;", "s", "&", "nothing", ";"]),
        (
            "Beyonc&eacute; &Eacute;va L&#233;a &amp;eacute;t",
            ["Beyonc&eacute;", "&Eacute;va", "L&#233;a", "&amp;eacute;t"],
        ),
        (
            "Col&shy;lins&rsquo;s&hellip;Oslo&shy; R&D;",
            ["Col&shy;lins", "&rsquo;", "s", "&hellip;", "Oslo", "R", "&", "D", ";"],
        ),
        ("AT&amp;amp;T; &#26481;&#20140;", ["AT", "&amp;amp;", "T", ";", "&#26481;", "&#20140;"]),
        ("Col\u180elins Co\U0001d173llins Coll\ufff9ins", ["Col\u180elins", "Co\U0001d173llins", "Coll\ufff9ins"]),
        ("Ann\u3164Lee \u3164 Oslo\uffa0\u115f", ["Ann", "Lee", "Oslo"]),
        ("Oslohttps://t.co/a HTTP://T.CO/b", ["Oslo", "https://t.co/a", "HTTP://T.CO/b"]),
        ("Oslopic.twitter.com/Ab1", ["Oslo", "pic.twitter.com/Ab1"]),
        (
            '<a href="https://x.org/a_(b)?c=1&amp;d">Oslo</a>',
            [
                "<",
                "a",
                "href",
                "=",
                '"',
                "https://x.org/a_(b)?c=1&amp;d",
                '"',
                ">",
                "Oslo",
                "<",
                "/",
                "a",
                ">",
            ],
        ),
        ("https://t.co/a\u200bOslo (http://t.co/b)Oslo", ["https://t.co/a", "Oslo", "(", "http://t.co/b", ")", "Oslo"]),
        ("https://t.co/a\u306bOslo", ["https://t.co/a", "\u306b", "Oslo"]),
        ("Oslo\uc5d0 BTS\ubc29\ud0c4 \u05d1Oslo", ["Oslo", "\uc5d0", "BTS", "\ubc29\ud0c4", "\u05d1", "Oslo"]),
        ("\u2460Ann \u2777Lee\u2488Oslo H\u2082O", ["\u2460", "Ann", "\u2777", "Lee", "\u2488", "Oslo", "H\u2082O"]),
        (
            "https://t.co/a\u2026Oslo https://t.co/b\U0001f680Ann",
            ["https://t.co/a", "\u2026", "Oslo", "https://t.co/b", "\U0001f680", "Ann"],
        ),
        (
            "Oslo http:// HTTPS://\u2026 pic.twitter.com/",
            [*"Oslo http : / / HTTPS : / / \u2026 pic . twitter.com /".split()],
        ),
        ("(http://(a) https://<b>", [*"( http : / / ( a ) https : / / < b >".split()]),
        ("https://\u6771\u4eac.jp/a\u306bOslo", ["https://\u6771\u4eac.jp/a", "\u306b", "Oslo"]),
        ("https://www.\u0e44\u0e17\u0e22.com", ["https://www.\u0e44\u0e17\u0e22.com"]),
        ("&#95;Oslo", ["&#95;", "Oslo"]),
        ("\uff8a\uff98Ann \u3105Lee", ["\uff8a", "\uff98", "Ann", "\u3105", "Lee"]),
        ("Os\u043b\u043e \u0663\u0664", ["Os\u043b\u043e", "\u0663\u0664"]),
        (
            "_Oslo_ __Ann Lee__ @ann_lee_ ____",
            ["_", "Oslo", "_", "__", "Ann", "Lee", "__", "@", "ann_lee", "_", "____"],
        ),
        ("caf\u00e9 \U0001f600\U0001f600", ["caf\u00e9", "\U0001f600", "\U0001f600"]),
        ("a\u200bb \u200b c", ["a\u200bb", "c"]),
        ("Col\u00adlins, Jane\u200bDoe\u00ad", ["Col\u00adlins", ",", "Jane", "Doe"]),
        ("Thanks NASA.We won", ["Thanks", "NASA", ".", "We", "won"]),
        ("Ronaldo,Messi RT:Oslo", ["Ronaldo", ",", "Messi", "RT", ":", "Oslo"]),
        ("A$AP, Ke$ha $AAPL US$5 5$", ["A$AP", ",", "Ke$ha", "$", "AAPL", "US", "$", "5", "5", "$"]),
        ("$TSLA$AAPL$BTC A$A$AP", ["$", "TSLA", "$", "AAPL", "$", "BTC", "A$A$AP"]),
        ("1,000 3.5 10:30 11/22/1963", ["1,000", "3.5", "10:30", "11/22/1963"]),
        ("U.S.A. AC/DC Yahoo.com Spider-Man", ["U.S.A", ".", "AC/DC", "Yahoo.com", "Spider-Man"]),
        (
            "Jean\u2011Luc Coca\u2010Cola Oslo\u2013Bergen",
            ["Jean\u2011Luc", "Coca\u2010Cola", "Oslo", "\u2013", "Bergen"],
        ),
        ("Lakers/Celtics", ["Lakers", "/", "Celtics"]),
        ("\U0001d40d\U0001d400 \u24dd\u24d0!", ["\U0001d40d\U0001d400", "\u24dd\u24d0", "!"]),
        ("\u6771\u4eac", ["\u6771", "\u4eac"]),
        ("\u0e23\u0e38\u0e07", ["\u0e23\u0e38", "\u0e07"]),
        ("\u05e9\u05dc\u05d5\u05dd Tel Aviv", ["\u05e9\u05dc\u05d5\u05dd", "Tel", "Aviv"]),
        (" \n\t ", []),
        ("Beyonce\u0301 sings", ["Beyonce\u0301", "sings"]),
        (
            "\u0928\u0930\u0947\u0928\u094d\u0926\u094d\u0930 Modi",
            ["\u0928\u0930\u0947\u0928\u094d\u0926\u094d\u0930", "Modi"],
        ),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert list(split_words(text)[0]) == words


@given(st.text(max_size=200))
def test_offsets_point_at_the_words(text: str) -> None:
    words, offsets = split_words(text)
    assert [text[start:stop] for start, stop in offsets] == list(words)
    assert all(a[1] <= b[0] for a, b in zip(offsets, offsets[1:], strict=False))


@given(
    st.lists(
        st.sampled_from(["http", "https", "://", "pic.twitter.com/", *"hp._(<&#95;\u6771\u0e44\u0e31\uc5d0\u034f "]),
        max_size=40,
    ).map("".join)
)
def test_no_sign_is_left_out(text: str) -> None:
    """Each character that is seen belongs to a word."""
    left, stop = "", 0
    for start, end in (*split_words(text)[1], (len(text), len(text))):
        left, stop = left + text[stop:start], end
    assert not set(left) - {" ", *INVISIBLE}


def test_shapes() -> None:
    shapes = [chunk_shape(chunk) for chunk in ("abc", "Abc", "ABC", "A", "12", "!")]
    assert shapes == [Shape.LOWER, Shape.TITLE, Shape.UPPER, Shape.SINGLE_UPPER, Shape.DIGITS, Shape.OTHER]
    assert post_casing(("ALL", "OF", "IT", "!")) == Casing.UPPER
    assert post_casing(("Some", "of", "it")) == Casing.MIXED


@pytest.mark.parametrize(
    ("word", "chunks"),
    [
        ("goOwls2", ["go", "Owls", "2"]),
        ("S\u00e3oPaulo", ["S\u00e3o", "Paulo"]),
        ("Beyonc\u00e9", ["Beyonc\u00e9"]),
        ("\u00c5S\u00c5", ["\u00c5S\u00c5"]),
        ("Malm\u00f6FF", ["Malm\u00f6", "FF"]),
        ("\u0130stanbul", ["\u0130stanbul"]),
        (
            "\u041c\u043e\u0441\u043a\u0432\u0430\u0421\u0438\u0442\u0438",
            ["\u041c\u043e\u0441\u043a\u0432\u0430", "\u0421\u0438\u0442\u0438"],
        ),
        ("\u6771", ["\u6771"]),
        ("\u0928\u0930\u0947", ["\u0928\u0930\u0947"]),
        ("_\u00e9_", ["_", "\u00e9", "_"]),
        ("", [""]),
    ],
)
def test_a_letter_with_an_accent_parts_no_word(word: str, chunks: list[str]) -> None:
    assert split_chunks(word) == chunks


@given(st.text(min_size=1, max_size=40))
def test_chunks_are_the_whole_word(word: str) -> None:
    assert "".join(split_chunks(word)) == word


def test_accented_names_have_the_pieces_of_plain_ones() -> None:
    tokenizer = from_pretrained().tokenizer
    for word, plain in (
        ("S\u00e3o", "Sao"),
        ("Malm\u00f6", "Malmo"),
        ("BEYONC\u00c9", "BEYONCE"),
        ("O\u0308zil", "Ozil"),
    ):
        assert word_pieces((word,), tokenizer) == word_pieces((plain,), tokenizer)


def test_pieces_of_camel_case_hash_tags_and_handles() -> None:
    pieces = word_pieces(("#", "goOwls2", "@", "me"), tiny_tokenizer())
    assert pieces.word == (0, 1, 1, 1, 1, 1, 1, 1, 2, 3, 3)
    assert [Shape(shape) for shape in pieces.shape[1:8]] == [Shape.LOWER] * 2 + [Shape.TITLE] * 4 + [Shape.DIGITS]
    assert set(pieces.prefix[1:8]) == {Prefix.HASH}
    assert set(pieces.prefix[9:]) == {Prefix.AT}


def test_words_that_stay_whole_have_the_pieces_of_the_whole_text() -> None:
    text = "aBa a12b b\u00f6 \U0001d400 b"
    for tokenizer in (byte_tokenizer(), tiny_tokenizer()):
        pieces = word_pieces(tuple(text.split()), tokenizer, whole_words=True)
        assert list(pieces.ids) == tokenizer.encode(f" {text}", add_special_tokens=False).ids
        assert set(pieces.word) == {0, 1, 2, 3, 4}
    split = word_pieces(("aBa",), byte_tokenizer())
    assert len(split.ids) == 4  # a, a blank, B, a: not split it would be a, B, a
    assert len(word_pieces(("aBa",), byte_tokenizer(), whole_words=True).ids) == 3
    assert word_pieces(("b" * 10**6,), tiny_tokenizer(), whole_words=True).word.count(0) in (1, PIECES_PER_WORD)


def test_a_word_without_pieces_is_still_there_and_a_very_long_one_is_shortened() -> None:
    pieces = word_pieces(("a", "\u200b", "b" * 60), tiny_tokenizer())
    assert set(pieces.word) == {0, 1, 2}
    assert pieces.word.count(2) == PIECES_PER_WORD
    several = word_pieces(("a1" * 60,), tiny_tokenizer())
    assert word_pieces(("a1" * 10**6,), tiny_tokenizer()) == several  # without tokenizing what is not read


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("Oslo", "Oslo"),
        ("\U0001d40d\U0001d400\U0001d412\U0001d400", "NASA"),
        ("\uff2e\uff21", "NA"),
        ("\u0274\u1d00", "na"),
        ("Gri\ufb03n", "Griffin"),
        ("Jean\u2011Luc", "Jean-Luc"),
        ("\uff06", "&"),
        ("N\u0410S\u0410", "NASA"),
        ("\u0391pple", "Apple"),
        ("\u041e\u0441\u043b\u043e", "\u041e\u0441\u043b\u043e"),
        ("IT-\u043a\u043e\u043c\u043f\u0430\u043d\u0438\u044f", "IT-\u043a\u043e\u043c\u043f\u0430\u043d\u0438\u044f"),
        ("\u0412eyonc\u00e9", "Beyonc\u00e9"),
        ("\u0132sland", "IJsland"),
        ("\u24ab\u2122\u0e19\u0e33", "\u24ab\u2122\u0e19\u0e33"),
        ("\U0001f17d\U0001f170", "NA"),
        ("Col\u00adlins", "Collins"),
        ("\u200b", "\u200b"),
        ("Caf\u00e9\u2122\u00bd\u2026", "Caf\u00e9\u2122\u00bd\u2026"),
        ("Beyonce\u0301", "Beyonc\u00e9"),
        ("O\u0336s\u0336l\u0332o\u0337\u0300\u0308", "Osl\u00f2"),
        ("1\ufe0f\u20e3", "1"),
        ("Os\u202clo\u2069", "Oslo"),
        ("\u0301", "\u0301"),
        ("&amp;", "&"),
        ("&#x1F600;", "\U0001f600"),
        ("&;", "&;"),
        ("Beyonc&eacute;", "Beyonc\u00e9"),
        ("&amp;amp;", "&"),
        ("R&D;", "R&D;"),
        ("Ke$ha", "Kesha"),
        ("A$AP", "ASAP"),
        ("$5", "$5"),
        ("Os\ufffalo", "Oslo"),
    ],
)
def test_letters_are_read_as_they_look(word: str, read: str) -> None:
    assert as_read(word) == read
    assert word_pieces((word,), tiny_tokenizer()) == word_pieces((read,), tiny_tokenizer())


def test_what_is_invisible_parts_no_word_but_for_blanks() -> None:
    blanks = {*FILLERS, "\u200b", "\u2800"}
    inside = {char for char in INVISIBLE - blanks if len(split_words(f"Os{char}lo")[0]) == 1}
    assert inside == INVISIBLE - blanks
    assert {as_read(f"Os{char}lo") for char in INVISIBLE - {*FILLERS}} == {"Oslo"}
    assert all(as_read(f"Ann{char}Lee") == "Ann Lee" for char in FILLERS)


@given(st.text(st.sampled_from("&amp;#x1eacuteshy Oslo\u00ad\u0301"), max_size=60))
def test_escapes_keep_all_in_its_place(text: str) -> None:
    plain = plain_letters(text)
    assert len(plain) == len(text)
    assert plain.endswith(text.rpartition(";")[2])


def test_no_combining_mark_is_left_out() -> None:
    marks = {chr(code) for code in range(0x300, 0xFE00) if unicodedata.category(chr(code)).startswith("M")}
    assert set(_marks()) == marks
