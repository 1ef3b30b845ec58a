"""Entities that the MLLM finds by itself: all of them (`generate`), or those that the small model missed (`recall`)."""

from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.scripted import (
    ANN,
    ARBOR,
    FACE,
    MODEL,
    OWLS,
    TOKENS,
    Answer,
    Asked,
    ScriptedLlm,
    account,
    doubt,
    drawing,
    found,
    graph_of,
    kind,
    outcome,
    says,
    span,
)
from unco.errors import CallFailed, Unavailable
from unco.graph import PostGraph, build_variant
from unco.state import read_result
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.checks.token_probabilities import TokenLogs
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Reply
from unco.types import Span, Uncertainty

TEXT = " ".join(TOKENS)
RECALL = {"recall": True}
BOX = [20, 20, 80, 90]


def generator(answer: Answer, small_model: Any = None) -> tuple[PostGraph, ScriptedLlm]:
    llm = ScriptedLlm({("generate", ""): answer})
    extractor = small_model or says((ANN, "ORG", FACE, doubt("span type region")), (OWLS, "ORG", None, doubt()))
    return build_variant("generate", small_model_tool(extractor), llm), llm


def generate(answer: Answer, tmp_path: Path, image: bool = True) -> tuple[dict[str, Any], ScriptedLlm]:
    graph, llm = generator(answer)
    return graph.invoke({"text": TEXT} | ({"image": drawing(tmp_path)} if image else {})), llm


def recaller(answer: Answer, script: dict[tuple[str, str], Answer] | None = None) -> tuple[PostGraph, ScriptedLlm]:
    llm = ScriptedLlm({("recall", ""): answer} | (script or {}))
    return graph_of(says((ANN, "ORG", FACE, doubt("type")), (OWLS, "ORG", None, doubt())), llm), llm


def recall(answer: Answer, tmp_path: Path, script: Any = None) -> tuple[dict[str, Any], ScriptedLlm]:
    graph, llm = recaller(answer, script)
    return graph.invoke({"text": TEXT, "image": drawing(tmp_path)}, {"max_concurrency": 1}, context=RECALL), llm


def test_generation_drops_what_the_small_model_found(tmp_path: Path) -> None:
    result, llm = generate(found(("Ann Lee", "PER", BOX), ("Ann", "PER", None), ("Arbor", "ORG", None)), tmp_path)
    assert [asked.request.prompt for asked in llm.asked] == ["generate/v1"]
    spans = [entity.span for entity in read_result(result).entities]
    assert spans == [Span(0, 2), Span(8, 9), Span(9, 10)], "the second Ann is the one behind"
    assert [entity["index"] for entity in result["entities"]] == [0, 1, 2]
    assert {entity["found_by"] for entity in result["entities"]} == {"generation"}
    assert result["entities"][0]["region"] == {"x1": 20, "y1": 20, "x2": 80, "y2": 90}
    assert "Ann Lee" not in llm.asked[0].request.user.replace(TEXT, ""), "it does not see what was found"


def test_an_added_entity_says_where_it_is_from(tmp_path: Path) -> None:
    result, _ = generate(found(("Ann Lee", "PER", BOX)), tmp_path)
    (entity,) = read_result(result).entities
    assert entity.uncertainty == Uncertainty(1.0, 1.0, 1.0)
    assert [(note.outcome, note.before) for note in entity.corrections] == [("added", None)] * 3
    assert [note.after for note in entity.corrections] == [entity.span, "PER", entity.region]
    for note in entity.corrections:
        assert (note.prompt, note.model, note.authored, note.reasoning) == ("generate/v1", MODEL, True, "By hand.")
        assert (note.calls, note.input_tokens, note.seconds) == (0, 0, 0.0), "the cost stands with the post"
    (question,) = result["questions"]
    assert (question["calls"], question["input_tokens"], question["output_tokens"]) == (1, 11, 7)
    assert (question["finder"], question["outcome"], question["dropped"]) == ("generation", "answered", [])


DROPPED = {
    "words of an example": (("Oskar Brandvold", "PER", None), "'Oskar Brandvold' does not stand in the post"),
    "words that are not there": (("Anna", "PER", None), "'Anna' does not stand in the post"),
    "no such type": (("Arbor", "DOG", None), "there is PER, ORG"),
    "words that are taken": (("Lee", "PER", None), "'Lee' shares words with another entity"),
    "words around those that are taken": (("Ann Lee plays", "PER", None), "shares words with another entity"),
}


@pytest.mark.parametrize("case", DROPPED)
def test_what_cannot_be_true_is_dropped_and_noted(case: str, tmp_path: Path) -> None:
    item, why = DROPPED[case]
    result, _ = generate(found(("Ann Lee", "PER", None), item), tmp_path)
    assert [entity["text"] for entity in result["entities"]] == ["Ann Lee"]
    (reason,) = result["questions"][0]["dropped"]
    assert why in reason


