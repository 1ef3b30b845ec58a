"""The chat model of langchain-openai, reading replies by our own reader: the one for batches and recordings, too.

Imported when a client is built: langchain_openai takes seconds to load.
"""

from collections.abc import Mapping
from typing import Any

import httpx2
import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import run_in_executor
from langchain_openai import ChatOpenAI

from unco.tools.llm.completion import reply_from_body
from unco.tools.llm.replies.meaning import status_by_words
from unco.tools.llm.replies.other_forms import NoCompletion, as_completion
from unco.tools.llm.replies.reason import error_in, reason_in, words_of
from unco.tools.llm.request import Reply, broke_off, is_object, reply_parts

REPLY = "reply"
"""Key of a message's metadata: the reply without its text, as plain JSON."""

_STATUS_OF_NAME = {
    "rate": 429,
    "quota": 429,
    "overloaded": 503,
    "unavailable": 503,
    "timeout": 504,
    "invalid": 400,
    "unsupported": 400,
    "authentication": 401,
    "permission": 403,
    "not_found": 404,
}
"""By what the type or code of an error object contains."""


class WholeReplyChat(ChatOpenAI):
    """Gives a reply wherever it lies in the body, and the status that an error object names."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Ask, and let errors pass as they are: the parent class warns about methods of its own, and loses bodies."""
        payload = self._get_request_payload(messages, stop=stop, **kwargs)
        response = await self.async_client.with_raw_response.create(**payload)
        return await run_in_executor(None, self._create_chat_result, response.parse())

    def _create_chat_result(
        self, response: dict[str, Any] | openai.BaseModel, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        """Read a body.

        Raises:
            openai.APIStatusError: it is an error object, though the status was 200.
            NoCompletion: it is no chat completion.
        """
        if not isinstance(response, dict):
            raise NoCompletion(response)
        if (fault := _fault_in(response)) is not None:
            raise error_of(fault)
        reply = reply_from_body(response)
        if broke_off(reply.finish_reason) and not is_object(reply.text):
            raise error_of({"message": f"the answer broke off ({reply.finish_reason})"})
        facts = {name: value for name, value in reply_parts(reply).items() if name != "text"}
        message = AIMessage(
            content=reply.text,
            response_metadata={
                "model_name": reply.model,
                "finish_reason": reply.finish_reason,
                "model_provider": "openai",
                REPLY: facts,
            },
            usage_metadata=_usage(reply),
        )
        return ChatResult(generations=[ChatGeneration(message=message)], llm_output={"model_name": reply.model})


def _fault_in(body: dict[str, Any]) -> object:
    """Return the error that a body is, though the status was 200; None = it is none."""
    if error := error_in(body):
        return error
    completion = as_completion(body)
    if isinstance(completion, dict) and completion.get("choices"):
        return None
    if reason_in(body):
        return body
    return {"message": "an answer without any choices"} if "choices" in body else None


def _usage(reply: Reply) -> UsageMetadata | None:
    """Give the counts to traces, where they are known."""
    if reply.input_tokens is None or reply.output_tokens is None:
        return None
    total = reply.input_tokens + reply.output_tokens
    return UsageMetadata(input_tokens=reply.input_tokens, output_tokens=reply.output_tokens, total_tokens=total)


def error_of(error: object) -> openai.APIStatusError:
    """Turn an error object of a body into the exception of the status that it names; 502 where it names none."""
    status = _status_of(error)
    kinds = {400: openai.BadRequestError, 401: openai.AuthenticationError, 429: openai.RateLimitError}
    kind = kinds.get(status, openai.InternalServerError if status >= 500 else openai.APIStatusError)
    response = httpx2.Response(status, request=httpx2.Request("POST", "http://endpoint.invalid"))
    return kind("an error in a body", response=response, body=error)


def _status_of(error: object) -> int:
    if not isinstance(error, Mapping):
        return status_by_words(words_of(error)) or 502
    for name in ("status", "status_code", "statusCode", "code", "http_status", "http_code"):
        value = error.get(name)
        if isinstance(value, str) and value.strip().isdecimal():
            value = int(value)
        if type(value) is int and 400 <= value < 600:
            return value
    named = " ".join(str(error.get(name, "")) for name in ("code", "type", "status")).lower()
    by_name = next((status for word, status in _STATUS_OF_NAME.items() if word in named), None)
    return by_name or status_by_words(words_of(error)) or 502
