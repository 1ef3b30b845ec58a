"""Asking the multimodal LLM: in which mode, through which cache and recording, and again when it may help."""

import asyncio
import json
import time
from dataclasses import replace
from functools import cached_property
from urllib.parse import urlsplit

from pydantic import SecretStr
from tenacity.wait import wait_base

from unco.context import Mode
from unco.errors import SettingsError, Unavailable
from unco.tools.blocking import block_on, in_event_loop, in_thread, is_blocking, on_loop
from unco.tools.llm.cache.single_flight import SingleFlight
from unco.tools.llm.cache.store import OWN_AFFAIR, Cache
from unco.tools.llm.connection import Connection, Patience, Terms
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import Reply, Request, reply_from, reply_parts, request_key
from unco.tools.llm.response_format import Format, Formats

_NOBODY = "there is no MLLM to ask: set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL"

_LATE = "an equal question was under way, and the call's deadline came before its answer"


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
        deadline_s: float = 120.0,
        attempts: int = 3,
        wait: wait_base | None = None,
        terms: Terms | None = None,
        fallbacks: "tuple[Mllm, ...]" = (),
    ) -> None:
        """Keep the settings; nothing is opened, imported or asked yet.

        Args:
            base_url: of an OpenAI-compatible endpoint, e.g. http://localhost:8000/v1; None = nobody to ask.
            model: the endpoint's name of the model that is asked unless a request names another.
            api_key: None = the endpoint needs none. The environment's key is not looked at here: see `call_settings`.
            frame: name of the model's box frame (see `unco.tools.box_frames.frame`); None = known by the model's name.
            cache: None = every question is asked anew.
            recording: what modes `record` and `replay` work with.
            timeout_s: seconds an attempt may take without a byte from the endpoint.
            deadline_s: seconds a call may take in all, waits and further attempts included.
            attempts: how often a question is asked at most, when asking again may help.
            wait: between attempts; None = half a second, doubling up to 8 seconds, with jitter.
            terms: privacy, prices, budget, rate, egress log; None = anything goes and nothing is written down.
            fallbacks: models that are asked, in this order, when this one is unavailable or its call fails.

        Raises:
            SettingsError: base_url is not an http(s) address, or holds a password.
        """
        if base_url:
            check_address(base_url)
        self.base_url = base_url
        self.model = model
        self.frame = frame
        self.cache = cache
        self.recording = recording
        self.terms = terms or Terms()
        self.fallbacks = fallbacks
        self._api_key = api_key
        self._own_flights: SingleFlight[Reply] = SingleFlight(OWN_AFFAIR)
        self._patience = Patience(timeout_s=timeout_s, deadline_s=deadline_s, attempts=attempts, back_off=wait)

    @property
    def configured(self) -> bool:
        """Whether there is an endpoint, and a model to ask there."""
        return bool(self.base_url and self.model)

    def ask(self, request: Request, mode: Mode) -> Reply:
        """Put a question and wait for the reply.

        Raises:
            Unavailable: calls are off, no endpoint is configured, it cannot be reached, or may not be asked now.
            CallFailed: the endpoint refused, broke down or was too slow, also when asked again.
            RecordingMiss: replay, and the question is not recorded.
            SettingsError: record or replay without a recording.
            DataError: the recording is broken.
            SetupError: cache, recording or egress log cannot be opened or written.
        """
        return block_on(self._get_reply(request, mode))

    async def aask(self, request: Request, mode: Mode) -> Reply:
        """Put a question and await the reply, without blocking the event loop; raises as `ask`."""
        return await self._get_reply(request, mode)

    async def _get_reply(self, request: Request, mode: Mode) -> Reply:
        if mode == "replay":
            return await in_thread(self._recording(mode).find, request)
        key = self._key(request, mode)
        if mode == "record" and (recorded := await in_thread(self._recording(mode).known, request)):
            return recorded
        reply, flights = await in_thread(self._looked_up, key)
        if reply is None:  # an answer that is there needs neither a lock nor a loop
            # A caller that blocks its own event loop may not wait for another: that one may be a task of the same loop.
            alone = is_blocking() and in_event_loop()
            reply = await on_loop(self._shared(key, request, SingleFlight() if alone else flights))
        return await in_thread(self._noted, reply, request, mode) if mode == "record" else reply

    async def _shared(self, key: str, request: Request, flights: SingleFlight[Reply]) -> Reply:
        """Ask, or take over the answer to an equal question that is under way."""
        end = self._connection.end_of(request)

        async def live() -> Reply:
            return await self._asked(key, request, end)

        try:
            reply, own = await flights.run(key, live, max(0.0, end - time.monotonic()))
        except TimeoutError:
            raise Unavailable(_LATE, "deadline") from None
        return reply if own else replace(reply, cached=True)  # nobody was asked for this one

    async def _asked(self, key: str, request: Request, end: float) -> Reply:
        """Ask, unless the answer came meanwhile; of several processes with the same question one asks."""
        if not self.cache:  # without a cache another's answer would not reach us anyway
            return await self._connection.call(request, end)
        async with self.cache.locks.held(key, end):
            if found := await asyncio.to_thread(self._cached, key):
                return found
            reply = await self._connection.call(request, end)
            await asyncio.to_thread(keep_reply, self.cache, key, reply)
            return reply

    def listed_models(self) -> frozenset[str]:
        """See `Connection.listed_models`."""
        return self._connection.listed_models()

    def took(self, request: Request) -> Format:
        """See `Connection.took`."""
        return self._connection.took(request)

    def _key(self, request: Request, mode: Mode) -> str:
        """The cache's key of a question that may be asked."""
        if mode == "off":
            raise Unavailable(
                f"calls are off; {_NOBODY}" if not self.configured else "calls are off: mode is off", "off"
            )
        if mode == "record":
            self._recording(mode)
        if not (self.base_url and request.model):
            raise Unavailable(_NOBODY, "off")
        return request_key(request, self.base_url)

    def _recording(self, mode: Mode) -> Recording:
        if self.recording is None:
            raise SettingsError(f"mode {mode} needs a recording: set UNCO_RECORDING to the path of its file")
        return self.recording

    def _cached(self, key: str) -> Reply | None:
        return cached_reply(self.cache, key) if self.cache else None

    def _noted(self, reply: Reply, request: Request, mode: Mode) -> Reply:
        """The reply, written down where it is to be recorded."""
        if mode == "record":
            self._recording(mode).add(request, reply)
        return reply

    def _looked_up(self, key: str) -> tuple[Reply | None, SingleFlight[Reply]]:
        """Read the cache; the first time its folder is looked up as well, which touches the disk."""
        return self._cached(key), self.cache.flights if self.cache else self._own_flights

    @cached_property
    def _connection(self) -> Connection:
        return Connection(self.base_url or "", self._api_key, self._patience, self.terms, Formats(self.cache))


