"""The OpenAI-compatible API: builds clients and messages, translates errors.

`langchain_openai` is imported inside the functions: it takes seconds, and a run from recordings never needs it.
"""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from unco.errors import AccessRefused, Broken, Busy, CallFailed, EndpointError, TimeIsUp, Unavailable
from unco.tools.llm.checks.certificates import tls_context
from unco.tools.llm.checks.own_settings import account_of, keep_to_settings
from unco.tools.llm.checks.query import with_query
from unco.tools.llm.models.options import CONNECT_S, ModelOptions
from unco.tools.llm.replies.body import read_body
from unco.tools.llm.replies.meaning import is_about_account, is_about_key, is_crowded, lasts, may_quote_key
from unco.tools.llm.replies.other_forms import NoCompletion
from unco.tools.llm.replies.reason import reason_in, words_of
from unco.tools.llm.request import Reply, Request, SentPicture
from unco.tools.llm.request_shape import Shape, response_format

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_openai import ChatOpenAI

_UNREADABLE = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What langchain-openai raises over a body that is no chat completion: HTML, broken JSON, no choices, an error."""

_WRONG_ADDRESS = "is its base URL right? Most end in /v1"

_SECRETS = re.compile(r"(?i)\b(?:bearer\s+|sk-|key-)\S+|https?://\S+")


def build_client(
    base_url: str,
    api_key: SecretStr | None,
    timeout_s: float,
    options: ModelOptions = ModelOptions(),  # noqa: B008  # frozen
) -> "ChatOpenAI":
    """Build a client for one endpoint; model and sampling come with each request.

    It never retries by itself, never streams, and uses no cache but ours. Of the environment it reads certificates
    alone (`SSL_CERT_FILE`, `SSL_CERT_DIR`): no key, proxy, organisation, project or header, nor the form of messages.

    Raises:
        SettingsError: the environment names certificates that are not there.
    """
    tls = tls_context()
    import httpx2

    from unco.tools.llm.chat_model import WholeReplyChat
    from unco.tools.llm.checks.answer_size import NO_KEY, LimitedTransport

    # langchain-openai's own async client is one for the process: it keeps connections that belong to the first event
    # loop, and the second asyncio.run fails with "Event loop is closed". So: ours, and no connection outlives its call.
    limits = httpx2.Limits(max_keepalive_connections=0)
    address, _, query = with_query(base_url, options.secret_query).partition("?")
    with_bearer = api_key is not None or not options.secrets()  # which are the key then
    client = WholeReplyChat(
        model="unset",
        base_url=address,
        api_key=api_key or SecretStr(NO_KEY),
        timeout=timeout_s,
        max_retries=0,
        cache=False,
        disable_streaming=True,
        stream_chunk_timeout=None,
        use_responses_api=False,
        output_version="v0",
        openai_proxy=None,
        http_socket_options=(),
        # A proxy that the environment names would see every question, whatever the policy says of hosts.
        http_client=httpx2.Client(verify=tls, limits=limits, timeout=timeout_s, trust_env=False),
        http_async_client=httpx2.AsyncClient(
            transport=LimitedTransport(tls, limits, query, with_bearer), timeout=timeout_s, trust_env=False
        ),
    )
    return keep_to_settings(client, account_of(base_url, api_key, options.all_headers()), read_body)


def messages(request: Request, shape: Shape = Shape()) -> list["BaseMessage"]:  # noqa: B008  # frozen
    """Build the chat messages of a request; the picture goes with the first user message, as a `data:` URL."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    text = request.user if shape.system else f"{request.system}\n\n{request.user}"
    first = HumanMessage(_with_picture(text, request.picture, shape.picture_last) if request.picture else text)
    turns = [message for answer, again in request.turns for message in (AIMessage(answer), HumanMessage(again))]
    return [*([SystemMessage(request.system)] if shape.system else []), first, *turns]


