"""A post's steps as server-sent events: stage 1, each corrector's step, then the result."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from unco.context import Context
from unco.errors import SettingsError
from unco.serving.metrics import POSTS
from unco.serving.service import REQUEST_ID, Service, check_object, own_problem
from unco.state import Json, PostOutput

Event = tuple[str, Json]
"""Name and data. `extraction`: what the small model found. `recall`: the question about missed entities. `correction`:
an entity as a corrector left it, and what happened. `result`: as /extract answers. `error`: a problem."""

SILENT_S = 15.0
"""After which a comment is sent, so that nothing between takes the connection for a dead one."""

_WAITING = 64
"""Events that wait for a slow client; then the post waits, too."""

_OF_STAGE_1 = ("text", "tokens", "entities", "thresholds", "picture", "model", "warnings")
_OF_ENTITY = ("index", "text", "start_char", "stop_char", "type", "region")


class Steps:
    """The events of one post, which runs in a task of its own and ends with its client."""

    def __init__(self, service: Service, post: Any, context: Context) -> None:
        """Begin to run the post."""
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue(_WAITING)
        self._id = REQUEST_ID.get()
        self._task = asyncio.create_task(self._run(service, post, context))

    async def first(self) -> Event:
        """Wait for the first event; of a post that cannot be run the error is raised.

        Raises:
            UncoError: the post's.
        """
        found = await self._events.get()
        if isinstance(found, Exception):
            raise found
        assert found is not None
        return found

    async def lines(self, first: Event) -> AsyncIterator[str]:
        """Yield the events as they are sent, from the first on, and a comment where there is silence."""
        try:
            yield _lines(first)
            while True:
                try:
                    found = await asyncio.wait_for(self._events.get(), SILENT_S)
                except TimeoutError:
                    yield ": the post is under way\n\n"
                    continue
                if found is None:
                    return
                yield _lines(("error", own_problem(found).as_json(self._id)) if isinstance(found, Exception) else found)
        finally:
            self.cancel()

    def cancel(self) -> None:
        """End the run, where it has not ended: nobody reads its events."""
        self._task.cancel()

    async def _run(self, service: Service, post: Any, context: Context) -> None:
        try:
            async with service.admitted():
                async for event in _events(service, post, context):
                    await self._events.put(event)
        except Exception as error:  # one that is not ours is a bug, and `problem_of` says as much
            POSTS.labels("refused").inc()
            await self._events.put(error)
        await self._events.put(None)


async def _events(service: Service, post: Any, context: Context) -> AsyncIterator[Event]:
    check_object(post)
    if context.review:
        raise SettingsError(
            "review: a stream does not stop for a person: leave it out, or send the post without a stream"
        )
    graph = service.machine.graph
    async for part in graph.astream(post, context=context, stream_mode="updates", subgraphs=True, version="v2"):
        for node, update in part["data"].items():
            if (event := _event_of(node, update or {}, inner=bool(part["ns"]))) is None:
                continue
            if event[0] == "result":
                service.watch(event[1], context)
                service.counted(event[1])
            yield event


def _event_of(node: str, update: Json, inner: bool) -> Event | None:
    """Make the event of a node's update; None = the step is of no use to a client.

    Args:
        node: its name.
        update: what it changed.
        inner: whether it is one of the entity graph.
    """
    match node:
        case "extract":
            return "extraction", {name: update["extraction"][name] for name in _OF_STAGE_1}
        case "recall":
            return "recall", {"question": update["questions"][-1], "entities": update["extraction"]["entities"]}
        case "collect":
            return "result", {name: update[name] for name in PostOutput.__annotations__}
    if not inner or "entity" not in update:
        return None
    entity = update["entity"]
    return "correction", {
        "entity": {name: entity[name] for name in _OF_ENTITY},
        "correction": entity["corrections"][-1],
    }


def _lines(event: Event) -> str:
    name, data = event
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
