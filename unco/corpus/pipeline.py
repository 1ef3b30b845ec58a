"""Runs posts through both stages, concurrently: the small model reads ahead while correctors wait for the MLLM.

Outcomes come in the posts' order. A slow one does not stop those behind it, of which at most `HELD` wait for it, so
that memory does not grow with the corpus.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from langgraph.store.base import BaseStore

from unco.context import Context
from unco.corpus.patience import Patience, Rounds
from unco.corpus.posts import Line
from unco.errors import DataError, InputError, PostError, RecordingMiss, SettingsError, UncoError, Waiting
from unco.graph import PostGraph, build_variant
from unco.graph.run_input import check_input
from unco.nodes.collect import result_of
from unco.nodes.run_choices import for_run
from unco.state import EXTRACTION, Json, PostInput, read_result, to_json
from unco.tools.extraction.call import extract_async, refuse_unusable
from unco.tools.extraction.extractor import Extractor
from unco.tools.extraction.saved_predictions import handed_in
from unco.tools.extraction.tool import arguments_of, post_of, small_model_tool
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Search
from unco.types import Extraction, Result

WINDOW = 256
"""Posts under way at once, both stages together; at least twice as many as wait for the MLLM."""

HELD = 8192
"""Posts that are begun at most from the first that is not done: those that are done wait for it."""

AT_ONCE = 16
"""Posts whose corrections wait for the MLLM at once."""


@dataclass(frozen=True, slots=True)
class PostOutcome:
    """The outcome of a post: a result, or why there is none."""

    line: Line
    result: Result | None
    fault: UncoError | str = ""
    """Why there is no result."""


class Pipeline:
    """Runs both stages with one small model and one MLLM."""

    def __init__(
        self,
        extractor: Extractor,
        llm: Mllm,
        context: Context,
        knowledge: Search | None = None,
        at_once: int = AT_ONCE,
        patience: Patience | None = None,
        variant: str = "unco",
        store: BaseStore | None = None,
    ) -> None:
        """Bind what posts run through; nothing is loaded yet.

        Args:
            extractor: the small model.
            llm: who is asked.
            context: of the run.
            knowledge: as of `build_graph`.
            at_once: posts whose corrections wait for the MLLM at once.
            patience: with what passes; None = none.
            variant: which graph, see `unco.graph.variants`.
            store: as of `build_graph`, for the memory that the context names.

        Raises:
            SettingsError: there is no such variant.
        """
        self.patience = patience or Patience()
        self._extractor = extractor
        self._context = context
        self._graph: PostGraph = build_variant(variant, small_model_tool(extractor), llm, knowledge, store)
        self._asks_by_threshold = variant == "unco"
        self._at_once = at_once
        self._slots = asyncio.Semaphore(at_once)

    async def run(self, lines: Iterable[Line]) -> AsyncIterator[PostOutcome]:
        """Run posts; outcomes come in the posts' order."""
        self._slots = asyncio.Semaphore(self._at_once)  # a semaphore belongs to the event loop that waits on it
        begun: deque[asyncio.Task[PostOutcome]] = deque()
        source, places = iter(lines), _Places()
        try:
            while True:
                room = min(max(WINDOW, 2 * self._at_once) - places.taken, HELD - len(begun))
                begun.extend(map(places.task, map(self.one, _take(source, room))))
                if not begun:
                    return
                if begun[0].done():
                    yield begun.popleft().result()
                else:
                    await places.one_is_free()
        finally:
            for task in begun:
                task.cancel()
            await asyncio.gather(*begun, return_exceptions=True)

    def waiting(self) -> str:
        """Return for what the run waits now, see `Patience.waiting`."""
        return self.patience.waiting

    async def one(self, line: Line, found: Extraction | None = None) -> PostOutcome:
        """Run one post.

        Args:
            line: the post.
            found: the small model's extraction, where there is one already; None = the small model is asked.
        """
        if line.post is None:
            return PostOutcome(line, None, PostError(line.fault))
        try:
            return PostOutcome(line, await self._result(line.post, found))
        except (SettingsError, DataError):  # the run's own fault, and every post's
            raise
        except RecordingMiss as error:
            raise RecordingMiss(f"post {line.number}: {error}") from error
        except (InputError, Waiting) as error:
            return PostOutcome(line, None, error)

    async def _result(self, given: PostInput, found: Extraction | None) -> Result:
        """Return the graph's result; where nothing would be asked, build the same without the graph."""
        checked = await with_stored_picture(given)
        if found is None:
            found = await extraction_of(checked, self._extractor, self._context.recall_threshold is not None)
        refuse_unusable(found, self._context.strict_pictures)
        found = for_run(found, self._context)
        remembers = self._context.memory is not None  # it may have a sure entity asked about
        wanted = self._context.recall or remembers or found.routed_near_misses or any(map(found.routed, found.entities))
        if self._asks_by_threshold and not wanted:
            return result_of(found, identity=checked.id)
        return await self._patiently(checked.model_dump() | {"extraction": to_json(EXTRACTION, found)})

    async def _patiently(self, post: Json) -> Result:
        """Ask about a post, and again as patience allows; in a silence its place is kept, so that no other is begun."""
        patience, rounds = self.patience, Rounds()
        while True:
            async with self._slots:
                answers, result = patience.answers, await self._asked(post)
                patience.note(result)
                rounds.add(result, patience.answers > answers)
                if not patience.allows(result, rounds):
                    return result
                if silent := patience.is_silent:
                    await patience.pause(rounds)
            if not silent:
                await patience.pause(rounds)

    async def _asked(self, post: Json) -> Result:
        output = await self._graph.ainvoke(post, context=self._context)
        if "__interrupt__" in output:
            raise Waiting(", ".join(interrupt.value for interrupt in output["__interrupt__"]))
        return read_result(output)


async def extraction_of(given: PostInput, extractor: Extractor, near_misses: bool = False) -> Extraction:
    """Return the extraction that came with a post, else ask the small model, for near misses too where wanted."""
    return handed_in(given) or await extract_async(extractor, post_of(**arguments_of(given, near_misses)))


async def with_stored_picture(given: PostInput) -> PostInput:
    """Store a post's inline picture, off the event loop, and return the post with a reference to it."""
    return given if given.image is None else PostInput(**await asyncio.to_thread(check_input, given.model_dump()))


class _Places:
    """Counts the tasks that are under way, and tells when one has ended."""

    def __init__(self) -> None:
        self.taken = 0
        self._ended = asyncio.Event()

    def task(self, steps: Coroutine[Any, Any, PostOutcome]) -> asyncio.Task[PostOutcome]:
        """Begin a task."""
        self.taken += 1
        task = asyncio.create_task(steps)
        task.add_done_callback(self._end)
        return task

    def _end(self, _: asyncio.Task[PostOutcome]) -> None:
        self.taken -= 1
        self._ended.set()

    async def one_is_free(self) -> None:
        """Wait until a task has ended since the last time."""
        await self._ended.wait()
        self._ended.clear()


def _take(source: Iterator[Any], most: int) -> Iterator[Any]:
    for _ in range(most):
        try:
            yield next(source)
        except StopIteration:
            return
