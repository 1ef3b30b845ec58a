"""The demo: everything it promises is in it, its answers are marked as authored, and it opens no socket."""

import socket
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from demo_sources.authored_server import ANSWERS_FILE, read_answers, serve
from unco.context import Context
from unco.demo.posts import MODEL, read_posts
from unco.demo.run import build_demo_graph, run_demo
from unco.errors import RecordingMiss, SetupError
from unco.graph import build_graph
from unco.small_model.regions.faces_and_text import vision_installed
from unco.state import read_result
from unco.tools.extraction.tool import default_extractor, small_model_tool
from unco.tools.llm.client import Mllm
from unco.types import Result

pytestmark = pytest.mark.skipif(not vision_installed(), reason='needs pip install ".[vision]"')


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    """One run for all tests here, with sockets cut off."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the demo opened a socket"))
        lines = run_demo(tmp_path_factory.mktemp("demo"), Console(quiet=True)).read_bytes().splitlines()
        return [Result.from_json(line) for line in lines]


def test_every_attribute_is_corrected_and_an_answer_is_rejected(results: list[Result]) -> None:
    notes = [note for result in results for entity in result.entities for note in entity.corrections]
    assert {note.attribute for note in notes if note.outcome == "changed"} == {"span", "type", "region"}
    assert any(note.outcome == "rejected" for note in notes)
    assert not [note for note in notes if note.outcome in ("failed", "unavailable")]
    asked = [note for note in notes if note.outcome != "skipped"]
    assert all(note.authored and note.model == MODEL and note.reasoning and note.cache_hit for note in asked)


def test_the_newspaper_of_the_case_study(results: list[Result]) -> None:
    """As in Figure 11: the masthead's name is completed, it is no place, and it is found at the top of the page."""
    newspaper = next(result for result in results if result.id == "newspaper")
    tribune = next(entity for entity in newspaper.entities if "Tribune" in entity.text)
    assert (tribune.text, tribune.type) == ("des moines Tribune", "ORG")
    assert tribune.region is not None
    assert tribune.region.y2 < 80


def test_pictures_are_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_demo(tmp_path, Console(width=200))
    printed = capsys.readouterr().out
    assert "authored by hand" in printed
    for post in read_posts():
        target = tmp_path / f"{post.id}.png"
        with Image.open(target) as picture:
            assert picture.width >= 640
        assert str(target) in printed


def test_without_its_extra_the_demo_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else other uncertainties would lead to questions that nobody recorded."""
    monkeypatch.setattr("unco.demo.run.vision_installed", lambda: False)
    with pytest.raises(SetupError, match=r"pip install 'unco\[vision\]'"):
        run_demo(tmp_path, Console(quiet=True))


def test_a_changed_question_is_not_answered_by_an_old_recording() -> None:
    post = read_posts()[0]
    inputs = {"text": post.text, "image": str(post.image)}
    with pytest.raises(RecordingMiss, match="Above 0.00"):  # the first difference
        build_demo_graph().invoke(inputs, context=Context(mode="replay", span_threshold=0.0))


def test_the_authored_server_answers_what_it_was_given_and_nothing_else() -> None:
    posts = read_posts()
    answers = read_answers(ANSWERS_FILE, {post.id: post.text for post in posts})
    with serve(answers) as base_url:
        graph = build_graph(small_model_tool(default_extractor()), Mllm(base_url=base_url, model=MODEL))
        live = Context(mode="live", span_threshold=0.0, type_threshold=1.0, region_threshold=1.0)
        result = read_result(graph.invoke({"text": "Ada Lovelace met Mary Somerville in London"}, context=live))
    notes = [entity.corrections[0] for entity in result.entities]
    assert notes
    assert all(note.outcome == "failed" and "404" in note.detail for note in notes)
