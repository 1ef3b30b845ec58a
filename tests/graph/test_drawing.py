"""The drawings that the README and `unco graph` show: a wrong router type would draw edges that are not there."""

from syrupy.assertion import SnapshotAssertion

from tests.scripted import graph_of, says
from unco.graph.entity import build_entity_graph
from unco.tools.llm.client import Mllm


def test_the_post_graph(snapshot: SnapshotAssertion) -> None:
    assert graph_of(says(), Mllm()).get_graph(xray=True).draw_mermaid() == snapshot


def test_the_entity_graph(snapshot: SnapshotAssertion) -> None:
    assert build_entity_graph(Mllm()).get_graph().draw_mermaid() == snapshot


def test_forms_of_a_server_can_be_drawn() -> None:
    graph = graph_of(says(), Mllm())
    assert {"text", "image", "regions", "caption", "id", "private", "extraction"} == graph.get_input_jsonschema()[
        "properties"
    ].keys()
    assert {"entities", "warnings"} < graph.get_output_jsonschema()["properties"].keys()
    schema = graph.get_context_jsonschema()
    assert schema is not None
    context = schema["properties"]
    assert {"mode", "span_threshold", "region_prompt"} < context.keys()
    assert not any("key" in name or "url" in name for name in context)
