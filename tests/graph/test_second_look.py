"""The region corrector may ask to see a part of the picture closer, once; its answer from there is checked like any."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.scripted import ANN, FACE, TOKENS, Answer, ScriptedLlm, account, doubt, drawing, graph_of, says, spoken
from unco.errors import CallFailed, RecordingMiss, Unavailable
from unco.nodes.questions import sent_picture
from unco.state import read_result
from unco.tools.llm.cache.store import Cache
from unco.tools.pictures.view import view_picture
from unco.types import Box, Extraction, Post

TEXT = " ".join(TOKENS)
V3 = {"region_prompt": "v3"}
AREA = [20, 10, 60, 50]
PART = {"x1": 12.0, "y1": 2.0, "x2": 68.0, "y2": 58.0}
"""The area with a tenth around it, widened to 56 pixels; it is sent eight times enlarged, as 448 x 448."""
IN_PART, OUT_OF_PART, BESIDE = Box(14, 6, 44, 46), Box(100, 20, 190, 90), Box(60, 10, 90, 50)
CLOSER, REGION = ("close_up", "Ann"), ("region", "Ann")


def wish(area: Any = AREA, box: Any = None, candidate: Any = None) -> str:
    return spoken(look_closer_at=area, candidate=candidate, corrected_bounding_box=box)


def answer(box: Any = None, candidate: Any = None, **more: Any) -> str:
    return spoken(candidate=candidate, corrected_bounding_box=box, **more)


def run(
    tmp_path: Path, first: Answer, second: Answer = "no answer", found: Box | None = FACE, **context: Any
) -> tuple[dict[str, Any], ScriptedLlm]:
    llm = ScriptedLlm({REGION: first, CLOSER: second})
    small_model = says((ANN, "ORG", found, doubt("region")))

    def extractor(post: Post) -> Extraction:
        return replace(small_model(post), candidates=(OUT_OF_PART, IN_PART, BESIDE))

    result = graph_of(extractor, llm).invoke({"text": TEXT, "image": drawing(tmp_path)}, context=V3 | context)
    return result, llm


def region(result: dict[str, Any]) -> Box | None:
    return read_result(result).entities[0].region


def test_without_a_wish_it_is_asked_once(tmp_path: Path) -> None:
    result, llm = run(tmp_path, wish(None, [20, 20, 80, 90]))
    assert [asked.request.prompt for asked in llm.asked] == ["region/v3"]
    assert region(result) == Box(20, 20, 80, 90)
    assert account(result, "region")["looked_at"] is None


def test_the_answer_from_the_part_is_a_box_of_the_picture(tmp_path: Path) -> None:
    result, llm = run(tmp_path, wish(box=[1, 1, 199, 99]), answer([80, 80, 240, 320]))
    note = account(result, "region")
    assert [asked.request.prompt for asked in llm.asked] == ["region/v3", "close_up/v1"]
    assert region(result) == Box(22, 12, 42, 42)
    assert (note["outcome"], note["looked_at"], note["calls"], len(note["exchanges"])) == ("changed", PART, 2, 2)
    assert result["usage"]["calls"] == 2
    assert result["usage"]["input_tokens"] == 22


def test_the_part_is_sent_alone_with_the_candidates_in_it(tmp_path: Path) -> None:
    _, llm = run(tmp_path, wish(), answer(None))
    request = llm.asked[1].request
    assert request.picture is not None
    assert Image.open(BytesIO(request.picture.data)).size == (448, 448)
    assert "- 2: [16, 32, 256, 352]" in request.user
    assert "- 1:" not in request.user
    assert "- 3:" not in request.user, "less than half of it is there"
    assert "448 pixels wide" in request.system
    assert "<thoughts>\nBy hand.\n</thoughts>" in request.user
    assert "does not lie in this part): [0, 64, 384, 448]" in request.user, "the face, clipped"


@pytest.mark.parametrize(
    ("second", "outcome", "box"),
    [
        (answer(candidate=2), "changed", IN_PART),
        (answer([16, 32, 256, 352], candidate=2), "changed", IN_PART),
        (answer(None), "changed", None),
        (answer([0, 64, 384, 448]), "kept", FACE),
        (answer(candidate=1), "rejected", FACE),
        (answer([300, 300, 440, 440], candidate=2), "rejected", FACE),
        (answer([2000, 2000, 2300, 2300]), "rejected", FACE),
        (answer([0, 0, 20, 20]), "rejected", FACE),  # 2.5 x 2.5 pixels of the picture
        (answer([80, 80, 240, 320], look_closer_at=[1, 2, 30, 40]), "changed", Box(22, 12, 42, 42)),
    ],
)
def test_the_answer_is_checked(second: str, outcome: str, box: Box | None, tmp_path: Path) -> None:
    result, llm = run(tmp_path, wish(), second)
    assert (account(result, "region")["outcome"], region(result)) == (outcome, box)
    assert len(llm.asked) == 2, "a second wish is not heard"


@pytest.mark.parametrize("area", [[0, 0, 200, 100], [3, 3, 4, 4], [900, 900, 990, 990], [5, 5, 5, 5], [0, 2, 190, 99]])
def test_an_area_that_cannot_be_shown_leaves_the_answer_so_far(area: list[float], tmp_path: Path) -> None:
    result, llm = run(tmp_path, wish(area, [20, 20, 80, 90]))
    assert len(llm.asked) == 1
    assert region(result) == Box(20, 20, 80, 90)
    assert "no closer look" in account(result, "region")["detail"]


@pytest.mark.parametrize(
    "fault", [Unavailable("no time", "deadline"), CallFailed("refused"), ["no JSON", "none again"]]
)
def test_without_a_second_answer_the_first_one_counts(fault: Any, tmp_path: Path) -> None:
    result, _ = run(tmp_path, wish(box=[20, 20, 80, 90]), fault)
    note = account(result, "region")
    assert (note["outcome"], region(result), note["looked_at"]) == ("changed", Box(20, 20, 80, 90), None)
    assert "no closer look" in note["detail"]


def test_a_partly_outside_area_is_clipped(tmp_path: Path) -> None:
    result, _ = run(tmp_path, wish([150, 40, 240, 120]), answer([0, 0, 200, 200]))
    assert account(result, "region")["looked_at"] == {"x1": 144.0, "y1": 34.0, "x2": 200.0, "y2": 100.0}


@pytest.mark.parametrize(("calls", "asked"), [(1, 1), (2, 2)])
def test_the_posts_cap_holds_for_both(calls: int, asked: int, tmp_path: Path) -> None:
    result, llm = run(tmp_path, wish(box=[20, 20, 80, 90]), answer([80, 80, 240, 320]), post_calls=calls)
    assert len(llm.asked) == asked
    assert region(result) == (Box(20, 20, 80, 90) if calls == 1 else Box(22, 12, 42, 42))


def test_a_second_opinion_is_asked_about_what_was_seen(tmp_path: Path) -> None:
    _, llm = run(tmp_path, wish(), answer([80, 80, 240, 320]), second_opinion=True)
    assert [asked.attribute for asked in llm.asked] == ["region", "close_up", "second_opinion"]
    assert "[22, 12, 42, 42]" in llm.asked[2].request.user


def test_a_replay_without_the_second_answer_is_a_miss(tmp_path: Path) -> None:
    with pytest.raises(RecordingMiss):
        run(tmp_path, wish(box=[20, 20, 80, 90]), RecordingMiss("not there"))


@pytest.mark.parametrize("reduced", [1, 4])
def test_the_part_is_where_it_was_asked_for(reduced: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a picture that lies on its side in the file, and of one that was reduced when it was read."""
    upright = Image.new("RGB", (800, 400), "white")
    upright.paste("red", (600, 100, 700, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn to the right
    path = tmp_path / "turned.png"
    upright.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    whole = view_picture(str(path))
    assert (whole.info.width, whole.info.height) == (800, 400)
    smaller = replace(whole, image=whole.image.resize((800 // reduced, 400 // reduced)))
    monkeypatch.setattr(sent_picture, "view_picture", lambda ref: smaller)
    llm = ScriptedLlm({REGION: wish([600, 100, 700, 200]), CLOSER: answer([64, 64, 704, 704])})
    small_model = says((ANN, "ORG", None, doubt("region")))
    result = graph_of(small_model, llm).invoke({"text": TEXT, "image": str(path)}, context=V3)
    picture = llm.asked[1].request.picture
    assert picture is not None
    sent = Image.open(BytesIO(picture.data)).convert("RGB")
    assert sent.size == (768, 768)  # 120 x 120 pixels, 6.4 times enlarged
    red = [sent.getpixel(at)[1] < 128 for at in ((32, 384), (96, 384), (672, 384), (736, 384), (384, 32), (384, 672))]  # type: ignore[index]
    assert red == [False, True, True, False, False, True]
    assert read_result(result).entities[0].region == Box(600, 100, 700, 200)


def test_other_versions_know_of_no_second_look(tmp_path: Path) -> None:
    llm = ScriptedLlm({REGION: wish(box=[20, 20, 80, 90])}, cache=Cache())
    small_model = says((ANN, "ORG", FACE, doubt("region")))
    post, context = {"text": TEXT, "image": drawing(tmp_path)}, {"region_prompt": "v2"}
    result = graph_of(small_model, llm).invoke(post, context=context)
    assert len(llm.asked) == 1
    assert region(result) == Box(20, 20, 80, 90)
    assert "look_closer_at" not in json.dumps([llm.asked[0].request.schema, llm.asked[0].request.system])


@pytest.mark.parametrize(
    ("second", "confidence"), [(answer([80, 80, 240, 320]), 0.6), (["no JSON", "none again"], 0.9)]
)
def test_the_confidence_is_that_of_the_answer_that_counts(second: Any, confidence: float, tmp_path: Path) -> None:
    llm = ScriptedLlm({REGION: wish(box=[20, 20, 80, 90]), CLOSER: second})
    llm.sure = {REGION: 0.9, CLOSER: 0.6}
    small_model = says((ANN, "ORG", FACE, doubt("region")))
    post, context = {"text": TEXT, "image": drawing(tmp_path)}, V3 | {"region_accept": 0.0}
    note = account(graph_of(small_model, llm).invoke(post, context=context), "region")
    assert all(asked.request.token_probabilities for asked in llm.asked)
    assert note["confidence"] == pytest.approx(confidence)
