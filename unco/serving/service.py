"""Answers posts for whoever may ask: places, rates and purses first, then the graph, then the counts."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from starlette.requests import Request

from unco.context import Context
from unco.errors import Overloaded, PostError, UncoError
from unco.serving.accounts.ledger import Account, Ledger
from unco.serving.accounts.purse import PURSE, Purse
from unco.serving.accounts.tokens import Token
from unco.serving.logs import note, note_fault
from unco.serving.machine import Machine
from unco.serving.metrics import IN_FLIGHT, POSTS, count_result, show_watch
from unco.serving.problems import Problem, RequestError, problem_of
from unco.serving.reviews import Reviews
from unco.serving.settings import MANY_AT_ONCE, ServeSettings
from unco.state import Json, read_result
from unco.tools.llm.budget import Caps

T = TypeVar("T")

NOBODY = Token(name="open", sha256="0" * 64)
"""Stands for every client of a service without tokens."""

CALLER: ContextVar[Token] = ContextVar("unco_caller", default=NOBODY)
"""Whose request this task answers."""

REQUEST_ID: ContextVar[str] = ContextVar("unco_request_id", default="")

FACTS: ContextVar[Json | None] = ContextVar("unco_facts", default=None)
"""Counts of the request that this task answers, for its line in the log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a post: its result, or a review that a person has to settle first."""

    status: int
    """200, or 202 for a review."""
    body: Json


class Service:
    """The service of one worker."""

    def __init__(self, settings: ServeSettings, machine: Machine, ledger: Ledger) -> None:
        """Bind what answers."""
        self.settings, self.machine, self.ledger = settings, machine, ledger
        self.reviews: Reviews | None = None
        """Opened with the event loop, where they are switched on."""
        self._places = settings.at_once
        self._many_at_once = min(MANY_AT_ONCE, settings.at_once)

    @property
    def caller(self) -> str:
        """Name of the token whose request this task answers."""
        return CALLER.get().name

    def read_context(self, given: object) -> Context:
        """Read the settings that a client chose, see `Machine.read_context`, and add the memory of its token."""
        context = self.machine.read_context(given, reviews=self.reviews is not None)
        return context if self.machine.store is None else replace(context, memory=self.caller)

    @asynccontextmanager
    async def admitted(self, posts: int = 1) -> AsyncIterator[None]:
        """Let posts of a request in; from here on its purse pays.

        Raises:
            Overloaded: too many are under way.
            RequestError: they come faster than the token may.
        """
        caller, places = CALLER.get(), min(posts, self._many_at_once)
        if places > self._places:
            raise Overloaded(f"{self.settings.at_once} posts are under way, and no more may be: try again in a second")
        self._places -= places
        IN_FLIGHT.inc(places)
        try:
            await self._keep_to_rate(caller, posts)
            PURSE.set(await self._purse(caller))
            yield
        finally:
            self._places += places
            IN_FLIGHT.dec(places)

    async def answer(self, post: Any, context: Context) -> Answer:
        """Run a post that was let in.

        Raises:
            UncoError: it cannot be run.
        """
        try:
            check_object(post)
            if context.review and self.reviews is not None:
                return self.counted(*await self.reviews.begin(post, context, self.caller))
            output = await self.machine.graph.ainvoke(post, context=context)
            self.watch(output, context)
            return self.counted(output)
        except UncoError:
            POSTS.labels("refused").inc()
            raise

    async def answer_many(self, posts: list[Any], context: Context) -> list[Json]:
        """Run the posts of one request, some at once; what came of each, in order, an error among them."""
        places = asyncio.Semaphore(self._many_at_once)

        async def one(post: Any) -> Json:
            async with places:
                try:
                    answer = await self.answer(post, context)
                except Exception as error:  # a bug that one post meets is no reason to lose the others
                    return {"error": own_problem(error).as_json(REQUEST_ID.get())}
            return answer.body if answer.status == 202 else {"result": answer.body}

        return list(await asyncio.gather(*map(one, posts)))

    async def settle(self, review: str, answers: object) -> Answer:
        """Take a person's answers to a review; the post's result, or what is still open.

        Raises:
            RequestError: there is no such review of this client's, or its answers cannot be taken.
        """
        return self.counted(*await self.switched_on().answer(review, self.caller, answers))

    def switched_on(self) -> Reviews:
        """Return the reviews.

        Raises:
            RequestError: they are switched off.
        """
        if self.reviews is None:
            raise RequestError(404, "reviews are switched off here: `unco serve --reviews` switches them on")
        return self.reviews

    def counted(self, output: Json, review: Json | None = None) -> Answer:
        """Count what came of a post, and make the answer of it."""
        _add_facts(output)
        if review is not None:
            POSTS.labels("review").inc()
            return Answer(202, {"review": review})
        count_result(output)
        return Answer(200, output)

    def watch(self, output: Json, context: Context) -> None:
        """Compare a post with those of the policy, unless its client chose settings of its own."""
        watch = self.machine.watch
        if watch is None or replace(context, memory=None) != Context():
            return
        known = watch.alarm
        alarm = watch.add(read_result(output))
        if alarm is not None and known is None:
            note("alarm", logging.WARNING, posts=alarm.post, watched=alarm.by)
        show_watch(watch)

    async def _keep_to_rate(self, caller: Token, posts: int) -> None:
        if caller.posts_per_minute is None:
            return
        if posts > max(1.0, caller.posts_per_minute):
            raise RequestError(413, f"{posts} posts came at once: the token may {caller.posts_per_minute:g} a minute")
        if wait := await self.ledger.admit(caller.account, caller.posts_per_minute, posts):
            why = f"the token may {caller.posts_per_minute:g} posts a minute: try again in {wait:.0f} s"
            raise RequestError(429, why, retry_after=wait)

    async def _purse(self, caller: Token) -> Purse:
        """Open the purse of a request; accounts without caps need no ledger."""
        accounts = (self.machine.account, Account(caller.account, caller.caps))
        capped = tuple(account for account in accounts if account.caps != Caps())
        return Purse(capped, tuple([await self.ledger.spent(account.name) for account in capped]))


def own_problem(error: Exception) -> Problem:
    """Make the problem of one post among others, or of one in a stream; what is the server's own is logged."""
    if (problem := problem_of(error)).status >= 500:
        note_fault(error, REQUEST_ID.get())
    return problem


def check_object(post: Any) -> None:
    """Refuse what is no object, which the graph would take for a command.

    Raises:
        PostError: it is none.
    """
    if not isinstance(post, dict):
        raise PostError('a post is an object: {"text": ...}')


def _add_facts(output: Json) -> None:
    """Add a post's counts to those of its request."""
    facts = FACTS.get()
    if facts is None:
        return
    notes = [note for entity in output["entities"] for note in entity["corrections"]]
    counts = {
        "posts": 1,
        "entities": len(output["entities"]),
        "routed": sum(note["outcome"] != "skipped" for note in notes),
        "calls": output["usage"]["asked"],
        "usd": output["usage"]["cost"] or 0.0,
    }
    facts.update({name: facts.get(name, 0) + count for name, count in counts.items()})


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do the work as long as the client waits for it: what nobody waits for must not spend.

    Raises:
        RequestError: the client went away.
    """
    task, gone = asyncio.create_task(work), asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise RequestError(499, "the client went away")
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
