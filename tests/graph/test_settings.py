"""What a run asks for is checked before anything is read or paid for."""

from pathlib import Path
from typing import Any

import pytest

from tests.scripted import (
    ANN,
    FACE,
    TOKENS,
    ScriptedLlm,
    doubt,
    drawing,
    found,
    graph_of,
    kind,
    outcome,
    says,
    spoken,
)
from unco.context import Context
from unco.errors import SettingsError
from unco.graph import build_variant
from unco.nodes.settings import current_frame
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording
from unco.types import Extraction, Post, Uncertainty

TEXT = " ".join(TOKENS)

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "mode": ({"mode": "lvie"}, "choose one of off, live, record, replay"),
    "threshold too high": ({"span_threshold": 2}, "span_threshold"),
    "threshold of the wrong kind": ({"type_threshold": "0.4"}, "type_threshold"),
    "threshold that is no number": ({"region_threshold": float("nan")}, "region_threshold"),
    "prompt": ({"region_prompt": "v9"}, "there is v1"),
    "prompt elsewhere": ({"region_prompt": "../type/v1"}, "no version"),
    "frame": ({"frame": "inches"}, "0-1000-yx"),
    "a model that is no name": ({"model": 5}, "model must be a string"),
    "a model that cannot be sent": ({"model": "a\ud800b"}, "half of a letter"),
    "a version that is no name": ({"span_prompt": ["v1"]}, "span_prompt must be a string"),
    "a threshold below never": ({"span_threshold": -0.5}, "or -1 for always"),
    "recall that is no choice": ({"recall": "yes"}, "recall must be true or false"),
    "a prompt of the one shot": ({"one_shot_prompt": "v9"}, "there is v1"),
    "facts without a file": ({"type_prompt": "v2-kb"}, "UNCO_KB"),
    "a threshold of true": ({"span_threshold": True}, "span_threshold"),
    "replay without a recording": ({"mode": "replay"}, "UNCO_RECORDING"),
    "record without a recording": ({"mode": "record"}, "UNCO_RECORDING"),
}


def untouched(post: Post) -> Extraction:
    raise AssertionError("the small model was run")


@pytest.mark.parametrize("case", BAD)
async def test_bad_settings_are_refused_before_the_small_model_runs(case: str) -> None:
    settings, says_how = BAD[case]
    graph = graph_of(untouched, ScriptedLlm())
    with pytest.raises(SettingsError, match=says_how):
        graph.invoke({"text": TEXT}, context=settings)
    with pytest.raises(SettingsError, match=says_how):
        await graph.ainvoke({"text": TEXT}, context=settings)
    with pytest.raises(SettingsError, match=says_how):
        graph.invoke({"text": TEXT}, context=Context(**settings))


async def test_a_model_of_unknown_family_is_refused_where_there_is_a_picture(tmp_path: Path) -> None:
    graph, post = graph_of(untouched, ScriptedLlm()), {"text": TEXT, "image": drawing(tmp_path)}
    with pytest.raises(SettingsError, match="UNCO_LLM_FRAME"):
        graph.invoke(post, context=Context(model="mystery-1"))
    with pytest.raises(SettingsError, match="UNCO_LLM_FRAME"):
        await graph.ainvoke(post, context=Context(model="mystery-1"))


@pytest.mark.parametrize("variant", ["unco", "correct_all", "one_shot", "generate"])
@pytest.mark.parametrize("model", ["mystery-1", "Molmo-7B-D"])
async def test_a_post_without_a_picture_needs_no_box_frame(variant: str, model: str) -> None:
    llm, context = ScriptedLlm({("type", "Ann"): kind("PER")}), Context(model=model, recall=variant == "unco")
    llm.script["one_shot", "Ann"] = spoken(corrected_entity="Ann", corrected_type="PER", corrected_bounding_box=None)
    llm.script["generate", ""] = found(("Ann", "PER", None))
    small_model = small_model_tool(says((ANN, "ORG", None, doubt("span type region"))))
    graph = build_variant(variant, small_model, llm)
    for result in (graph.invoke({"text": TEXT}, context=context), await graph.ainvoke({"text": TEXT}, context=context)):
        assert {question.request.model for question in llm.asked} == {model}
        assert result["entities"][0]["type"] == "PER"


def test_a_frame_that_does_not_exist_is_refused_without_a_picture_too() -> None:
    llm = ScriptedLlm(frame="inches")
    with pytest.raises(SettingsError, match="unknown box frame 'inches'"):
        graph_of(untouched, llm).invoke({"text": TEXT})


SECRET = {"api_key": "sk-test"}  # pragma: allowlist secret


@pytest.mark.parametrize("settings", [{"modee": "off"}, SECRET, {"base_url": "http://elsewhere"}])
def test_an_unknown_setting_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=f"unknown setting.*{next(iter(settings))}"):
        graph_of(untouched, ScriptedLlm()).invoke({"text": TEXT}, context=settings)


