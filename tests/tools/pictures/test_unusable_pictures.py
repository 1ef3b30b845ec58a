"""A picture that cannot be used does not cost the text, whichever way the post comes in."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from PIL import Image
from pydantic import TypeAdapter

import unco
from tests.pictures import as_bytes, data_url
from tests.scripted import ANN, FACE, TOKENS, ScriptedLlm, doubt, graph_of
from tests.tiny import extraction
from unco.context import Context
from unco.corpus.pipeline import Pipeline
from unco.corpus.run import Corpus, run_corpus, settings_of
from unco.errors import PictureError
from unco.small_model.predictor import Predictor
from unco.state import RESULT, read_result
from unco.tools.extraction.extractor import NetworkExtractor
from unco.types import Extraction, PictureFault, PictureInfo, Post, Result, UnusablePicture

TEXT = "Ann Lee plays for Oslo Owls"
ASKING = Context(span_threshold=-1, type_threshold=-1, region_threshold=-1)
PNG = as_bytes(Image.effect_noise((80, 60), 50))
CUT = PNG[: len(PNG) // 3]
UNUSABLE: dict[str, tuple[str, PictureFault]] = {
    "nothing there": ("none.png", "missing"),
    "an inline picture that is kept no more": (f"data:sha256,{'0' * 64}", "missing"),
    "a folder": (".", "unreadable"),
    "a path with a zero byte": ("a\0b.png", "unreadable"),
    "no base64": ("data:image/png;base64,@@@@", "malformed"),
    "no picture": (data_url(b"no picture at all"), "unknown_format"),
    "cut short": (data_url(CUT), "damaged"),
    "empty": ("data:image/png;base64,", "damaged"),
    "too many bytes": ("data:image/png;base64," + "A" * 30_000_000, "too_large"),
    "a host that is down": ("http://127.0.0.1:9/a.png", "unreachable"),
}


@pytest.fixture(autouse=True)
def one_allowed_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNCO_ALLOWED_HOSTS", "127.0.0.1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def extractor(predictor: Predictor) -> NetworkExtractor:
    return NetworkExtractor(lambda: predictor, None)


def alone(extractor: NetworkExtractor) -> Result:
    return read_result(graph_of(extractor, ScriptedLlm()).invoke({"text": TEXT}, context=ASKING))


def check(result: Result, text_alone: Result, reason: PictureFault) -> None:
    """The entities and outcomes of the text alone, and why there is no picture."""
    assert isinstance(result.picture, UnusablePicture)
    assert result.picture.reason == reason
    assert result.seen_picture is None
    assert result.warnings == (f"the picture cannot be used: {result.picture.detail}", *text_alone.warnings)
    assert [found.text for found in result.entities] == [found.text for found in text_alone.entities]
    assert all(found.region is None for found in result.entities)
    told = [[(note.attribute, note.outcome, note.reason) for note in found.corrections] for found in result.entities]
    assert told == [
        [(note.attribute, note.outcome, note.reason) for note in found.corrections] for found in text_alone.entities
    ]


@pytest.mark.parametrize("name", UNUSABLE)
async def test_the_graph_goes_on_with_the_text(name: str, extractor: NetworkExtractor) -> None:
    image, reason = UNUSABLE[name]
    post, text_alone = {"text": TEXT, "image": image, "regions": [(1, 2, 3, 4)]}, alone(extractor)
    llm = ScriptedLlm()
    graph = graph_of(extractor, llm)
    check(read_result(graph.invoke(post, context=ASKING)), text_alone, reason)
    check(read_result(await graph.ainvoke(post, context=ASKING)), text_alone, reason)
    assert {asked.attribute for asked in llm.asked} <= {"span", "type"}
    assert all(asked.request.picture is None for asked in llm.asked)
    for strict in (Context(strict_pictures=True), {"strict_pictures": True}):
        with pytest.raises(PictureError) as caught:
            graph.invoke(post, context=strict)
        assert caught.value.reason == reason


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_whose_name_is_no_text_is_a_picture_and_its_result_can_be_written(
    extractor: NetworkExtractor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    Path(odd).write_bytes(PNG)
    graph = graph_of(extractor, ScriptedLlm())
    result = read_result(graph.invoke({"text": TEXT, "image": odd}, context=ASKING))
    assert result.seen_picture
    assert RESULT.validate_json(RESULT.dump_json(result)) == result
    gone = read_result(graph.invoke({"text": TEXT, "image": odd + "x"}, context=ASKING))
    check(RESULT.validate_json(RESULT.dump_json(gone)), alone(extractor), "missing")
    monkeypatch.setenv("UNCO_PICTURE_ROOTS", "pictures")
    with pytest.raises(PictureError, match="UNCO_PICTURE_ROOTS"):
        graph.invoke({"text": TEXT, "image": odd}, context=ASKING)


def test_a_name_that_the_locale_cannot_write_is_looked_for_in_utf_8(tmp_path: Path) -> None:
    (tmp_path / "caf\u00e9.png").write_bytes(PNG)
    code = (
        "import sys; from unco.tools.pictures import open_picture; "
        "print(open_picture(sys.argv[1] + chr(233) + '.png').info.width)"
    )
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "caf")],
        env=os.environ | locale,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "80\n"


@pytest.mark.parametrize("image", ["http://evil.example/a.png", "file:///etc/hostname", "http://a:b@127.0.0.1/a.png"])
def test_what_may_not_be_opened_stays_an_error(image: str, extractor: NetworkExtractor) -> None:
    with pytest.raises(PictureError) as caught:
        graph_of(extractor, ScriptedLlm()).invoke({"text": TEXT, "image": image}, context=ASKING)
    assert caught.value.reason is None


def test_a_path_outside_of_the_allowed_folders_stays_an_error(
    extractor: NetworkExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNCO_PICTURE_ROOTS", "pictures")
    with pytest.raises(PictureError, match="UNCO_PICTURE_ROOTS"):
        graph_of(extractor, ScriptedLlm()).invoke({"text": TEXT, "image": "none.png"}, context=ASKING)


@pytest.mark.parametrize("strict", [False, True])
def test_a_corpus(strict: bool, extractor: NetworkExtractor, tmp_path: Path) -> None:
    posts, out = tmp_path / "posts.jsonl", tmp_path / "out.jsonl"
    lines = [{"text": TEXT, "image": image, "id": name} for name, (image, _) in UNUSABLE.items()]
    posts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    context = Context(mode="off", strict_pictures=strict)
    run_corpus(Corpus(posts, out), Pipeline(extractor, ScriptedLlm(), context))
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["id"] for line in found] == list(UNUSABLE)
    if strict:
        assert {line["error"]["type"] for line in found} == {"PictureError"}
    else:
        assert [line["picture"]["reason"] for line in found] == [reason for _, reason in UNUSABLE.values()]
        assert all(line["entities"] and line["picture"]["state"] == "unusable" for line in found)


def test_a_run_of_before_is_gone_on_with() -> None:
    """Its settings do not say whether it was strict."""
    assert "strict_pictures" not in settings_of(Context())["context"]
    assert settings_of(Context(strict_pictures=True))["context"]["strict_pictures"] is True


def test_any_extractor_will_do() -> None:
    """Also one that knows nothing of this, and boxes of a picture that is not there are dropped."""

    def extractor(post: Post) -> Extraction:
        if post.image is not None:
            raise PictureError("gone", "missing")
        return extraction(TOKENS, [(ANN, "PER", FACE, doubt())])

    result = read_result(graph_of(extractor, ScriptedLlm()).invoke({"text": " ".join(TOKENS), "image": "a.png"}))
    assert result.entities
    assert all(found.region is None for found in result.entities)


def test_results_are_read_back_old_and_new(extractor: NetworkExtractor) -> None:
    text_alone = alone(extractor)
    for picture in (None, PictureInfo("a.png", "0" * 64, 3, 4), UnusablePicture("damaged", "cut short")):
        data = RESULT.dump_python(text_alone, mode="json") | {"picture": None if picture is None else _plain(picture)}
        assert RESULT.validate_json(json.dumps(data)).picture == picture
    assert _plain(UnusablePicture("damaged", "cut")) == {"reason": "damaged", "detail": "cut", "state": "unusable"}


def _plain(picture: Any) -> Any:
    return TypeAdapter(type(picture)).dump_python(picture, mode="json")


def test_the_error_keeps_its_reason_between_processes() -> None:
    for reason in (None, *get_args(PictureFault)):
        assert pickle.loads(pickle.dumps(PictureError("why", reason))).reason == reason


def test_the_library(monkeypatch: pytest.MonkeyPatch, extractor: NetworkExtractor, tmp_path: Path) -> None:
    monkeypatch.setattr("unco.graph.graph", graph_of(extractor, ScriptedLlm()))
    (tmp_path / "broken.png").write_bytes(CUT)
    with (tmp_path / "broken.png").open("rb") as file:
        for image in ("none.png", CUT, b"", tmp_path / "broken.png", file, Image.new("1", (20_000, 20_000))):
            result = unco.extract(TEXT, image, context=Context(mode="off"))
            assert isinstance(result.picture, UnusablePicture)
            assert result.entities
    with pytest.raises(PictureError):
        unco.extract(TEXT, CUT, context=Context(strict_pictures=True))
