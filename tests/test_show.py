"""Terminal output of results: only our own colours, whatever a post holds."""

from dataclasses import replace
from io import StringIO
from typing import Any

from rich.console import Console

from tests.scripted import ANN, EVIL, ScriptedLlm, doubt, graph_of, says, spoken
from unco.show import show_result, steps_before, visible
from unco.state import read_result
from unco.types import Box, LookUp


def test_colours_are_ours_and_only_on_a_terminal() -> None:
    llm = ScriptedLlm({("type", EVIL[0]): spoken(reasoning="x", corrected_type="PER")})
    output = graph_of(says((ANN, "ORG", None, doubt("type")), tokens=EVIL), llm).invoke({"text": "a"})
    sink = StringIO()
    show_result(read_result(output), Console(file=sink, force_terminal=True, color_system="standard", width=160))
    shown = sink.getvalue()
    assert "\x1b[32mchanged" in shown
    assert "\x1b[31mAnn" not in shown
    assert not any(char in shown for char in "\x07\x9b\r")


def test_visible() -> None:
    assert visible("a\x1b[31m\tb\x00\u0085\n🚀ש") == "a [31m b   🚀ש"


def shown(output: dict[str, Any]) -> str:
    sink = StringIO()
    show_result(read_result(output), Console(file=sink, width=160))
    return sink.getvalue()


def test_entities_found_by_the_mllm_are_marked_and_dropped_ones_explained() -> None:
    items = [
        {"entity": "Lee", "type": "PER", "bounding_box": None},
        {"entity": "Zoe", "type": "PER", "bounding_box": None},
    ]
    llm = ScriptedLlm({("recall", ""): spoken(entities=items)})
    graph = graph_of(says((ANN, "ORG", None, doubt())), llm)
    printed = shown(graph.invoke({"text": "Ann Lee"}, context={"recall": True}))
    assert "recall: answered, 1 added [answer authored by hand]" in printed
    assert "'Zoe' does not stand in the post" in printed
    assert "Lee (recall)" in printed
    assert "1.000 !" not in printed, "what was added is not sent on"


def test_a_threshold_of_always_is_shown_in_words() -> None:
    graph = graph_of(says((ANN, "ORG", None, doubt())), ScriptedLlm())
    assert "always ask" in shown(graph.invoke({"text": "Ann"}, context={"type_threshold": -1}))


def test_what_was_looked_up_and_looked_at_is_said() -> None:
    graph = graph_of(says((ANN, "ORG", None, doubt("type"))), ScriptedLlm())
    result = read_result(graph.invoke({"text": "Ann"}))
    (entity,) = result.entities
    search = LookUp("search at localhost", "Ann\x1b[2J", fault="too slow")
    note = replace(entity.corrections[1], look_up=search, looked_at=Box(1, 2, 30, 40))
    assert steps_before(replace(note, facts=("a", "b"), look_up=replace(search, words="Ann", fault=""))) == [
        "looked up 'Ann' with search at localhost: 2 facts",
        "looked closer at [1, 2, 30, 40]",
    ]
    sink = StringIO()
    notes = (entity.corrections[0], note, entity.corrections[2])
    show_result(replace(result, entities=(replace(entity, corrections=notes),)), Console(file=sink, width=160))
    assert "with search at localhost: too slow" in sink.getvalue()
    assert "\x1b" not in sink.getvalue()
