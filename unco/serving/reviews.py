"""Posts that wait for a person: LangGraph's checkpoints and a list of what is open, in one database.

A review is in the database before its client hears of it, so it outlives the worker, however that ends. A client sees
the reviews of its own posts only.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from unco.context import Context
from unco.errors import Unavailable
from unco.graph import PostGraph
from unco.serving.databases.database import Database, ReviewTable
from unco.serving.machine import Machine
from unco.serving.problems import RequestError
from unco.state import Json, PostOutput

MOST_SHOWN = 100
"""Reviews of one list, the oldest first."""

KEPT_DAYS = 30
"""After which a review that is settled is forgotten."""

_TABLE = """
CREATE TABLE IF NOT EXISTS reviews (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, since DOUBLE PRECISION NOT NULL, requests TEXT, result TEXT,
    settled DOUBLE PRECISION
)
"""

Outcome = tuple[Json, Json | None]
"""A post's result so far, and its review where it is open."""


class Reviews:
    """The reviews of a service; all its workers share the table."""

    def __init__(self, graph: PostGraph, table: ReviewTable) -> None:
        """Bind the table, and the graph that keeps its checkpoints there; see `open_reviews`."""
        self._graph, self._table = graph, table
        self._answered = set[str]()
        """Reviews that this process takes answers to now; the table's locks tell of other processes only."""

    async def begin(self, post: Json, context: Context, owner: str) -> Outcome:
        """Run a post; where something is open for a person, keep it.

        Raises:
            UncoError: the post cannot be run.
        """
        name = uuid4().hex
        with self._table.errors():
            try:
                # On the disk once, when the run stops: a client whose worker dies before that hands in its post again.
                output = await self._graph.ainvoke(post, _thread(name), context=context, durability="exit")
            except BaseException:
                await asyncio.shield(self._table.saver.adelete_thread(name))
                raise
            return await self._after(name, owner, output)

    async def open_of(self, owner: str) -> list[Json]:
        """List a client's open reviews, the oldest first."""
        rows = await self._rows("owner = ? AND settled IS NULL ORDER BY since LIMIT ?", owner, MOST_SHOWN)
        return [_shown(*row) for row in rows]

    async def one(self, name: str, owner: str) -> Json:
        """Return a review: what is open, or the post's result.

        Raises:
            RequestError: there is none of this client's.
        """
        rows = await self._rows("id = ? AND owner = ?", name, owner) if _is_name(name) else []
        if not rows:
            raise _none()
        return _shown(*rows[0])

    async def answer(self, name: str, owner: str, answers: object) -> Outcome:
        """Take a person's answers; what cannot be used of them stays open, with the reason.

        Raises:
            RequestError: there is no such review, it is settled, or another answers it now.
        """
        if not isinstance(answers, list) or not answers:
            raise RequestError(422, 'answers: a list is wanted, {"answers": [{"type": "accept", "by": ...}, ...]}')
        with self._table.errors():
            async with self._alone(name):
                if "result" in await self.one(name, owner):
                    raise RequestError(409, "the review is settled: GET /reviews/{id} has the post's result")
                return await self._after(name, owner, await self._resumed(name, answers))

    async def _resumed(self, name: str, answers: list[Any]) -> Json:
        """Go on with a run; one that is done was killed after its last answer, before that was noted."""
        state = await self._graph.aget_state(_thread(name))
        if not state.next:
            return {key: state.values[key] for key in PostOutput.__annotations__}
        output: Json = await self._graph.ainvoke(Command(resume=answers), _thread(name), durability="exit")
        return output

    async def _after(self, name: str, owner: str, output: Json) -> Outcome:
        """Note what a run came to: an open review, or a result, whose checkpoints are then of no use."""
        result = {key: value for key, value in output.items() if key != "__interrupt__"}
        now = time.time()
        if interrupts := output.get("__interrupt__"):
            requests = json.dumps(interrupts[0].value)
            await self._table.write(
                "INSERT INTO reviews (id, owner, since, requests) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET requests = excluded.requests",
                name, owner, now, requests,
            )  # fmt: skip
            return result, await self.one(name, owner)
        await self._table.write(
            "UPDATE reviews SET result = ?, settled = ? WHERE id = ?", json.dumps(result), now, name
        )
        await self._table.saver.adelete_thread(name)
        return result, None

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncIterator[None]:
        """Hold a review against other answers, of this worker and of others.

        Raises:
            RequestError: another answer is under way; or there is no such review.
        """
        if not _is_name(name):
            raise _none()
        busy = RequestError(409, "another answer to this review is under way: look at it again", retry_after=1.0)
        if name in self._answered:
            raise busy
        self._answered.add(name)
        try:
            async with AsyncExitStack() as held:
                try:
                    await held.enter_async_context(self._table.locked(name))
                except Unavailable:
                    raise busy from None
                yield
        finally:
            self._answered.discard(name)

    async def _rows(self, where: str, *values: Any) -> list[Any]:
        with self._table.errors():
            return await self._table.rows(f"SELECT id, since, requests, result FROM reviews WHERE {where}", *values)


@asynccontextmanager
async def open_reviews(machine: Machine, database: Database) -> AsyncIterator[Reviews]:
    """Open the reviews in a database; those that were settled long ago are deleted."""
    async with database.reviews(_TABLE) as table:
        with table.errors():
            await table.write("DELETE FROM reviews WHERE settled < ?", time.time() - KEPT_DAYS * 86400)
        yield Reviews(machine.new_graph(table.saver), table)


def _is_name(name: str) -> bool:
    return len(name) == 32 and set(name) <= set("0123456789abcdef")


def _none() -> RequestError:
    return RequestError(404, "there is no such review of yours: GET /reviews lists those that are open")


def _thread(name: str) -> RunnableConfig:
    return {"configurable": {"thread_id": name}}


def _shown(name: str, since: float, requests: str, result: str | None) -> Json:
    at = datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")
    if result is not None:
        return {"id": name, "since": at, "result": json.loads(result)}
    return {"id": name, "since": at, "requests": json.loads(requests)}