def options(request: Request, shape: Shape, seconds: float) -> dict[str, Any]:
    """Build the arguments of one attempt: model, sampling, answer format, timeout, trace."""
    from httpx2 import Timeout

    wait = Timeout(seconds, connect=min(seconds, CONNECT_S))
    chosen: dict[str, Any] = {"model": request.model, "timeout": wait, "config": trace_config(request)}
    if shape.temperature:
        chosen["temperature"] = request.temperature
    # Not as arguments of their own: langchain-openai would parse the answer itself, raise, and lose the text; and it
    # knows one name of the token limit only.
    body = body_fields(request, shape)
    return chosen | ({"extra_body": body} if body else {})


def body_fields(request: Request, shape: Shape) -> dict[str, Any]:
    """Build the fields of a call's body beside model, messages and temperature: format, token limit, the user's own."""
    body: dict[str, Any] = json.loads(request.extra_body or "{}")
    if form := response_format(request, shape.answer_format):
        body["response_format"] = form
    if shape.limit_field != "none":
        body[shape.limit_field] = request.max_tokens
    if request.token_probabilities and shape.token_probabilities:
        body["logprobs"] = True
    return body


def trace_config(request: Request) -> dict[str, Any]:
    """Build a call's name, tags and metadata in a trace: entity, attribute, prompt, uncertainty, threshold."""
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


def read_reply(message: "AIMessage") -> Reply:
    """Read a reply from a message of our chat model."""
    facts = message.response_metadata["reply"]
    return Reply(**facts | {"text": str(message.content)})


def is_endpoint_failure(error: BaseException) -> bool:
    """Return whether an error is the endpoint's own failure: no connection, too slow, a fault of the server (5xx)."""
    import openai

    if isinstance(error, openai.InternalServerError):
        return _kind_of(error) in (Busy, Broken)
    return isinstance(error, openai.APIConnectionError | TimeoutError)


def is_transient(error: BaseException) -> bool:
    """Return whether asking again may help: no connection, too slow, too many requests, server fault, no body."""
    import openai

    if isinstance(error, JSONDecodeError):
        return not error.doc.strip()
    if isinstance(error, openai.APIStatusError):
        return _kind_of(error) in (Busy, Broken) and error.response.headers.get("x-should-retry") != "false"
    return isinstance(error, openai.APIConnectionError)


@contextmanager
def translated_errors(hidden: Sequence[str]) -> Iterator[None]:
    """Turn what a call raises into `Unavailable` or `CallFailed`, without keys and without addresses.

    All else passes, above all a test's "not in the cassette": a miss must never look like an endpoint that failed.

    Args:
        hidden: keys and the host, which no message may repeat.
    """
    import openai

    try:
        yield
    except openai.OpenAIError as error:
        raise _explain(error, hidden) from None  # the original quotes headers and bodies
    except TimeoutError:
        raise TimeIsUp("the endpoint did not finish its answer before the call's deadline") from None
    except _UNREADABLE as error:
        raise Broken(f"the endpoint's answer is {_what_it_is(error, hidden)}") from None


def in_words(error: Exception, hidden: Sequence[str]) -> str:
    """Say what an endpoint's own failure was, as `translated_errors` does."""
    try:
        with translated_errors(hidden):
            raise error
    except EndpointError as error:
        return str(error)


def hidden_texts(base_url: str, api_key: SecretStr | None, options: ModelOptions) -> tuple[str, ...]:
    """Return what no message may repeat: keys, and the host."""
    key = api_key.get_secret_value() if api_key else ""
    return tuple(filter(None, (key, *options.secrets(), urlsplit(base_url).hostname)))


def _explain(error: Exception, hidden: Sequence[str]) -> EndpointError:
    import httpx2
    import openai

    from unco.tools.llm.checks.answer_size import MAX_ANSWER_BYTES, AnswerTooLarge

    if isinstance(error, openai.APIConnectionError):
        if any(isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) for cause in _causes(error)):
            return Unavailable(_why_unreachable(error), "unreachable")
        if isinstance(error, openai.APITimeoutError):
            return Broken("the endpoint took too long to answer")
        if any(isinstance(cause, AnswerTooLarge) for cause in _causes(error)):
            return Broken(f"the endpoint's answer is larger than {MAX_ANSWER_BYTES // 2**20} MiB")
        return Broken("the connection to the endpoint broke off")
    if isinstance(error, openai.APIStatusError):
        said = _detail(error, hidden)
        return _kind_of(error)(
            f"the endpoint answered with status {error.status_code}{said}{_advice(error.status_code, said)}"
        )
    return Broken(f"the endpoint's answer is not usable ({type(error).__name__})")


