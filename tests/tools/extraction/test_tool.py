"""The small model as a tool: described by JSON schemas, plain JSON in and out."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.scripted import ANN, FACE, TOKENS, doubt, drawing, says
from unco.errors import PostError, SettingsError
from unco.small_model.predictor import Predictor
from unco.small_model.regions.region_files import RegionFolder
from unco.state import EXTRACTION
from unco.tools.extraction.extractor import Extractor, NetworkExtractor
from unco.tools.extraction.tool import default_extractor, result_schema, small_model_tool
from unco.types import Box, Extraction, Post

scripted = says((ANN, "ORG", FACE, doubt("type")))


def test_arguments_are_described() -> None:
    tool = small_model_tool(scripted)
    assert tool.name == "extract_entities"
    assert "how unsure" in tool.description
    schema = tool.get_input_jsonschema()
    assert list(schema["properties"]) == ["text", "image", "regions", "caption", "id", "near_misses"]
    assert schema["required"] == ["text"]
    assert all(field["description"] for field in schema["properties"].values())


def test_the_result_is_described_and_fits() -> None:
    result = small_model_tool(scripted).invoke({"text": " ".join(TOKENS)})
    assert EXTRACTION.validate_python(json.loads(json.dumps(result))) == scripted(Post(" ".join(TOKENS)))
    schema = result_schema()
    assert schema["properties"].keys() == result.keys()
    assert {"Entity", "Span", "Box", "Uncertainty"} <= schema["$defs"].keys()


def noted(posts: list[Post]) -> Extractor:
    def extractor(post: Post) -> Extraction:
        posts.append(post)
        return scripted(Post(post.text))

    return extractor


@pytest.mark.parametrize(
    ("arguments", "post"),
    [
        ({"text": "Ann"}, Post("Ann")),
        ({"text": ["Ann", "Lee"]}, Post(("Ann", "Lee"))),
        (
            {"text": "Ann", "image": "a.png", "regions": [[1, 2, 3, 4]], "id": "x"},
            Post("Ann", "a.png", (Box(1, 2, 3, 4),), "x"),
        ),
        ({"text": "Ann", "regions": []}, Post("Ann", regions=())),
    ],
)
async def test_arguments_become_a_post(arguments: dict[str, Any], post: Post) -> None:
    posts: list[Post] = []
    tool = small_model_tool(noted(posts))
    tool.invoke(arguments)
    await tool.ainvoke(arguments)
    assert posts == [post, post]


@pytest.mark.parametrize("arguments", [{}, {"text": None}, {"text": "Ann", "regions": [[1, 2]]}])
def test_invalid_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        small_model_tool(scripted).invoke(arguments)


@pytest.mark.parametrize("corners", [(5, 5, 1, 1), (0.1, 0.2, 0.5, 0.9), (0, 0, float("nan"), 5), (1, 1, 1, 1)])
def test_a_region_that_is_no_box_is_refused(corners: tuple[float, ...]) -> None:
    with pytest.raises(PostError, match="a candidate region cannot be used"):
        small_model_tool(scripted).invoke({"text": "Ann", "regions": [corners]})


def test_the_network_behind_it(predictor: Predictor, tmp_path: Path) -> None:
    tool = small_model_tool(NetworkExtractor(lambda: predictor, None))
    result = tool.invoke({"text": "Ann Lee plays for Oslo", "image": drawing(tmp_path)})
    assert result["model"] == "tiny"
    assert result["picture"]["width"] == 200
    assert tool.invoke({"text": "Ann Lee plays for Oslo", "image": drawing(tmp_path)}) == result


def test_the_default_loads_nothing_yet() -> None:
    assert isinstance(default_extractor(), NetworkExtractor)


def test_a_detector_that_is_named_comes_before_the_environments_region_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    monkeypatch.setattr("unco.tools.extraction.tool.chosen_provider", lambda detector: detector)
    monkeypatch.setattr("unco.tools.extraction.tool.NetworkExtractor", lambda load, provider, _: given.append(provider))
    monkeypatch.setenv("UNCO_REGIONS", str(tmp_path))
    default_extractor()
    default_extractor(detector="ssd")
    assert isinstance(given[0], RegionFolder)
    assert given[1] == "ssd"
    with pytest.raises(SettingsError, match="leave --regions or --detector out"):
        default_extractor(detector="ssd", region_files=str(tmp_path))
