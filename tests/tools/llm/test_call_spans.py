"""A call's span: names and numbers by the conventions for generative AI, never a word of the post or of an error."""

import asyncio
import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as names

from tests.scripted import ANN, TOKENS, doubt, graph_of, kind, says
from tests.tools.llm.openai_server import Step, completion, refusal, serve
from unco.tools.llm.client import Mllm


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer", provider.get_tracer)
    return exporter


def run(*steps: Step) -> dict[str, Any]:
    with serve() as server:
        server.script = list(steps)
        graph = graph_of(says((ANN, "ORG", None, doubt("type"))), Mllm(server.url, "authored-test", attempts=1))
        result: dict[str, Any] = graph.invoke({"text": " ".join(TOKENS)})
    return result


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_call_is_a_span(spans: InMemorySpanExporter) -> None:
    run(Step(completion(kind("PER"))))
    [span] = spans.get_finished_spans()
    found = attributes(span)
    assert (span.name, span.kind.name) == ("chat authored-test", "CLIENT")
    assert {
        names.GEN_AI_OPERATION_NAME: "chat",
        names.GEN_AI_PROVIDER_NAME: "openai",
        names.GEN_AI_REQUEST_MODEL: "authored-test",
        names.GEN_AI_RESPONSE_MODEL: "served-model",
        names.GEN_AI_RESPONSE_FINISH_REASONS: ("stop",),
        names.GEN_AI_USAGE_INPUT_TOKENS: 11,
        names.GEN_AI_USAGE_OUTPUT_TOKENS: 7,
        names.GEN_AI_PROMPT_NAME: "type/v1",
        "server.address": "127.0.0.1",
        "unco.attribute": "type",
        "unco.entity": 0,
        "unco.again": 0,
    }.items() <= found.items()
    assert not any(word in str(found) for word in ("Ann", "Owls"))


def test_an_error_is_told_by_its_name(spans: InMemorySpanExporter) -> None:
    run(refusal(401, "no key for Ann Lee"))
    [span] = spans.get_finished_spans()
    assert attributes(span)["error.type"] == "AuthenticationError"
    assert span.status.status_code.name == "ERROR"
    assert "Ann" not in span.to_json()


def test_without_opentelemetry_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert run(Step(completion(kind("PER"))))["entities"][0]["type"] == "PER"


async def test_a_span_around_a_run_is_the_parent_of_its_calls(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Awaited, and through the background loop of a caller that waits."""
    from opentelemetry import trace

    with serve() as server:
        server.script = [Step(completion(kind("PER")))]
        graph = graph_of(says((ANN, "ORG", None, doubt("type"))), Mllm(server.url, "authored-test"))
        with trace.get_tracer("test").start_as_current_span("around"):
            await graph.ainvoke({"text": " ".join(TOKENS)})
            await asyncio.to_thread(graph.invoke, {"text": " ".join(TOKENS)})
    first, second, around = spans.get_finished_spans()
    for call in (first, second):
        assert call.parent is not None
        assert call.parent.span_id == around.context.span_id
