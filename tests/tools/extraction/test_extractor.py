"""The network as an extractor: texts, tokens, pictures and candidates of callers."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.scripted import drawing
from tests.tiny import TINY, tiny_predictor
from unco.errors import PictureError, PostError, SetupError
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.config import Estimator
from unco.small_model.predictor import Predictor
from unco.small_model.regions.region import Region
from unco.tools.extraction.call import extract_async
from unco.tools.extraction.extractor import (
    NO_CAPTION,
    NO_PICTURE,
    NO_PROVIDER,
    UNREAD_CAPTION,
    NetworkExtractor,
)
from unco.tools.extraction.text import MOST_WORDS, read_text, surface
from unco.tools.pictures.decode import Picture, open_picture
from unco.tools.pictures.view import view_picture
from unco.types import Box, Post, Span, TextLine

TEXTS = {
    "plain": ("Ann Lee plays", ["Ann", "Lee", "plays"]),
    "signs": ("RT @ann: #Oslo!", ["RT", "@", "ann", ":", "#", "Oslo", "!"]),
    "emoji": ("Go 🚀🎶 Oslo", ["Go", "🚀", "🎶", "Oslo"]),
    "zero-width": ("Os\u200blo \u200b now", ["Os\u200blo", "now"]),
    "joined emoji": ("👩\u200d🚀 flies", ["👩", "🚀", "flies"]),
    "right to left": ("שלום \u200fעולם, Oslo", ["שלום", "עולם", ",", "Oslo"]),
    "Arabic": ("مرحبا بك", ["مرحبا", "بك"]),
    "accents": ("Café Über Łódź", ["Café", "Über", "Łódź"]),
    "blanks": ("  Ann\t\n\u00a0Lee  ", ["Ann", "Lee"]),
    "link": ("see https://t.co/aB1? now", ["see", "https://t.co/aB1?", "now"]),
}


@pytest.mark.parametrize("case", TEXTS)
def test_words_of_a_text_stand_where_their_offsets_say(case: str) -> None:
    text, words = TEXTS[case]
    whole, tokens, offsets = read_text(text)
    assert whole == text
    assert list(tokens) == words
    assert [text[start:stop] for start, stop in offsets] == words


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        whole, tokens, offsets = read_text(text)
    except PostError as fault:
        assert "no words" in str(fault)  # noqa: PT017
        return
    assert whole == text
    assert [text[start:stop] for start, stop in offsets] == list(tokens)
    stops = [0, *(stop for _, stop in offsets)]
    assert all(start >= before for before, (start, _) in zip(stops, offsets, strict=False))
    assert surface(text, offsets, Span(0, len(tokens))).strip() != ""


@given(st.lists(st.text(min_size=1), min_size=1))
def test_tokens_are_taken_as_they_are(tokens: list[str]) -> None:
    try:
        whole, taken, offsets = read_text(tuple(tokens))
    except PostError:
        half = re.search("[\ud800-\udfff]", "".join(tokens))
        assert half or not "".join(tokens).strip() or any(len(token.split()) > 1 for token in tokens)
        return
    assert whole == " ".join(tokens)
    assert taken == tuple(tokens)
    assert [whole[start:stop] for start, stop in offsets] == tokens


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b", "\u200b\u200d \ufeff", (), (" ",), ("\u00a0", " ")])
def test_a_text_without_words_is_refused(text: str | tuple[str, ...]) -> None:
    with pytest.raises(PostError, match="has no words"):
        read_text(text)


def test_an_empty_token_is_named() -> None:
    with pytest.raises(PostError, match="token 1 is empty"):
        read_text(("Ann", "", "Lee"))


def test_a_token_of_one_invisible_character_stays() -> None:
    assert read_text(("Ann", "\u200b", "Lee"))[1] == ("Ann", "\u200b", "Lee")


@pytest.mark.parametrize("text", ["Ann \udcff", ("Ann", "\ud83d")])
def test_half_a_character_is_refused(text: str | tuple[str, ...]) -> None:
    with pytest.raises(PostError, match="character 4 of the text is half a surrogate pair"):
        read_text(text)


@pytest.mark.parametrize("words", [MOST_WORDS, MOST_WORDS + 1])
def test_a_text_that_is_too_long_is_refused(words: int) -> None:
    text = "a " * words
    if words <= MOST_WORDS:
        assert len(read_text(text)[1]) == words
        return
    for given_text in (text, tuple(text.split())):
        with pytest.raises(PostError, match=f"{words} words, at most {MOST_WORDS}"):
            read_text(given_text)


def extractor(predictor: Predictor, **settings: object) -> NetworkExtractor:
    return NetworkExtractor(lambda: predictor, settings.get("provider"))  # type: ignore[arg-type]


def test_nothing_is_loaded_before_the_first_post(predictor: Predictor) -> None:
    loads: list[int] = []

    def load() -> Predictor:
        loads.append(1)
        return predictor

    network = NetworkExtractor(load, None)
    assert loads == []
    with pytest.raises(PostError):
        network(Post(""))
    assert loads == []  # what cannot be read needs no model
    network(Post("Ann Lee"))
    assert loads == [1]


def test_without_a_picture_nothing_is_grounded_and_a_warning_says_so(predictor: Predictor) -> None:
    result = extractor(predictor)(Post("Ann Lee plays for the Blue Owls in Oslo"))
    assert result.entities
    assert all(entity.region is None for entity in result.entities)
    assert result.picture is None
    assert result.warnings == (NO_PICTURE,)


def test_entities_carry_text_and_offsets_of_the_callers_string(predictor: Predictor) -> None:
    text = "  🚀 Ann   Lee\u200b plays\nfor Oslo"
    result = extractor(predictor)(Post(text))
    assert result.entities
    for index, entity in enumerate(result.entities):
        assert entity.index == index
        assert text[entity.start_char : entity.stop_char] == entity.text
        assert 0 <= min(entity.uncertainty.span, entity.uncertainty.type, entity.uncertainty.region)
        assert max(entity.uncertainty.span, entity.uncertainty.type, entity.uncertainty.region) <= 1


def test_names_one_below_the_other_are_names_of_their_own() -> None:
    text = "Tour dates\nParis\nLondon\n\nNew York"
    found = extractor(from_pretrained())(Post(text))
    assert [entity.text for entity in found.entities] == ["Paris", "London", "New York"]
    assert all(text[entity.start_char : entity.stop_char] == entity.text for entity in found.entities)
    assert "," not in found.tokens


def test_a_picture_without_a_provider_leaves_the_whole_picture(predictor: Predictor, tmp_path: Path) -> None:
    result = extractor(predictor)(Post("Ann Lee plays for Oslo", drawing(tmp_path)))
    assert NO_PROVIDER in result.warnings
    assert result.picture is not None
    assert {entity.region for entity in result.entities} <= {None, Box(0, 0, 200, 100)}


def test_a_provider_is_asked_unless_the_caller_has_regions(predictor: Predictor, tmp_path: Path) -> None:
    shown: list[tuple[tuple[int, int], str]] = []

    def provider(image: Image.Image, source: str) -> list[Region]:
        shown.append((image.size, source))
        return [Region(Box(1, 1, 50, 50), "person")]

    network = extractor(predictor, provider=provider)
    picture = drawing(tmp_path)
    assert network(Post("Ann Lee", picture)).warnings == ()
    assert shown == [((200, 100), picture)]
    network(Post("Ann Lee", picture, regions=(Box(0, 0, 10, 10),)))
    network(Post("Ann Lee", picture, regions=()))
    network(Post("Ann Lee"))
    assert len(shown) == 1


@pytest.mark.parametrize("box", [Box(0, 0, 200, 100), Box(0.5, 0.5, 1, 1)])
def test_regions_inside_the_picture_are_candidates(box: Box, predictor: Predictor, tmp_path: Path) -> None:
    result = extractor(predictor)(Post("Ann Lee plays for Oslo", drawing(tmp_path), regions=(box,)))
    assert {entity.region for entity in result.entities} <= {None, box, Box(0, 0, 200, 100)}


def test_candidates_and_text_lines_are_in_the_result_but_not_the_whole_picture(
    predictor: Predictor, tmp_path: Path
) -> None:
    person, line, whole = Box(1, 1, 50, 50), Box(60, 5, 120, 20), Box(0, 0, 200, 100)

    def provider(image: Image.Image, source: str) -> list[Region]:
        return [Region(person, "person"), Region(line, "text", "OSLO"), Region(whole, "picture")]

    result = extractor(predictor, provider=provider)(Post("Ann Lee", drawing(tmp_path)))
    assert result.candidates == (person, line)
    assert result.text_lines == (TextLine("OSLO", line),)
    assert extractor(predictor, provider=provider)(Post("Ann Lee")).candidates == ()


@pytest.mark.parametrize("box", [Box(-1, 0, 5, 5), Box(0, 0, 201, 5), Box(0, 0, 5, 100.5), Box(300, 300, 400, 400)])
def test_regions_outside_the_picture_are_refused(box: Box, predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(PostError, match="not inside the picture of 200 x 100 pixels"):
        extractor(predictor)(Post("Ann Lee", drawing(tmp_path), regions=(box,)))


@pytest.mark.parametrize("reads", [True, False])
def test_a_caption_is_read_by_a_model_trained_with_captions_else_there_is_a_warning(
    tmp_path: Path, reads: bool
) -> None:
    network = replace(TINY, captions=reads, positions=400)
    extract = NetworkExtractor(lambda: tiny_predictor(config=network), None)
    picture = str(drawing(tmp_path, (40, 30)))
    with_caption, without_caption = (
        extract(Post("Ann Lee", image=picture, caption=caption)) for caption in ("two people", None)
    )
    same = [item.nats for item in with_caption.entities] == [item.nats for item in without_caption.entities]
    assert same != reads
    assert (UNREAD_CAPTION in with_caption.warnings) != reads
    assert (NO_CAPTION in without_caption.warnings) == reads
    assert NO_CAPTION not in extract(Post("Ann Lee")).warnings


def test_a_picture_that_is_not_there_is_an_error_and_no_warning(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no picture at"):
        extractor(predictor)(Post("Ann Lee", str(tmp_path / "none.png")))


@pytest.fixture(scope="module")
def roomy() -> Predictor:
    """The tiny network with room for a full window, in one pass."""
    return tiny_predictor(config=replace(TINY, positions=400)).with_estimator(Estimator())


def test_a_text_of_ten_thousand_words_is_read_to_its_end(roomy: Predictor) -> None:
    text = " ".join("abcdefghij"[place % 10] for place in range(10_000))
    result = extractor(roomy)(Post(text))
    assert len(result.tokens) == 10_000
    starts = [entity.span.start for entity in result.entities]
    assert starts == sorted(starts)
    assert starts[-1] > 9_600  # the last window of 320 pieces has its say too
    assert len({start // 320 for start in starts}) == 10_000 // 320 + 1
    for one, two in zip(result.entities, result.entities[1:], strict=False):
        assert not one.span.overlaps(two.span)
    assert all(text[entity.start_char : entity.stop_char] == entity.text for entity in result.entities)


def test_a_picture_is_opened_once_until_it_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []

    def counted(ref: str, **rules: Any) -> Picture:
        opened.append(ref)
        return open_picture(ref, **rules)

    monkeypatch.setattr("unco.tools.pictures.view.open_picture", counted)
    path = drawing(tmp_path)
    assert view_picture(path).info == view_picture(path).info
    assert len(opened) == 1
    drawing(tmp_path, (300, 100))
    assert view_picture(path).info.width == 300
    assert len(opened) == 2


async def test_awaiting_gives_the_same_result(predictor: Predictor, tmp_path: Path) -> None:
    network = extractor(predictor)
    for post in (Post("Ann Lee plays for Oslo"), Post("Ann Lee plays for Oslo", drawing(tmp_path))):
        assert await network.acall(post) == network(post)
        assert await extract_async(network, post) == network(post)
        assert await extract_async(lambda post: network(post), post) == network(post)


async def test_loading_is_tried_again_after_a_failure(predictor: Predictor) -> None:
    loads: list[int] = []

    def load() -> Predictor:
        loads.append(1)
        if len(loads) == 1:
            raise SetupError("the checkpoint is broken")
        return predictor

    network = NetworkExtractor(load, None)
    with pytest.raises(SetupError, match="is broken"):
        await network.acall(Post("Ann Lee"))
    assert await network.acall(Post("Ann Lee")) == network(Post("Ann Lee"))
    assert len(loads) == 2


def test_torch_is_not_needed_to_make_an_extractor() -> None:
    import subprocess

    code = "import sys, unco.tools.extraction.extractor; assert not {'torch', 'transformers'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
