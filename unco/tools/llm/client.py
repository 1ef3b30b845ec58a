"""Client of the multimodal LLM: modes, cache, recordings, and one call for equal questions."""

import asyncio
import json
import time
from dataclasses import replace
from functools import cached_property

from pydantic import SecretStr
from tenacity.wait import wait_base

from unco.context import Mode
from unco.errors import EndpointError, SettingsError, Unavailable
from unco.tools.blocking import block_on, in_event_loop, in_thread, is_blocking, on_loop
from unco.tools.llm.cache.single_flight import SingleFlight
from unco.tools.llm.cache.store import LEADER_ONLY_ERRORS, Cache
from unco.tools.llm.checks.address import clean_address
from unco.tools.llm.checks.query import SplitAddress, split_address
from unco.tools.llm.checks.sendable import clean_key, clean_model
from unco.tools.llm.connection import Connection, Terms
from unco.tools.llm.models.options import CallLimits, ModelOptions
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import (
    Reply,
    Request,
    broke_off,
    is_cut,
    is_filtered,
    is_object,
    reply_from,
    reply_parts,
    request_key,
)
from unco.tools.llm.request_shape import Shape, Shapes

_NO_MLLM = "there is no MLLM to ask: set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL"

_EQUAL_CALL_TOO_LATE = "an equal question was under way, and the call's deadline came before its answer"


