"""Saved predictions: found by id or by text; a broken line is named."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.scripted import ScriptedLlm, doubt, graph_of, outcome
from tests.tiny import extraction
from unco.errors import DataError, PostError
from unco.state import EXTRACTION, to_json
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.types import PictureInfo, Post, Span

ANN = extraction(("Ann", "Lee", "plays"), [(Span(0, 2), "PER", None, doubt("type"))])
OSLO = extraction(("In", "Oslo", "\u2028", "now"), [(Span(1, 2), "ORG", None, doubt())])


def line(prediction: Any, **more: Any) -> str:
    return json.dumps(to_json(EXTRACTION, prediction) | more, ensure_ascii=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "predictions.jsonl"
    file.write_text(f"{line(ANN, id='p1')}\n\n{line(OSLO)}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("post", "prediction"),
    [
        (Post("Ann Lee plays", id="p1"), ANN),
        (Post("Ann Lee plays"), ANN),
        (Post(("Ann", "Lee", "plays")), ANN),
        (Post("Ann Lee plays", id="unknown"), ANN),
        (Post(("In", "Oslo", "\u2028", "now")), OSLO),
    ],
)
def test_a_post_is_found(path: Path, post: Post, prediction: Any) -> None:
    assert SavedPredictions(path)(post) == prediction


def test_older_files_without_candidates_are_read(tmp_path: Path) -> None:
    older = to_json(EXTRACTION, ANN)
    del older["candidates"], older["text_lines"], older["entities"][0]["found_by"]
    (tmp_path / "older.jsonl").write_text(json.dumps(older), encoding="utf-8")
    assert SavedPredictions(tmp_path / "older.jsonl")(Post("Ann Lee plays")) == ANN


def test_offsets_count_in_the_callers_own_text(path: Path) -> None:
    text = "Ann   Lee  plays"
    found = SavedPredictions(path)(Post(text, id="p1"))
    (ann,) = found.entities
    assert (found.text, ann.text, text[ann.start_char : ann.stop_char]) == (text, "Ann   Lee", "Ann   Lee")


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    file, picture = tmp_path / "p.jsonl", tmp_path / "a.png"
    Image.new("RGB", (40, 30)).save(picture)
    file.write_text(line(replace(ANN, picture=PictureInfo("a.png", "0" * 64, 40, 20))), encoding="utf-8")
    with pytest.raises(PostError, match="40 x 30 pixels, but the saved boxes are of a picture of 40 x 20"):
        SavedPredictions(file)(Post("Ann Lee plays", image=str(picture)))


def test_an_id_may_be_a_number(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text(line(ANN, id=7), encoding="utf-8")
    assert SavedPredictions(file)(Post(("Ann", "Lee", "plays"), id="7")) == ANN


@pytest.mark.parametrize("post", [Post("Bob"), Post("Bob", id="p9")])
def test_a_post_without_a_prediction(path: Path, post: Post) -> None:
    with pytest.raises(PostError, match=r"predictions\.jsonl has no prediction for post"):
        SavedPredictions(path)(post)


def test_the_same_id_with_another_text_is_refused(path: Path) -> None:
    with pytest.raises(PostError, match="'p1' is of another text"):
        SavedPredictions(path)(Post("Bob sings", id="p1"))


def test_other_tokens_of_the_same_text_are_no_other_text(path: Path) -> None:
    assert SavedPredictions(path)(Post(("An", "n", "Lee", "plays"), id="p1")) == ANN


GOOD = to_json(EXTRACTION, ANN)
BAD = {
    "no JSON": "{",
    "no object": "[1]",
    "no number": "17",
    "a key is missing": json.dumps({key: value for key, value in GOOD.items() if key != "tokens"}),
    "a span is empty": line(ANN).replace('"stop": 2', '"stop": 0'),
    "a threshold out of range": json.dumps(GOOD | {"thresholds": {"span": 2, "type": 0, "region": 0}}),
    "a span behind the end": line(ANN).replace('"stop": 2', '"stop": 9'),
    "an index that is not its place": line(ANN).replace('"index": 0', '"index": 3'),
    "an uncertainty that is none": line(ANN).replace('"span": 0.', '"span": 7.'),
    "an offset is missing": json.dumps(GOOD | {"offsets": GOOD["offsets"][:2]}),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_named(case: str, tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text(f"{line(OSLO)}\n{BAD[case]}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"p\.jsonl:2: not a saved prediction"):
        SavedPredictions(file)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match=r"p\.jsonl cannot be read|p\.jsonl:1: not a saved prediction"):
        SavedPredictions(file)


def test_it_takes_the_small_models_place_in_the_graph(path: Path) -> None:
    llm = ScriptedLlm()
    result = graph_of(SavedPredictions(path), llm).invoke({"text": "Ann Lee plays", "id": "p1"})
    assert outcome(result) == {"span": "skipped", "type": "kept", "region": "skipped"}
    assert llm.keys == [("type", "Ann Lee")]