def cached_reply(cache: Cache, key: str) -> Reply | None:
    """The reply under a key; None = there is none, or a row that something else wrote: ask again and write over it.

    Raises:
        SetupError: the cache cannot be opened.
    """
    text = cache.get(key)
    try:
        return None if text is None else reply_from(json.loads(text))
    except (ValueError, RecursionError):
        return None


def keep_reply(cache: Cache, key: str, reply: Reply) -> bool:
    """Put a reply into the cache, unless it is one that asking again should replace; whether it is there now.

    Raises:
        SetupError: the cache cannot be opened.
    """
    return is_whole(reply) and cache.put(key, json.dumps(reply_parts(reply)))


def is_whole(reply: Reply) -> bool:
    """Whether a reply is neither empty nor cut off."""
    return bool(reply.text) and reply.finish_reason != "length"


def check_address(base_url: str) -> None:
    """Refuse what is no address of an endpoint, or tells a password to whoever reads it.

    Raises:
        SettingsError: says what is wrong; does not repeat the address.
    """
    try:
        parts = urlsplit(base_url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise SettingsError("the endpoint's base URL must be like http://host:8000/v1 or https://host/v1")
    if parts.username is not None or parts.password is not None or parts.query:
        raise SettingsError("the endpoint's base URL holds a user name, password or query: hand in a key instead")