@pytest.mark.parametrize("box", [[900, 900, 950, 950], [20, 20, 80, 20]])
def test_a_box_that_cannot_be_true_is_dropped_alone(box: list[float], tmp_path: Path) -> None:
    result, _ = generate(found(("Ann Lee", "PER", box)), tmp_path)
    assert outcome(result) == {"span": "added", "type": "added", "region": "rejected"}
    assert result["entities"][0]["region"] is account(result, "region")["after"] is None
    assert "box" in account(result, "region")["detail"]


def test_without_a_picture_there_are_no_boxes(tmp_path: Path) -> None:
    result, llm = generate(found(("Ann Lee", "PER", BOX), ("Owls", "ORG", None)), tmp_path, image=False)
    assert outcome(result) == {"span": "added", "type": "added", "region": "rejected"}
    assert outcome(result, 1)["region"] == "added"
    assert '"bounding_box": [' not in llm.asked[0].request.user


@pytest.mark.parametrize(("frame", "box"), [("0-1000-yx", "[180, 310, 940, 520]"), ("pixels", "[62, 18, 104, 94]")])
def test_the_examples_boxes_are_in_the_frame_of_the_asked_model(frame: str, box: str, tmp_path: Path) -> None:
    graph, llm = generator(found())
    graph.invoke({"text": TEXT, "image": drawing(tmp_path)}, context={"frame": frame})
    assert f'"bounding_box": {box}' in llm.asked[0].request.user


FAULTS: dict[str, tuple[Answer, str, int]] = {
    "unreadable": (["no", "no"], "failed", 2),
    "call failed": (CallFailed("status 500"), "failed", 0),
    "nobody": (Unavailable("gone", "unreachable"), "unavailable", 0),
}


@pytest.mark.parametrize("case", FAULTS)
async def test_a_failure_is_an_outcome_and_a_warning(case: str, tmp_path: Path) -> None:
    answer, expected, calls = FAULTS[case]
    result, _ = generate(answer, tmp_path)
    assert result["entities"] == []
    (question,) = result["questions"]
    assert (question["outcome"], question["calls"]) == (expected, calls)
    assert question["detail"]
    assert any(warning.startswith(f"generation {expected}: ") for warning in result["warnings"])
    graph, _ = generator(answer)
    assert await graph.ainvoke({"text": TEXT, "image": drawing(tmp_path)}) == result


def test_recall_is_off_unless_asked_for(tmp_path: Path) -> None:
    graph, llm = recaller(found(("Ann Arbor", "ORG", None)))
    result = graph.invoke({"text": TEXT, "image": drawing(tmp_path)})
    assert [asked.attribute for asked in llm.asked] == ["type"]
    assert result["questions"] == []


async def test_recall_adds_what_was_missed(tmp_path: Path) -> None:
    answer = found(("Ann Arbor", "ORG", BOX))
    result, llm = recall(answer, tmp_path, {("type", "Ann"): kind("PER")})
    assert [asked.attribute for asked in llm.asked] == ["recall", "type"]
    assert [(entity["text"], entity["found_by"]) for entity in result["entities"]] == [
        ("Ann", "small model"),
        ("Blue Owls", "small model"),
        ("Ann Arbor", "recall"),
    ]
    assert outcome(result)["type"] == "changed"
    assert outcome(result, 2) == {"span": "added", "type": "added", "region": "added"}
    assert result["questions"][0]["finder"] == "recall"
    graph, _ = recaller(answer, {("type", "Ann"): kind("PER")})
    assert await graph.ainvoke({"text": TEXT, "image": drawing(tmp_path)}, context=RECALL) == result


def test_recall_is_shown_what_was_found_and_may_not_take_it(tmp_path: Path) -> None:
    result, llm = recall(
        found(("Blue Owls", "ORG", None), ("the Blue Owls", "ORG", None), ("Ann", "PER", None)), tmp_path
    )
    assert "<found>\n- Ann (ORG)\n- Blue Owls (ORG)\n</found>" in llm.asked[0].request.user
    assert len(result["questions"][0]["dropped"]) == 2
    (added,) = [entity for entity in read_result(result).entities if entity.found_by == "recall"]
    assert added.span == ARBOR, "the Ann that nobody had found"


def test_a_span_that_moves_onto_a_recalled_entity_goes_back(tmp_path: Path) -> None:
    llm = ScriptedLlm({("recall", ""): found(("Lee", "PER", None)), ("span", "Ann"): span("Ann Lee")})
    graph = graph_of(says((ANN, "ORG", FACE, doubt("span"))), llm)
    result = graph.invoke({"text": TEXT}, context=RECALL)
    assert [entity["text"] for entity in result["entities"]] == ["Ann", "Lee"]
    assert account(result, "span")["outcome"] == "rejected"


