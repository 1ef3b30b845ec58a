"""An OpenAI-compatible endpoint: how it is reached, what is sent, and what its errors mean.

`langchain_openai` is imported inside the functions: it takes seconds, and a run from recordings never needs it.
"""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from unco.errors import CallFailed, EndpointError, TimeIsUp, Unavailable
from unco.tools.llm.request import Reply, Request, SentPicture
from unco.tools.llm.response_format import Format, response_format

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_openai import ChatOpenAI

_UNREADABLE = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What langchain-openai raises over a body that is no chat completion: HTML, broken JSON, no choices, an error."""

_MOST_TOKENS = 10**9
"""A count beyond it is none."""

_SECRETS = re.compile(r"(?i)\b(?:bearer\s+|sk-|key-)\S+|https?://\S+")


def build_client(base_url: str, api_key: SecretStr | None, timeout_s: float) -> "ChatOpenAI":
    """A client for one endpoint; model and sampling come with each request.

    It never retries by itself, never reads a key from the environment, never streams, and uses no cache but ours.
    """
    import httpx2
    from langchain_openai import ChatOpenAI

    # langchain-openai's own async client is one for the process: it keeps connections that belong to the first event
    # loop, and the second asyncio.run fails with "Event loop is closed". So: ours, and no connection outlives its call.
    tls = httpx2.create_ssl_context()  # one for both: building it is most of the cost of a client
    limits = httpx2.Limits(max_keepalive_connections=0)
    return ChatOpenAI(
        model="unset",
        base_url=base_url,
        api_key=api_key or SecretStr("none"),
        timeout=timeout_s,
        max_retries=0,
        cache=False,
        disable_streaming=True,
        use_responses_api=False,
        # A proxy that the environment names would see every question, whatever the policy says of hosts.
        http_client=httpx2.Client(verify=tls, limits=limits, timeout=timeout_s, trust_env=False),
        http_async_client=httpx2.AsyncClient(verify=tls, limits=limits, timeout=timeout_s, trust_env=False),
    )


def messages(request: Request) -> list["BaseMessage"]:
    """A request as chat messages; the picture goes with the first user message, as a `data:` URL."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    first = HumanMessage(_with_picture(request.user, request.picture) if request.picture else request.user)
    turns = [message for said, asked in request.turns for message in (AIMessage(said), HumanMessage(asked))]
    return [SystemMessage(request.system), first, *turns]


def options(request: Request, wanted: Format, seconds: float) -> dict[str, Any]:
    """Model, sampling, answer format and patience of one attempt, as arguments of the call."""
    chosen = {
        "model": request.model,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "timeout": seconds,
        "config": traced(request),
    }
    # Not as an argument of its own: langchain-openai would parse the answer itself, raise, and lose the text.
    form = response_format(request, wanted)
    return chosen | ({"extra_body": {"response_format": form}} if form else {})


def traced(request: Request) -> dict[str, Any]:
    """Name, tags and metadata of the call in a trace: which entity, which attribute, which prompt, why it was asked."""
    purpose = request.purpose
    known: dict[str, Any] = {
        "entity": purpose.entity,
        "attribute": purpose.attribute,
        "prompt": request.prompt,
        "prompt_hash": request.prompt_hash[:12],
        "uncertainty": purpose.uncertainty and purpose.uncertainty[0],
        "threshold": purpose.uncertainty and purpose.uncertainty[1],
        "again": len(request.turns),
    }
    name, about = request.prompt or "a question", "whole post" if purpose.entity is None else f"entity {purpose.entity}"
    metadata = {key: value for key, value in known.items() if value is not None}
    return {"run_name": f"ask {name}", "tags": [name, about], "metadata": metadata}


def read_reply(message: "AIMessage", seconds: float) -> Reply:
    """What the endpoint said, and what it said about it. A refusal that came in a field of its own is text as well."""
    usage, finish_reason = message.usage_metadata, message.response_metadata.get("finish_reason")
    name = message.response_metadata.get("model_name")
    text = str(message.text) or str(message.additional_kwargs.get("refusal") or "")
    return Reply(
        text=whole_characters(text),
        finish_reason=finish_reason if isinstance(finish_reason, str) else None,
        model=whole_characters(name) if isinstance(name, str) else "",
        input_tokens=_count(usage["input_tokens"]) if usage else None,
        output_tokens=_count(usage["output_tokens"]) if usage else None,
        provider_cached_tokens=_count(usage.get("input_token_details", {}).get("cache_read")) or 0 if usage else 0,
        seconds=seconds,
    )


