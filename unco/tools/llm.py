"""Asking the multimodal LLM: in which mode, through which cache and recording, and again when it may help."""

import asyncio
import json
import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from tenacity import AsyncRetrying, Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random
from tenacity.wait import wait_base

from unco.context import Mode
from unco.errors import SettingsError, Unavailable
from unco.tools import endpoint
from unco.tools.cache import Cache
from unco.tools.recording import Recording
from unco.tools.request import Reply, Request, reply_from, reply_parts, request_key
from unco.tools.single_flight import SingleFlight

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage
    from langchain_openai import ChatOpenAI

_NOBODY = "there is no MLLM to ask: set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL"


class Mllm:
    """The one who is asked. Bound when the graph is built; safe for threads and for any number of event loops."""

    def __init__(
        self,
        base_url: str | None = None,
        model: str | None = None,
        api_key: SecretStr | None = None,
        *,
        frame: str | None = None,
        cache: Cache | None = None,
        recording: Recording | None = None,
        timeout_s: float = 60.0,
        attempts: int = 3,
        wait: wait_base | None = None,
    ) -> None:
        """Keep the settings; nothing is opened, imported or asked yet.

        Args:
            base_url: of an OpenAI-compatible endpoint, e.g. http://localhost:8000/v1; None = nobody to ask.
            model: the endpoint's name of the model that is asked unless a request names another.
            api_key: None = the endpoint needs none. The environment's key is not looked at here: see `from_env`.
            frame: name of the model's box frame (see `unco.tools.frames`); None = known by the model's name.
            cache: None = every question is asked anew.
            recording: what modes `record` and `replay` work with.
            timeout_s: seconds an attempt may take without a byte from the endpoint.
            attempts: how often a question is asked at most, when asking again may help.
            wait: between attempts; None = half a second, doubling up to 8 seconds, with jitter.

        Raises:
            SettingsError: base_url is not an http(s) address.
        """
        if base_url and not base_url.startswith(("http://", "https://")):
            raise SettingsError("the endpoint's base URL must begin with http:// or https://")
        self.base_url = base_url
        self.model = model
        self.frame = frame
        self.cache = cache
        self.recording = recording
        self.timeout_s = timeout_s
        self._api_key = api_key
        self._policy: dict[str, Any] = {
            "retry": retry_if_exception(endpoint.is_transient),
            "stop": stop_after_attempt(attempts),
            "wait": wait_exponential(multiplier=0.5, max=8) + wait_random(0, 1) if wait is None else wait,
            "reraise": True,
        }
        self._flights = SingleFlight[Reply]()
        self._lock = threading.Lock()
        self._client: ChatOpenAI | None = None

    @classmethod
    def from_env(cls) -> "Mllm":
        """From UNCO_LLM_BASE_URL, UNCO_LLM_MODEL, UNCO_LLM_FRAME, OPENAI_API_KEY, UNCO_RECORDING; the default cache."""
        api_key, recording = os.environ.get("OPENAI_API_KEY"), os.environ.get("UNCO_RECORDING")
        return cls(
            os.environ.get("UNCO_LLM_BASE_URL") or None,
            os.environ.get("UNCO_LLM_MODEL") or None,
            SecretStr(api_key) if api_key else None,
            frame=os.environ.get("UNCO_LLM_FRAME") or None,
            cache=Cache(),
            recording=Recording(recording) if recording else None,
        )

    @property
    def configured(self) -> bool:
        """Whether there is an endpoint, and a model to ask there."""
        return bool(self.base_url and self.model)

    def ask(self, request: Request, mode: Mode) -> Reply:
        """The reply to a question.

        Raises:
            Unavailable: calls are off, no endpoint is configured, or it cannot be reached.
            CallFailed: the endpoint refused, broke down or was too slow, also when asked again.
            RecordingMiss: replay, and the question is not recorded.
            SettingsError: record or replay without a recording.
            DataError: the recording is broken.
            SetupError: the cache cannot be opened.
        """
        if mode == "replay":
            return self._recording(mode).find(request)
        key = self._key(request, mode)
        if mode == "record":
            reply, own = self._flights.run(f"record {key}", lambda: self._recorded(request, self._call(request)))
        else:
            reply, own = self._flights.run(key, lambda: self._cached(key) or self._kept(key, self._call(request)))
        return reply if own else _shared(reply)

    async def aask(self, request: Request, mode: Mode) -> Reply:
        """As `ask`, without blocking the event loop: files are read and written in a thread."""
        if mode == "replay":
            return await asyncio.to_thread(self._recording(mode).find, request)
        key = self._key(request, mode)

        async def record() -> Reply:
            return await asyncio.to_thread(self._recorded, request, await self._acall(request))

        async def live() -> Reply:
            if found := await asyncio.to_thread(self._cached, key):
                return found
            return await asyncio.to_thread(self._kept, key, await self._acall(request))

        flight = self._flights.arun(f"record {key}", record) if mode == "record" else self._flights.arun(key, live)
        reply, own = await flight
        return reply if own else _shared(reply)

    def _key(self, request: Request, mode: Mode) -> str:
        """The cache's key of a question that may be asked."""
        if mode == "off":
            raise Unavailable(f"calls are off; {_NOBODY}" if not self.configured else "calls are off: mode is off")
        if mode == "record":
            self._recording(mode)
        if not (self.base_url and request.model):
            raise Unavailable(_NOBODY)
        return request_key(request, self.base_url)

    def _recording(self, mode: Mode) -> Recording:
        if self.recording is None:
            raise SettingsError(f"mode {mode} needs a recording: set UNCO_RECORDING to the path of its file")
        return self.recording

    def _cached(self, key: str) -> Reply | None:
        text = self.cache.get(key) if self.cache else None
        if text is None:
            return None
        try:
            return reply_from(json.loads(text))
        except (ValueError, RecursionError):
            return None  # a row that something else wrote: ask again and write over it

    def _kept(self, key: str, reply: Reply) -> Reply:
        """Put a reply into the cache, unless it is one that asking again should replace."""
        if self.cache and reply.text and reply.finish_reason != "length":
            self.cache.put(key, json.dumps(reply_parts(reply)))
        return reply

    def _recorded(self, request: Request, reply: Reply) -> Reply:
        self._recording("record").add(request, reply)
        return reply

    def _call(self, request: Request) -> Reply:
        start = time.perf_counter()
        client, messages, options = self._connected(), endpoint.messages(request), endpoint.options(request)
        with endpoint.translated(self.base_url or "", self._api_key):
            message: AIMessage = Retrying(**self._policy)(client.invoke, messages, **options)
            return endpoint.read_reply(message, time.perf_counter() - start)

    async def _acall(self, request: Request) -> Reply:
        start = time.perf_counter()
        client = await asyncio.to_thread(self._connected)  # the first time it imports for seconds
        messages, options = endpoint.messages(request), endpoint.options(request)
        with endpoint.translated(self.base_url or "", self._api_key):
            message: AIMessage = await AsyncRetrying(**self._policy)(client.ainvoke, messages, **options)
            return endpoint.read_reply(message, time.perf_counter() - start)

    def _connected(self) -> "ChatOpenAI":
        with self._lock:
            if self._client is None:
                self._client = endpoint.build_client(self.base_url or "", self._api_key, self.timeout_s)
            return self._client


def _shared(reply: Reply) -> Reply:
    """A reply that an equal question brought: nobody was asked for this one."""
    return replace(reply, cached=True)