@pytest.mark.parametrize("case", FAULTS)
def test_a_recall_that_fails_leaves_the_rest_at_work(case: str, tmp_path: Path) -> None:
    answer, expected, _ = FAULTS[case]
    result, _ = recall(answer, tmp_path, {("type", "Ann"): kind("PER")})
    assert [entity["text"] for entity in result["entities"]] == ["Ann", "Blue Owls"]
    assert outcome(result)["type"] == "changed"
    assert result["questions"][0]["outcome"] == expected
    assert any(warning.startswith(f"recall {expected}: ") for warning in result["warnings"])


def test_recall_with_nobody_to_ask_says_so() -> None:
    result = graph_of(says((ANN, "ORG", None, doubt())), Mllm()).invoke({"text": TEXT}, context=RECALL)
    assert result["questions"][0]["outcome"] == "unavailable"
    assert "UNCO_LLM_BASE_URL" in result["warnings"][-1]


def test_a_post_in_which_nothing_was_found_can_be_recalled() -> None:
    llm = ScriptedLlm({("recall", ""): found(("Ann Lee", "PER", None))})
    result = graph_of(says(), llm).invoke({"text": TEXT}, context=RECALL)
    assert [entity["text"] for entity in result["entities"]] == ["Ann Lee"]
    assert "<found>\n(none)\n</found>" in llm.asked[0].request.user


Chances = tuple[tuple[str, float], ...]


def logs(answer: str, chances: Chances) -> TokenLogs:
    """Write a token for each value of the answer, in order, with its chance, and one for all between two of them."""
    ends, place = list[tuple[int, float]](), 0
    for value, chance in chances:
        start = answer.index(value, place)
        place = start + len(value)
        ends += [(start, 0.0), (place, log(chance))]
    return (*ends, (len(answer), 0.0))


class SureLlm(ScriptedLlm):
    """Says how probable the values of its answer about missed entities are, where it is asked for that."""

    chances: ClassVar[Chances] = ()

    def _reply(self, asked: Asked) -> Reply:
        reply = super()._reply(asked)
        if not asked.request.token_probabilities:
            return reply
        return replace(reply, log_probabilities=logs(reply.text, self.chances))


THREE = found(("Lee", "PER", None), ("plays", "ORG", None), ("Arbor", "ORG", BOX))
CHANCES = (("Lee", 0.9), ("PER", 0.5), ("plays", 0.3), ("ORG", 0.5), ("Arbor", 0.8), ("ORG", 0.25), (str(BOX), 0.81))


def sure_recall(tmp_path: Path, **context: Any) -> tuple[dict[str, Any], SureLlm]:
    llm = SureLlm({("recall", ""): THREE})
    llm.chances = CHANCES  # type: ignore[misc]
    graph = graph_of(says((ANN, "ORG", FACE, doubt()), (OWLS, "ORG", None, doubt())), llm)
    return graph.invoke({"text": TEXT, "image": drawing(tmp_path)}, context=RECALL | context), llm


def test_what_recall_adds_has_a_doubt_of_its_own(tmp_path: Path) -> None:
    result, llm = sure_recall(tmp_path, recall_accept=0.0)
    assert llm.asked[0].request.token_probabilities
    *_, lee, plays, arbor = read_result(result).entities
    assert [note.confidence for note in lee.corrections[:2]] == pytest.approx([0.9, 0.5])
    assert (lee.uncertainty.span, lee.uncertainty.type) == pytest.approx((0.1, 0.5))
    assert [note.uncertainty for note in arbor.corrections] == pytest.approx([0.2, 0.75, 0.19])
    assert plays.text == "plays"


@pytest.mark.parametrize(("level", "added"), [(0.15, ["Lee", "plays", "Arbor"]), (0.2, ["Lee", "Arbor"]), (0.46, [])])
def test_what_the_mllm_is_less_sure_of_is_not_added(level: float, added: list[str], tmp_path: Path) -> None:
    result, _ = sure_recall(tmp_path, recall_accept=level - 1e-9)
    assert [entity["text"] for entity in result["entities"][2:]] == added
    dropped = result["questions"][0]["dropped"]
    assert len(dropped) == 3 - len(added)
    assert all("confidence of" in reason for reason in dropped)


def test_nobody_is_asked_how_sure_unless_it_is_wanted(tmp_path: Path) -> None:
    result, llm = sure_recall(tmp_path, type_accept=0.5)
    assert not llm.asked[0].request.token_probabilities
    assert {note["confidence"] for note in result["entities"][2]["corrections"]} == {None}
    assert result["entities"][2]["uncertainty"] == {"span": 1.0, "type": 1.0, "region": 1.0}


def test_without_probabilities_all_are_added(tmp_path: Path) -> None:
    llm = ScriptedLlm({("recall", ""): THREE})
    graph = graph_of(says((ANN, "ORG", FACE, doubt())), llm)
    result = graph.invoke({"text": TEXT, "image": drawing(tmp_path)}, context=RECALL | {"recall_accept": 0.9})
    assert [entity["text"] for entity in result["entities"][1:]] == ["Lee", "plays", "Arbor"]