def reply_of_body(body: object) -> Reply:
    """A chat completion as it lies in a file, of a Batch API; it says nothing of time and costs what it costs.

    Raises:
        ValueError: it is no chat completion.
    """
    match body:
        case {"choices": [{"message": dict(message), **choice}, *_], **rest}:
            usage = rest.get("usage")
            usage = usage if isinstance(usage, dict) else {}
            details = usage.get("prompt_tokens_details")
            said, name, why = (
                message.get("content") or message.get("refusal"),
                rest.get("model"),
                choice.get("finish_reason"),
            )
            return Reply(
                text=whole_characters(said) if isinstance(said, str) else "",
                finish_reason=why if isinstance(why, str) else None,
                model=whole_characters(name) if isinstance(name, str) else "",
                input_tokens=_count(usage.get("prompt_tokens")),
                output_tokens=_count(usage.get("completion_tokens")),
                provider_cached_tokens=_count(details.get("cached_tokens")) or 0 if isinstance(details, dict) else 0,
            )
    raise ValueError("no chat completion")


def _count(value: object) -> int | None:
    """A count of tokens, where the endpoint's number can be one."""
    return value if type(value) is int and 0 <= value < _MOST_TOKENS else None


def whole_characters(text: str) -> str:
    """The text with each half of a character, which no file and no JSON takes, made a question mark."""
    return text.encode("utf-8", "replace").decode()


def is_unwell(error: BaseException) -> bool:
    """Whether an error says that the endpoint itself is not well: no connection, too slow, a fault of the server."""
    import openai

    return isinstance(error, openai.APIConnectionError | openai.InternalServerError | TimeoutError)


def is_transient(error: BaseException) -> bool:
    """Whether asking again may help: no connection, too slow, too many requests (429), a fault of the server (5xx)."""
    import openai

    return isinstance(error, openai.APIConnectionError | openai.RateLimitError | openai.InternalServerError)


@contextmanager
def translated(base_url: str, api_key: SecretStr | None) -> Iterator[None]:
    """Turn what a call raises into `Unavailable` or `CallFailed`, without the key and without addresses.

    All else passes, above all a test's "not in the cassette": a miss must never look like an endpoint that failed.
    """
    import openai

    try:
        yield
    except openai.OpenAIError as error:
        raise _explain(error, base_url, api_key) from None  # the original quotes headers and bodies
    except TimeoutError:
        raise TimeIsUp("the endpoint did not finish its answer before the call's deadline") from None
    except _UNREADABLE as error:
        raise CallFailed(f"the endpoint's answer is not a chat completion ({type(error).__name__})") from None


def _explain(error: Exception, base_url: str, api_key: SecretStr | None) -> EndpointError:
    import httpx2
    import openai

    if isinstance(error, openai.APITimeoutError):
        return CallFailed("the endpoint took too long to answer")
    if isinstance(error, openai.APIConnectionError):
        if any(isinstance(cause, httpx2.ConnectError) for cause in _causes(error)):
            return Unavailable(
                "the endpoint cannot be reached: is it running, and is UNCO_LLM_BASE_URL right?", "unreachable"
            )
        return CallFailed("the connection to the endpoint broke off")
    if isinstance(error, openai.APIStatusError):
        return CallFailed(f"the endpoint answered with status {error.status_code}{_detail(error, base_url, api_key)}")
    return CallFailed(f"the endpoint's answer is not usable ({type(error).__name__})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what caused it, what caused that, ...; langchain-openai wraps openai's, which wraps httpx2's."""
    while error is not None:
        yield error
        error = error.__cause__


def _detail(error: Any, base_url: str, api_key: SecretStr | None) -> str:
    """What the endpoint says about a refusal, in short; nothing where it may be speaking of the key."""
    said = error.body.get("message") if isinstance(error.body, dict) else None
    if error.status_code in (401, 403) or not isinstance(said, str):
        return ""
    for hidden in (api_key.get_secret_value() if api_key else "", urlsplit(base_url).hostname):
        said = said.replace(hidden, "***") if hidden else said
    return ": " + " ".join(_SECRETS.sub("***", said).split())[:200]


def _with_picture(text: str, picture: SentPicture) -> list[str | dict[str, Any]]:
    url = f"data:{picture.mime};base64,{base64.b64encode(picture.data).decode()}"
    return [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]
