"""OpenTelemetry spans of calls to the MLLM, by the semantic conventions for generative AI (`gen_ai.*`).

They hold names, numbers and what a call is about, never a text, a picture or an error's words. They go wherever the
process's tracer provider sends them; without one, or without OpenTelemetry, nothing is made.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from unco.tools.llm.request import Request

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

Answered = Callable[["AIMessage"], None]
"""Takes the reply's model, tokens and finish reason into the span."""


@contextmanager
def call_span(base_url: str, request: Request) -> Iterator[Answered]:
    """Make a span of one attempt of a call; yields what is to be called with the reply."""
    try:
        from opentelemetry import trace
    except ImportError:
        yield lambda message: None
        return
    tracer = trace.get_tracer("unco")
    kind, about = trace.SpanKind.CLIENT, _attributes(base_url, request)
    # An exception's words may quote the post, so that it is told by its name alone.
    with tracer.start_as_current_span(
        f"chat {request.model}", kind=kind, attributes=about, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield lambda message: span.set_attributes(_reply_attributes(message))
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(trace.StatusCode.ERROR)
            raise


def _attributes(base_url: str, request: Request) -> dict[str, Any]:
    address, purpose = urlsplit(base_url), request.purpose
    uncertainty, threshold = purpose.uncertainty or (None, None)
    return _known(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",  # the form of the call, whoever answers it
            "gen_ai.request.model": request.model,
            "gen_ai.request.temperature": request.temperature,
            "gen_ai.request.max_tokens": request.max_tokens,
            "gen_ai.prompt.name": request.prompt,
            "gen_ai.output.type": "json",
            "server.address": address.hostname,
            "server.port": address.port or (443 if address.scheme == "https" else 80),
            "unco.prompt.hash": request.prompt_hash[:12],
            "unco.attribute": purpose.attribute,
            "unco.entity": purpose.entity,
            "unco.uncertainty": uncertainty,
            "unco.threshold": threshold,
            "unco.again": len(request.turns),
        }
    )


def _reply_attributes(message: "AIMessage") -> dict[str, Any]:
    usage: Any = message.usage_metadata or {}
    finish = message.response_metadata.get("finish_reason")
    return _known(
        {
            "gen_ai.response.model": message.response_metadata.get("model_name"),
            "gen_ai.response.id": message.response_metadata.get("id"),
            "gen_ai.response.finish_reasons": None if finish is None else [str(finish)],
            "gen_ai.usage.input_tokens": usage.get("input_tokens"),
            "gen_ai.usage.output_tokens": usage.get("output_tokens"),
        }
    )


def _known(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
