"""What the probe makes of models that imitate, that do not see, and that are not there."""

import json
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from unco.errors import SettingsError, Unavailable
from unco.evals.frame_probe import probe_frame
from unco.evals.frame_probe.pictures import COLOURS, DRAWINGS, Drawing, picture_of
from unco.evals.frame_probe.probe import CANDIDATES
from unco.evals.frame_probe.run import run_probe
from unco.evals.simulation import Profile, simulate
from unco.evals.simulation.profile import Chances
from unco.evals.simulation.question import ReceivedPicture, find_rectangle
from unco.tools.box_frames.frame import describe, encode
from unco.tools.box_frames.saved import frames_file, saved_frame
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Reply, Request


def reply(text: str) -> Reply:
    return Reply(text=text, finish_reason="stop", model="authored-test")


def drawing_of(request: Request) -> Drawing:
    return next(drawing for drawing in DRAWINGS if picture_of(drawing) == request.picture)


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: str(drawing.size))
def test_the_rectangle_is_where_it_is_said_to_be(drawing: Drawing) -> None:
    image = Image.open(BytesIO(picture_of(drawing).data)).convert("RGB")
    assert image.size == drawing.size
    box = drawing.box
    assert find_rectangle(ReceivedPicture(image, ""), f"the {drawing.colour} rectangle") == (
        box.x1,
        box.y1,
        box.x2,
        box.y2,
    )
    others = set(COLOURS) - {drawing.colour}
    assert all(find_rectangle(ReceivedPicture(image, ""), f"the {colour} rectangle") is None for colour in others)


def test_a_model_that_imitates_is_at_home_in_every_frame() -> None:
    def imitator(request: Request) -> Reply:
        size = (drawing := drawing_of(request)).size
        frame_asked = next(frame for frame in CANDIDATES if describe(frame, *size) in request.system)
        return reply(json.dumps({"corrected_bounding_box": encode(drawing.box, frame_asked, *size)}))

    probe = probe_frame(imitator, "any")
    assert probe.winner is not None
    assert probe.imitates
    assert min(score.own for score in probe.scores) > 0.9
    assert max(score.every for score in probe.scores) == pytest.approx(0.40, abs=0.01)


def test_a_model_that_is_stubborn_is_at_home_in_its_own_frame_alone() -> None:
    y_first = next(frame for frame in CANDIDATES if frame.name == "0-1000-yx")

    def stubborn(request: Request) -> Reply:
        drawing = drawing_of(request)
        return reply(json.dumps({"corrected_bounding_box": encode(drawing.box, y_first, *drawing.size)}))

    probe = probe_frame(stubborn, "any")
    first, second, *rest = probe.scores
    assert not probe.imitates
    assert first.frame == "0-1000-yx"
    assert first.own == pytest.approx(0.997, abs=0.003)
    assert second.frame == "0-1023-yx"
    assert max(score.own for score in rest) < 0.5


@pytest.mark.parametrize(
    "text", ['{"corrected_bounding_box": null}', "I see nothing.", '{"corrected_bounding_box": [5, 5, 9, 9]}']
)
def test_a_model_that_does_not_see_has_no_frame(text: str) -> None:
    probe = probe_frame(lambda request: reply(text), "any")
    assert probe.winner is None
    assert probe.calls < len(DRAWINGS) * len(CANDIDATES)  # equal words are asked once


@pytest.mark.parametrize(
    ("family", "frame", "seed"),
    [("qwen2.5-vl", "resized_pixels", 0), ("claude", "claude_pixels", 1), ("gemini", "0-1000-yx", 2)],
)
def test_a_model_that_errs_often_is_found_out_all_the_same(family: str, frame: str, seed: int) -> None:
    often = Profile(right=Chances(span=1, type=1, region=0.8), box_noise=0.05)
    with simulate([], family, often, seed) as simulation:
        llm = Mllm(simulation.url, "mystery-1", attempts=1)
        assert probe_frame(partial(llm.ask, mode="live"), "any").winner == frame


def test_what_is_found_is_shown_and_found_again(tmp_path: Path) -> None:
    with simulate([], "gemini") as simulation:
        llm, console = Mllm(simulation.url, "mystery-1"), Console(record=True, width=160)
        run_probe(llm, console, out=tmp_path / "probe.json")
    assert saved_frame(simulation.url, "mystery-1") == "0-1000-yx"
    assert "mystery-1 speaks 0-1000-yx" in console.export_text()
    table = json.loads((tmp_path / "probe.json").read_text())
    assert (table["frame"], table["scores"][0]["read"]) == ("0-1000-yx", 5)


def test_nothing_is_saved_that_was_not_found() -> None:
    class Blind(Mllm):
        def ask(self, *_: object) -> Reply:
            return reply("I cannot see pictures.")

    with pytest.raises(SettingsError, match=r"no frame reaches mean IoU 0\.5 for 'mystery-1', so nothing was saved"):
        run_probe(Blind("http://127.0.0.1:1/v1", "mystery-1"), Console(quiet=True))
    with simulate([], "gemini") as simulation:
        run_probe(Mllm(simulation.url, "mystery-1"), Console(quiet=True), save=False)
    assert not frames_file().exists()


def test_nobody_to_ask() -> None:
    with pytest.raises(SettingsError, match="no MLLM to probe"):
        run_probe(Mllm(), Console(quiet=True))
    with pytest.raises(Unavailable):
        run_probe(Mllm("http://127.0.0.1:1/v1", "mystery-1", attempts=1), Console(quiet=True))
