"""A call that is not in the cassette stops the run, though failed calls do not, and says what changed."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr
from vcr.errors import CannotOverwriteExistingCassetteException

from tests.graph.concert import KEY, NOWHERE, ONE_AT_A_TIME, TEXT, TOKENS, concert_graph, stage
from tests.scripted import MODEL, graph_of, says
from unco.nodes.questions import correction
from unco.prompts import Prompt, PromptName, load_prompt
from unco.tools.llm.client import Mllm
from unco.types import Span, Uncertainty

pytestmark = [
    pytest.mark.unco_cassette("concert"),
    pytest.mark.skipif("config.getoption('--unco-record')", reason="a miss must never be recorded"),
]


@pytest.fixture
def _edited_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """One word of the type corrector's prompt is another."""

    def edited(attribute: PromptName, version: str) -> Prompt:
        prompt = load_prompt(attribute, version)
        if attribute != "type":
            return prompt
        return replace(prompt, system=prompt.system.replace("Think step by step", "Think word by word"))

    monkeypatch.setattr(correction, "load_prompt", edited)


@pytest.mark.usefixtures("_edited_prompt")
def test_an_edited_prompt_is_a_miss_that_names_the_words(tmp_path: Path) -> None:
    with pytest.raises(CannotOverwriteExistingCassetteException) as caught:
        concert_graph().invoke({"text": TEXT, "image": stage(tmp_path)}, ONE_AT_A_TIME)
    assert "Think word by word" in str(caught.value)
    assert "Think step by step" in str(caught.value)
    assert "the closest differ in same_system)" in str(caught.value)


@pytest.mark.usefixtures("_edited_prompt")
async def test_async_too(tmp_path: Path) -> None:
    with pytest.raises(CannotOverwriteExistingCassetteException, match="Think word by word"):
        await concert_graph().ainvoke({"text": TEXT, "image": stage(tmp_path)})


def test_another_picture_is_a_miss(tmp_path: Path) -> None:
    path = stage(tmp_path)
    Image.new("RGB", (160, 120), "red").save(path)
    with pytest.raises(CannotOverwriteExistingCassetteException, match="same_pictures differs: asked .*sha256"):
        concert_graph().invoke({"text": TEXT, "image": path}, ONE_AT_A_TIME)


def test_another_uncertainty_is_a_miss(tmp_path: Path) -> None:
    other = says((Span(0, 1), "ORG", None, Uncertainty(0.77, 0, 0)), tokens=TOKENS)
    graph = graph_of(other, Mllm(NOWHERE, MODEL, SecretStr(KEY)))
    with pytest.raises(CannotOverwriteExistingCassetteException, match=r"asked .*0\.77.*, recorded .*0\.90"):
        graph.invoke({"text": TEXT, "image": stage(tmp_path)}, ONE_AT_A_TIME)
