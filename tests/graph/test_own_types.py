"""Types of a user's own list: spans come from the small model, each type from the MLLM."""

from dataclasses import replace
from typing import Any

import pytest

import unco
from tests.scripted import ANN, ARBOR, OWLS, TOKENS, ScriptedLlm, doubt, found, graph_of, kind, says
from unco.context import MOST_LABELS, Context
from unco.errors import SettingsError
from unco.graph import build_variant
from unco.nodes.run_choices import for_run
from unco.state import EXTRACTION, RESULT, read_result
from unco.tools.extraction.tool import small_model_tool
from unco.types import Label, Post, Result

POST = {"text": " ".join(TOKENS), "id": "1"}
LABELS = (Label("Sports Team", "A club that plays."), Label("town", "A place where people live."))
SMALL = says((ANN, "PER", None, doubt()), (OWLS, "sports_team", None, doubt()), (ARBOR, "LOC", None, doubt()))


def run(llm: ScriptedLlm, **settings: Any) -> Result:
    return read_result(graph_of(SMALL, llm).invoke(POST, context=Context(labels=LABELS, **settings)))


def test_each_type_is_asked_with_the_users_names_and_descriptions() -> None:
    llm = ScriptedLlm({("type", "Blue Owls"): kind("sports team"), ("type", "Ann"): kind("PER")})
    result = run(llm)
    assert sorted(llm.keys) == [("type", "Ann"), ("type", "Ann"), ("type", "Blue Owls")]
    asked = next(one.request for one in llm.asked if one.entity == "Blue Owls")
    assert "- Sports Team: A club that plays.\n- town: A place where people live." in asked.system
    assert asked.types == ("Sports Team", "town")
    assert "Type as given: Sports Team\n" in asked.user, "the hint is one of the list"
    assert "Type as given: none yet (the smaller model, which knows another list of types, says PER)" in next(
        one.request.user for one in llm.asked if one.entity == "Ann"
    )
    ann, owls, _ = result.entities
    assert (owls.type, owls.hint, owls.uncertainty.type) == ("Sports Team", "sports_team", 1.0)
    note = owls.corrections[1]
    assert (note.outcome, note.before, note.after) == ("added", None, "Sports Team")
    assert (ann.type, ann.corrections[1].outcome) == (None, "rejected")
    assert result.types == ("Sports Team", "town")


def test_without_an_endpoint_types_are_unavailable() -> None:
    result = run(ScriptedLlm(), mode="off")
    for entity in result.entities:
        assert (entity.type, entity.shown_type) == (None, "untyped")
        assert (entity.corrections[1].outcome, entity.corrections[1].reason) == ("unavailable", "off")
        assert entity.corrections[0].outcome == "skipped"


@pytest.mark.parametrize("variant", ["small_only", "one_shot", "generate"])
def test_the_variants_choose_from_the_list_too(variant: str) -> None:
    answers = {
        ("one_shot", "Blue Owls"): '{"corrected_entity": "Blue Owls", "corrected_type": "Sports Team", '
        '"corrected_bounding_box": null}',
        ("generate", ""): found(("Blue Owls", "sports team", None)),
    }
    llm = ScriptedLlm(answers)
    if variant == "one_shot":
        llm.script |= {("one_shot", "Ann"): "no answer"}
    graph = build_variant(variant, small_model_tool(SMALL), llm)
    result = read_result(graph.invoke(POST, context=Context(labels=LABELS)))
    types = {entity.text: entity.type for entity in result.entities}
    assert types["Blue Owls"] == (None if variant == "small_only" else "Sports Team")
    if variant == "small_only":
        assert {entity.corrections[1].outcome for entity in result.entities} == {"unavailable"}
        assert llm.asked == []


def test_a_result_comes_back_from_json_and_one_of_before_is_read() -> None:
    result = run(ScriptedLlm({("type", "Blue Owls"): kind("town")}))
    assert Result.from_json(result.to_json()) == result
    data = RESULT.dump_python(run(ScriptedLlm(), mode="off"), mode="json")
    del data["types"]
    for entity in data["entities"]:
        del entity["hint"]
        entity["type"] = "PER"
    assert Result.from_json(RESULT.dump_json(RESULT.validate_python(data))).types == ()


def test_the_choice_is_made_once_however_often_it_is_applied() -> None:
    context = Context(labels=LABELS)
    extracted = replace(SMALL(Post(TOKENS)), fine_types=("athlete", "sports_team", "city"))
    chosen = for_run(extracted, context)
    assert [entity.hint for entity in chosen.entities] == ["athlete", "sports_team", "city"]
    assert for_run(EXTRACTION.validate_json(EXTRACTION.dump_json(chosen)), context) == chosen


def test_a_client_of_the_server_sends_names_and_descriptions() -> None:
    given = [{"name": label.name, "description": label.description} for label in LABELS]
    output = graph_of(SMALL, ScriptedLlm({("type", "Ann"): kind("town")})).invoke(POST, context={"labels": given})
    assert output["types"] == ["Sports Team", "town"]
    assert output["entities"][0]["type"] == "town"


@pytest.mark.parametrize(
    "labels",
    [
        [],
        "PER",
        7,
        [{"name": "a"}],
        [{"name": 7, "description": "x"}],
        [{"name": "a", "description": None}],
        [{"name": " ", "description": "x"}],
        [{"name": "Untyped", "description": "x"}],
        [{"name": "a", "description": "x"}, {"name": "A ", "description": "y"}],
        [{"name": str(number), "description": "x"} for number in range(MOST_LABELS + 1)],
        [{"name": "a", "description": "x", "path": "/etc/passwd"}],
    ],
)
def test_what_is_no_list_of_types_is_refused(labels: Any) -> None:
    with pytest.raises(SettingsError, match="labels must be"):
        Context(labels=labels)


def test_a_file_of_types_from_python(tmp_path: Any) -> None:
    path = tmp_path / "types.yaml"
    path.write_text("- {name: astronaut, description: Who flies in space.}\n", "utf-8")
    result = unco.extract("Eileen Collins flew for NASA", labels=path)
    assert result.types == ("astronaut",)
    assert {entity.type for entity in result.entities} == {None}
    assert len({entity.hint for entity in result.entities}) > 0
    path.write_text("astronaut", "utf-8")
    with pytest.raises(SettingsError, match=r"types.yaml is no YAML file that is a list of `name`"):
        unco.extract("Eileen Collins flew for NASA", labels=path)
