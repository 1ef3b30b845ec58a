"""What is shown to people: our colours, and nobody else's."""

from io import StringIO

from rich.console import Console

from tests.scripted import ANN, EVIL, ScriptedLlm, doubt, graph_of, says, spoken
from unco.show import show_result, visible
from unco.state import read_result


def test_colours_are_ours_and_only_on_a_terminal():
    llm = ScriptedLlm({("type", EVIL[0]): spoken(reasoning="x", corrected_type="PER")})
    output = graph_of(says((ANN, "ORG", None, doubt("type")), tokens=EVIL), llm).invoke({"text": "a"})
    sink = StringIO()
    show_result(read_result(output), Console(file=sink, force_terminal=True, color_system="standard", width=160))
    shown = sink.getvalue()
    assert "\x1b[32mchanged" in shown
    assert "\x1b[31mAnn" not in shown
    assert not any(char in shown for char in "\x07\x9b\r")


def test_visible():
    assert visible("a\x1b[31m\tb\x00\u0085\n🚀ש") == "a [31m b   🚀ש"
