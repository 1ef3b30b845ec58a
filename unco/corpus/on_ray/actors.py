"""Ray actors of the two stages: a small model in each of the first, correctors in each of the second.

Plain actors with threads and one event loop of our own. Ray Data's way to write them, an `async __call__`, puts results
into a queue from within the event loop and stops it while that is full, and with it every call that is under way.
"""

import asyncio
import platform
import threading
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pyarrow as pa

from unco.context import Context
from unco.corpus.choices import Choices, extractor_of
from unco.corpus.on_ray.post_rows import PostRow, rows_of, table_of, worker_fault
from unco.corpus.on_ray.shared_budget import use_shared_budget
from unco.corpus.on_ray.worker_environment import WorkerEnvironment
from unco.corpus.patience import Patience
from unco.corpus.pipeline import Pipeline, extraction_of, with_stored_picture
from unco.errors import SetupError, UncoError
from unco.nodes.settings import check_settings
from unco.small_model.batching import Batching
from unco.state import EXTRACTION
from unco.tools.llm_settings import mllm_from_env
from unco.tools.search_settings import search_from_env
from unco.types import Extraction, Post

ON_GPU = Batching(most_posts=128, most_words=4096)
"""Batches on a GPU; the defaults are for a CPU."""


class SmallModel:
    """The first stage: adds the small model's output to posts."""

    def __init__(self, environment: WorkerEnvironment, choices: Choices, gpu: bool, near_misses: bool = False) -> None:
        """Take over the run's environment and bind the small model; an error is reported with the first post.

        Args:
            environment: folder and settings of the process that started the run.
            choices: of the run.
            gpu: whether this actor has a GPU of its own.
            near_misses: whether they are looked for, too.
        """
        self._fault: SetupError | None = None
        self._near_misses = near_misses
        try:
            environment.apply()
            self._extractor = extractor_of(choices, "cuda", ON_GPU) if gpu else extractor_of(choices)
        except UncoError as error:
            self._fault = worker_fault(error, platform.node())

    def __call__(self, table: pa.Table) -> pa.Table:
        """Run the small model on the posts of a table, in batches with those of concurrent calls."""
        return table_of(asyncio.run(self._all(rows_of(table))))

    async def _all(self, rows: list[PostRow]) -> list[PostRow]:
        return await asyncio.gather(*map(self._one, rows))

    async def _one(self, row: PostRow) -> PostRow:
        given = row.line().post
        if given is None or row.fault:
            return row
        if self._fault:
            return row.with_fault(self._fault)
        try:
            found = await extraction_of(await with_stored_picture(given), self._extractor, self._near_misses)
        except UncoError as error:
            return row.with_fault(error)
        return replace(row, found=EXTRACTION.dump_json(found))


class Correctors:
    """The second stage: corrects posts."""

    def __init__(
        self,
        environment: WorkerEnvironment,
        context: Context,
        at_once: int,
        patience_s: float,
        actor: Any,
        variant: str = "unco",
    ) -> None:
        """Take over the run's environment and bind the MLLM; an error is reported with the first post.

        Args:
            environment: folder and settings of the process that started the run.
            context: of the run.
            at_once: posts whose corrections wait for the MLLM at once, in this actor.
            patience_s: of this actor, see `Patience`.
            actor: the shared budget, see `unco.corpus.on_ray.shared_budget`.
            variant: of the graph.
        """
        self._fault: SetupError | None = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="unco-correctors", daemon=True).start()
        try:
            environment.apply()
            if context.mode not in ("off", "replay"):
                environment.check_key()
            llm = mllm_from_env()
            knowledge = search_from_env(llm)
            check_settings(context, llm, knowledge, has_picture=False)
            use_shared_budget(llm, actor)
            patience = Patience(patience_s)
            self._pipeline = Pipeline(_unasked, llm, context, knowledge, at_once, patience, variant)
            asyncio.run_coroutine_threadsafe(_tell(patience, actor), self._loop)
        except UncoError as error:
            self._fault = worker_fault(error, platform.node())

    def __call__(self, table: pa.Table) -> pa.Table:
        """Correct the posts of a table, in one event loop for all calls."""
        return table_of(asyncio.run_coroutine_threadsafe(self._all(rows_of(table)), self._loop).result())

    async def _all(self, rows: list[PostRow]) -> list[PostRow]:
        return await asyncio.gather(*map(self._one, rows))

    async def _one(self, row: PostRow) -> PostRow:
        if row.fault:
            return row
        if self._fault:
            return row.with_fault(self._fault)
        try:
            return row.with_outcome(await self._pipeline.one(row.line(), row.extraction()))
        except UncoError as error:
            return row.with_fault(error)


async def _tell(patience: Patience, actor: Any) -> None:
    """Tell the run for what this worker waits, each second, as long as the worker lives."""
    worker = uuid4().hex
    while True:
        await asyncio.sleep(1.0)
        actor.note_waiting.remote(worker, patience.waiting)


def _unasked(post: Post) -> Extraction:
    raise AssertionError("the small model was asked in the first stage")
