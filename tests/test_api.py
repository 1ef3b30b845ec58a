"""`unco.extract`: one call for one post, with text, tokens and pictures in any form."""

import pydoc
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import unco
from tests.scripted import TOKENS, ScriptedLlm, drawing, graph_of
from unco import evals
from unco.errors import PictureError, PostError, SettingsError
from unco.small_model.predictor import Predictor
from unco.tools.extraction.extractor import NetworkExtractor
from unco.types import Box, Result

TEXT = " ".join(TOKENS)
EVERYTHING = unco.Context(span_threshold=0, type_threshold=0, region_threshold=0)


@pytest.fixture(autouse=True)
def llm(monkeypatch: pytest.MonkeyPatch, predictor: Predictor) -> ScriptedLlm:
    """The tiny network, and an MLLM that leaves all as it is."""
    asked = ScriptedLlm()
    monkeypatch.setattr("unco.graph.graph", graph_of(NetworkExtractor(lambda: predictor, None), asked))
    return asked


def test_a_text_alone(llm: ScriptedLlm) -> None:
    result = unco.extract(TEXT)
    assert isinstance(result, Result)
    assert result.text == TEXT
    assert result.entities
    assert result.picture is None


@pytest.mark.parametrize("tokens", [list(TOKENS), TOKENS])
def test_tokens(tokens: Any) -> None:
    assert unco.extract(tokens).tokens == TOKENS


def test_a_picture_by_path_and_one_that_is_open_give_the_same(tmp_path: Path) -> None:
    path = drawing(tmp_path)
    by_path = unco.extract(TEXT, path, context=EVERYTHING)
    assert unco.extract(TEXT, Path(path), context=EVERYTHING) == by_path
    with Image.open(path) as image:
        opened = unco.extract(TEXT, image, context=EVERYTHING)
    assert by_path.seen_picture is not None
    assert opened.seen_picture is not None
    assert by_path.seen_picture.ref == path
    assert opened.seen_picture.ref.startswith("data:sha256,")
    assert (opened.seen_picture.width, opened.seen_picture.height) == (200, 100)
    assert opened.entities == by_path.entities


def test_regions_of_the_caller(tmp_path: Path) -> None:
    box = Box(1, 2, 30, 40)
    result = unco.extract(TEXT, drawing(tmp_path), regions=[box])
    assert {entity.region for entity in result.entities} <= {None, box, Box(0, 0, 200, 100)}


def test_every_attribute_is_asked_about_and_kept(llm: ScriptedLlm, tmp_path: Path) -> None:
    result = unco.extract(TEXT, drawing(tmp_path), context=EVERYTHING)
    notes = [note for entity in result.entities for note in entity.corrections]
    assert {note.attribute for note in notes} == {"span", "type", "region"}
    assert {note.outcome for note in notes if note.uncertainty > 0} == {"kept"}
    assert len(llm.asked) == sum(note.uncertainty > 0 for note in notes)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": ""}, PostError),
        ({"text": 7}, PostError),
        ({"text": "Ann", "image": "none.png", "context": unco.Context(strict_pictures=True)}, PictureError),
        ({"text": "Ann", "image": "http://127.0.0.1/a.png"}, PictureError),
        ({"text": "Ann", "context": {"modee": "off"}}, SettingsError),
    ],
)
def test_what_cannot_be_used_is_refused(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        unco.extract(**arguments)


def test_many_posts_keep_their_order_and_one_error_stops_none() -> None:
    counted: list[int] = []
    posts: list[Any] = [TEXT, {"text": list(TOKENS)}, "", ["post one", "post two"], TEXT]
    first, second, empty, several, last = unco.extract_many(posts, at_once=2, progress=counted.append)
    assert counted == [1, 2, 3, 4, 5]
    assert isinstance(first, Result)
    assert isinstance(second, Result)
    assert (first.entities, first.tokens) == (second.entities, second.tokens)
    assert first == last
    assert isinstance(empty, PostError)
    assert isinstance(several, PostError)


def test_a_field_of_another_name_stops_no_other_post() -> None:
    posts: list[Any] = [{"txt": TEXT}, {"text": TEXT, "imgae": "a.jpg"}, {}, TEXT]
    *wrong, last = unco.extract_many(posts)
    assert [type(one) for one in wrong] == [PostError] * 3
    assert "'imgae'" in str(wrong[1])
    assert isinstance(last, Result)


def test_what_a_post_says_itself_counts_and_stops_no_other_post() -> None:
    mine = {"text": TEXT, "context": unco.Context(mode="off", span_threshold=0.125)}
    first, second = unco.extract_many([mine, TEXT], context=unco.Context(mode="off", span_threshold=0.25))
    assert isinstance(first, Result)
    assert isinstance(second, Result)
    assert (first.thresholds.span, second.thresholds.span) == (0.125, 0.25)


@pytest.mark.parametrize("one", [TEXT, TEXT.encode(), {"text": TEXT}])
def test_one_post_by_mistake_is_not_read_letter_by_letter(one: Any) -> None:
    with pytest.raises(PostError, match=r"one post.*unco\.extract"):
        unco.extract_many(one)


def test_what_is_loaded_when_it_is_used_is_seen_before() -> None:
    """By `help`, and by an editor that completes names."""
    assert {"extract", "extract_many", "Context", "__version__"} <= set(dir(unco))
    assert "extract_many(" in pydoc.plain(pydoc.render_doc(unco))
    assert "score" in dir(evals)


def test_several_posts_by_mistake_are_named() -> None:
    with pytest.raises(PostError, match=r"'post one' has a blank in it.*unco\.extract_many"):
        unco.extract(["post one", "post two"])


def test_what_is_wrong_with_every_token_is_said_once() -> None:
    wrong: Any = b"Ann met Bo"  # a list of numbers to many readers
    with pytest.raises(PostError, match="text: Input should be a valid string") as fault:
        unco.extract(wrong)
    assert str(fault.value).count("valid string") == 1


def test_a_result_goes_through_json() -> None:
    result = unco.extract(TEXT)
    assert Result.from_json(result.to_json()) == result
    with pytest.raises(ValueError, match="JSON"):
        Result.from_json("{")