def test_a_model_of_unknown_family_is_no_matter_when_nobody_is_asked() -> None:
    graph = graph_of(says((ANN, "ORG", FACE, doubt("type"))), Mllm(model="mystery-1"))
    assert outcome(graph.invoke({"text": TEXT}))["type"] == "unavailable"


@pytest.mark.parametrize(
    ("thresholds", "asked"),
    [
        ({}, {"span", "type", "region"}),
        ({"span_threshold": 0.9}, {"type", "region"}),
        ({"span_threshold": 1, "type_threshold": 1.0, "region_threshold": 1}, set()),
        ({"region_threshold": 0.95}, {"span", "type"}),
    ],
)
def test_thresholds_of_the_run_count_and_are_reported(
    thresholds: dict[str, Any], asked: set[str], tmp_path: Path
) -> None:
    llm = ScriptedLlm()
    graph = graph_of(says((ANN, "ORG", FACE, doubt("span type region"))), llm)
    result = graph.invoke({"text": TEXT, "image": drawing(tmp_path)}, context=thresholds)
    assert {question.attribute for question in llm.asked} == asked
    for name, value in thresholds.items():
        assert result["thresholds"][name.removesuffix("_threshold")] == value


@pytest.mark.parametrize("number", [-1, -1.0])
def test_a_threshold_of_always_asks_about_what_has_no_doubt_at_all(number: float, tmp_path: Path) -> None:
    llm = ScriptedLlm()
    graph = graph_of(says((ANN, "ORG", FACE, Uncertainty(0.0, 0.0, 0.0))), llm)
    always = {"span_threshold": number, "type_threshold": number, "region_threshold": number}
    result = graph.invoke({"text": TEXT, "image": drawing(tmp_path)}, context=always)
    assert [question.attribute for question in llm.asked] == ["span", "type", "region"]
    assert all("Above 0.00" in question.request.system for question in llm.asked)
    assert result["thresholds"] == {"span": -1.0, "type": -1.0, "region": -1.0, "drop": 1.0, "recall": None}


def test_a_threshold_of_zero_asks_about_everything_that_has_any_doubt(tmp_path: Path) -> None:
    llm = ScriptedLlm()
    graph = graph_of(says((ANN, "ORG", FACE, doubt())), llm)
    zero = {"span_threshold": 0, "type_threshold": 0, "region_threshold": 0}
    graph.invoke({"text": TEXT, "image": drawing(tmp_path)}, context=zero)
    assert [question.attribute for question in llm.asked] == ["span", "type", "region"]


@pytest.mark.parametrize(
    ("frame", "box", "words"),
    [
        ("0-1000", "[50, 100, 300, 900]", "1000 the right"),
        ("0-1000-yx", "[100, 50, 900, 300]", "[y1, x1, y2, x2]"),
        ("0-1", "[0.05, 0.1, 0.3, 0.9]", "1 the right"),
    ],
)
def test_the_frame_of_the_run_serves_question_and_answer(frame: str, box: str, words: str, tmp_path: Path) -> None:
    llm = ScriptedLlm()
    graph = graph_of(says((ANN, "ORG", FACE, doubt("region"))), llm)
    result = graph.invoke({"text": TEXT, "image": drawing(tmp_path)}, context={"frame": frame})
    assert box in llm.asked[0].request.user
    assert words in llm.asked[0].request.system
    assert outcome(result)["region"] == "kept"
    assert result["entities"][0]["region"] == {"x1": 10, "y1": 10, "x2": 60, "y2": 90}


def test_the_model_of_the_run_is_the_one_asked(tmp_path: Path) -> None:
    llm = ScriptedLlm()
    graph_of(says((ANN, "ORG", FACE, doubt("type"))), llm).invoke({"text": TEXT}, context={"model": "qwen3-vl-8b"})
    assert llm.asked[0].request.model == "qwen3-vl-8b"


def test_the_frame_that_is_set_is_the_configured_models_and_no_other_ones() -> None:
    llm = Mllm("http://127.0.0.1:1/v1", "my-finetune", frame="0-1000")
    assert current_frame(Context(), llm).name == "0-1000"
    assert current_frame(Context(model="gemini-2.5-pro"), llm).name == "0-1000-yx"
    assert current_frame(Context(model="gemini-2.5-pro", frame="0-1"), llm).name == "0-1"


def test_replay_needs_the_name_of_a_model(tmp_path: Path) -> None:
    llm = Mllm(recording=Recording(tmp_path / "r.jsonl"))
    with pytest.raises(SettingsError, match="UNCO_LLM_MODEL"):
        graph_of(untouched, llm).invoke({"text": TEXT}, context=Context(mode="replay"))