def _why_unreachable(error: BaseException) -> str:
    """Say why there is no connection, and what to do."""
    words = " ".join(map(str, _causes(error)))  # OpenSSL's own names of errors
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return "the endpoint's certificate is not trusted: name the file of its authority in SSL_CERT_FILE"
    if "WRONG_VERSION_NUMBER" in words:
        return "the endpoint does not speak https: does its address begin with http://?"
    return "the endpoint cannot be reached: is it running, and is UNCO_LLM_BASE_URL right?"


def _kind_of(error: Any) -> type[CallFailed]:
    """Return what an error means for the question, by status and words: asked again later, or never."""
    status, words = error.status_code, words_of(error.body)
    if status in (401, 402, 407) or is_about_account(status, words):
        return AccessRefused
    if status in (408, 425, 429, 503, 529) or is_crowded(status, words):
        return Busy
    return Broken if status == 409 or (status >= 500 and not lasts(words)) else CallFailed


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, its cause, the cause of that, ...; langchain-openai wraps openai's, which wraps httpx2's."""
    while error is not None:
        yield error
        error = error.__cause__


def _what_it_is(error: Exception, hidden: Sequence[str]) -> str:
    """Say what came in place of a chat completion."""
    if isinstance(error, NoCompletion):
        return f"not a chat completion, but {quoted(str(error), hidden)}: {_WRONG_ADDRESS}"
    body = error.doc.strip() if isinstance(error, JSONDecodeError) else None
    if isinstance(error, UnicodeDecodeError):
        return "not a chat completion: its bytes are no text, as of a packed body that no header tells of"
    if body is None:
        return f"not a chat completion ({type(error).__name__})"
    if body.startswith(("{", "[")):
        return "not a chat completion: its JSON is broken, or breaks off"
    if body.startswith("<"):
        return f"a web page: {_WRONG_ADDRESS}"
    return f"not a chat completion, but {quoted(body, hidden)!r}" if body else "not a chat completion: it is empty"


def _advice(status: int, said: str) -> str:
    """Return what to do about a status that mostly means a wrong address."""
    if 300 <= status < 400:
        return ": it wants to be asked elsewhere, and unco follows nowhere; set its base URL to that address"
    if status == 413:
        return ": the question is too large for it; send smaller pictures, with longest_side in the settings file"
    return f": {_WRONG_ADDRESS}" if status in (404, 405) and "model" not in said.lower() else ""


def _detail(error: Any, hidden: Sequence[str]) -> str:
    """Quote the endpoint's message about a refusal, shortened; not where it may hold a part of the key."""
    words = words_of(error.body)
    if error.status_code == 401 or is_about_key(error.status_code, words):
        return ": it refuses the key, or wants one"
    message = "" if may_quote_key(error.status_code, words) else reason_in(error.body)
    return ": " + quoted(message, hidden) if message else ""


def quoted(message: str, hidden: Sequence[str]) -> str:
    """Shorten a server's message to a line, without what is hidden and what looks like a key."""
    for text in sorted(hidden, key=len, reverse=True):  # a short one may be a part of a long one
        message = message.replace(text, "***")
    return " ".join(_SECRETS.sub("***", message).split())[:200]


def _with_picture(text: str, picture: SentPicture, picture_last: bool) -> list[str | dict[str, Any]]:
    url = f"data:{picture.mime};base64,{base64.b64encode(picture.data).decode()}"
    parts: list[str | dict[str, Any]] = [
        {"type": "text", "text": text},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    return parts if picture_last else parts[::-1]