class Mllm:
    """A multimodal LLM behind an endpoint. Bound when the graph is built; safe for threads and event loops."""

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
        options: ModelOptions = ModelOptions(),  # noqa: B008  # frozen
        fallbacks: "tuple[Mllm, ...]" = (),
    ) -> None:
        """Keep the settings; nothing is opened, imported or asked yet.

        Args:
            base_url: of an OpenAI-compatible endpoint, e.g. http://localhost:8000/v1; None = nobody to ask. Keys in its
                query are sent, and not kept in `base_url`.
            model: the endpoint's name of the model that is asked unless a request names another.
            api_key: None = the endpoint needs none. The environment's key is not read here: see `llm_settings`.
            frame: name of the model's box frame (see `unco.tools.box_frames.frame`); None = known by the model's name.
            cache: None = every question is asked anew.
            recording: what modes `record` and `replay` work with.
            timeout_s: seconds an attempt may take without a byte from the endpoint.
            deadline_s: seconds a call may take in all, waits and further attempts included.
            attempts: how often a question is asked at most, when asking again may help.
            wait: between attempts; None = half a second, doubling up to 8 seconds, with jitter.
            terms: privacy, prices, budget, rate, egress log; None = anything goes and nothing is written down.
            options: sampling, limits, fields and headers of this model.
            fallbacks: models that are asked, in this order, when this one is unavailable or its call fails.

        Raises:
            SettingsError: base_url is not an http(s) address, or holds a password; key or model cannot be sent.
        """
        address = split_address(clean_address(base_url)) if base_url else SplitAddress("", "")
        self.base_url = address.seen or None
        self.model = clean_model(model)
        self.frame = frame
        self.cache = cache
        self.recording = recording
        self.terms = terms or Terms()
        self.options = replace(options, secret_query=address.keys or options.secret_query)
        self.fallbacks = fallbacks
        self._api_key = clean_key(api_key)
        self._own_flights: SingleFlight[Reply] = SingleFlight(LEADER_ONLY_ERRORS)
        self._limits = CallLimits(timeout_s=timeout_s, deadline_s=deadline_s, attempts=attempts, back_off=wait)

    @property
    def configured(self) -> bool:
        """Whether an endpoint and a model are set."""
        return bool(self.base_url and self.model)

    @property
    def has_key(self) -> bool:
        """Whether the endpoint is sent a key."""
        return self._api_key is not None

    @property
    def is_failing(self) -> bool:
        """Whether the endpoint failed too often just now to be asked."""
        return self._connection.is_failing

    def ask(self, request: Request, mode: Mode) -> Reply:
        """Ask a question and wait for the reply.

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
        """Ask a question and await the reply, without blocking the event loop; raises as `ask`."""
        return await self._get_reply(request, mode)

    async def _get_reply(self, request: Request, mode: Mode) -> Reply:
        request = with_options(request, self.options)
        if mode == "replay":
            return await in_thread(self._replayed, request)
        key = self._key(request, mode)
        if mode == "record" and (recorded := await in_thread(self._recording(mode).find_or_check, request)):
            return recorded
        reply, flights = await in_thread(self._look_up, key)
        if reply is None:  # an answer that is there needs neither a lock nor a loop
            # A caller that blocks its own event loop may not wait for another: that one may be a task of the same loop.
            blocks_own_loop = is_blocking() and in_event_loop()
            reply = await on_loop(self._ask_once(key, request, SingleFlight() if blocks_own_loop else flights))
        return await in_thread(self._record, reply, request, mode) if mode == "record" else reply

    async def _ask_once(self, key: str, request: Request, flights: SingleFlight[Reply]) -> Reply:
        """Ask, or take over the answer to an equal question that is under way."""
        deadline = self._connection.deadline_of(request)

        async def call() -> Reply:
            return await self._ask_live(key, request, deadline)

        try:
            reply, own = await flights.run(key, call, max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            raise Unavailable(_EQUAL_CALL_TOO_LATE, "deadline") from None
        return reply if own else replace(reply, cached=True)  # nobody was asked for this one

    async def _ask_live(self, key: str, request: Request, deadline: float) -> Reply:
        """Ask the endpoint unless the answer came meanwhile; of several processes with the same question one asks."""
        if not self.cache:  # without a cache another's answer would not reach us anyway
            return await self._connection.call(request, deadline)
        async with self.cache.locks.held(key, deadline):
            if found := await asyncio.to_thread(self._find_cached, key):
                return found
            reply = await self._connection.call(request, deadline)
            await asyncio.to_thread(store_reply, self.cache, key, reply)
            return reply

    def listed_models(self) -> frozenset[str]:
        """Return the names of the endpoint's models; see `Connection.listed_models`."""
        return block_on(on_loop(self._connection.listed_models()))

    def expected_shape(self, request: Request) -> Shape:
        """Return the shape that a question is put in first: what is known, or expected, to be accepted."""
        return self._connection.expected_shape(request)[0]

    def _replayed(self, request: Request) -> Reply:
        """Return the recorded reply; what privacy forbids was never asked, so it is no miss."""
        try:
            return self._recording("replay").find(request)
        except EndpointError:
            if self.base_url:
                self.terms.privacy.check(self.base_url, request.purpose)
            raise

    def _key(self, request: Request, mode: Mode) -> str:
        """Return the cache key of a question; raises `Unavailable` where nobody may be asked."""
        if mode == "off":
            raise Unavailable(
                f"calls are off; {_NO_MLLM}" if not self.configured else "calls are off: mode is off", "off"
            )
        if mode == "record":
            self._recording(mode)
        if not (self.base_url and request.model):
            raise Unavailable(_NO_MLLM, "off")
        return request_key(request, self.base_url)

    def _recording(self, mode: Mode) -> Recording:
        if self.recording is None:
            raise SettingsError(f"mode {mode} needs a recording: set UNCO_RECORDING to the path of its file")
        return self.recording

    def _find_cached(self, key: str) -> Reply | None:
        return cached_reply(self.cache, key) if self.cache else None

    def _record(self, reply: Reply, request: Request, mode: Mode) -> Reply:
        """Write the reply into the recording in mode `record`, and return it."""
        if mode == "record":
            self._recording(mode).add(request, reply)
        return reply

    def _look_up(self, key: str) -> tuple[Reply | None, SingleFlight[Reply]]:
        """Read the cache; the first time its folder is looked up as well, which touches the disk."""
        return self._find_cached(key), self.cache.flights if self.cache else self._own_flights

    @cached_property
    def _connection(self) -> Connection:
        shapes = Shapes(self.cache)
        return Connection(self.base_url or "", self._api_key, self._limits, self.terms, shapes, self.options)


def with_options(request: Request, options: ModelOptions) -> Request:
    """Put a model's own settings into a question; what they can change is in its key from then on."""
    return replace(
        request,
        temperature=request.temperature if options.temperature is None else options.temperature,
        max_tokens=options.max_tokens or request.max_tokens,
        extra_body=options.extra_body,
        headers=options.headers,
    )


def cached_reply(cache: Cache, key: str) -> Reply | None:
    """Read the reply under a key; None = there is none, or a row that something else wrote: ask again, write over it.

    Raises:
        SetupError: the cache cannot be opened.
    """
    text = cache.get(key)
    try:
        return None if text is None else reply_from(json.loads(text))
    except (ValueError, RecursionError):
        return None


def store_reply(cache: Cache, key: str, reply: Reply) -> bool:
    """Put a reply into the cache unless it is incomplete; return whether it is there now.

    Raises:
        SetupError: the cache cannot be opened.
    """
    return is_complete(reply) and cache.put(key, json.dumps(reply_parts(reply)))


def is_complete(reply: Reply) -> bool:
    """Return whether a reply is neither empty nor cut off; one that is a whole JSON object was not cut off."""
    ended = reply.finish_reason
    return bool(reply.text) and (not (is_cut(ended) or broke_off(ended) or is_filtered(ended)) or is_object(reply.text))
