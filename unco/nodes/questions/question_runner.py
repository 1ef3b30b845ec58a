"""Asking: the same steps for every question, sync and async, of one model or of a chain.

The steps are a generator that yields requests and is sent replies, so that asking is somebody else's business:
`ask_all` and `aask_all` are the only places that call the MLLM.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from unco.context import Mode
from unco.errors import CallFailed, EndpointError, PictureError, ReplyError, Unavailable
from unco.nodes.questions.question import MOST_CALLS, PostCase
from unco.nodes.questions.usage import Said
from unco.prompts import Answer, AnswerName, parse_answer
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Reply, Request
from unco.types import AnswerState, Outcome

Ended = TypeVar("Ended")
Known = TypeVar("Known", bound=PostCase)
Steps = Generator[Request, Reply, Ended]


@dataclass(frozen=True, slots=True)
class Turn(Generic[Known]):
    """One model of a chain, and the case as it is put to that model."""

    llm: Mllm
    case: Known
    mode: Mode


@dataclass(frozen=True, slots=True)
class Account(Generic[Ended]):
    """How to read what came of some steps."""

    fault: Callable[[Ended], str]
    """Why the endpoint gave no reply at all; empty = it gave one, readable or not."""
    noted: Callable[[Ended, str], Ended]
    """The same with what came of the models asked before."""


def readable_answer(request: Request, answer: AnswerName, said: list[Said], calls: int = MOST_CALLS) -> Steps[Answer]:
    """The first readable answer of at most two; the second question quotes what was wrong with the first answer.

    Raises:
        Unavailable: the budget allows no question.
        ReplyError: no answer can be read, or the budget allows no second question.
    """
    if calls < 1:
        raise Unavailable("budget: nothing is left for this question; more uncertain ones come first")
    try:
        return _read((yield request), answer, said)
    except ReplyError as fault:
        if calls < MOST_CALLS:
            raise
        # An empty turn of the assistant is refused by some endpoints, so it is quoted as what it was.
        again = f"Your answer cannot be used: {fault}. Answer once more, with the one JSON object described above only."
        request = replace(request, turns=((said[-1][0].text or "(empty)", again),))
    return _read((yield request), answer, said)


def _read(reply: Reply, answer: AnswerName, said: list[Said]) -> Answer:
    """The answer in a reply, which is noted with its fault, if it has one."""
    try:
        found = parse_answer(reply.text, reply.finish_reason, answer)
    except ReplyError as fault:
        said.append((reply, str(fault)))
        raise
    said.append((reply, ""))
    return found


def how_it_ended(fault: EndpointError | PictureError) -> tuple[Outcome, AnswerState | None]:
    """Outcome of a question without a readable answer, and what came back."""
    if isinstance(fault, ReplyError):
        return "failed", "unreadable"
    if isinstance(fault, CallFailed | PictureError):  # a picture may be gone since the small model saw it
        return "failed", "failed"
    return "unavailable", None  # nobody to ask: off, unreachable, not recorded, not allowed


def ask_chain(
    turns: Iterable[Turn[Known]], steps: Callable[[Known], Steps[Ended]], account: Account[Ended]
) -> tuple[Known, Ended]:
    """Put a question to one model after another until one gives a reply; the last one's account tells of them all."""
    faults: list[str] = []
    for turn in turns:
        ended = ask_all(steps(turn.case), partial(_ask, turn))
        if not (fault := account.fault(ended)):
            break
        faults.append(fault)
    return turn.case, _with_faults(ended, faults, account)


async def aask_chain(
    turns: Iterable[Turn[Known]], steps: Callable[[Known], Steps[Ended]], account: Account[Ended]
) -> tuple[Known, Ended]:
    """As `ask_chain`, awaiting; a turn may read files, so each is made in a thread."""
    faults: list[str] = []
    coming = iter(turns)
    while (turn_or_none := await asyncio.to_thread(next, coming, None)) is not None:
        turn = turn_or_none
        ended = await aask_all(steps(turn.case), partial(_aask, turn))
        if not (fault := account.fault(ended)):
            break
        faults.append(fault)
    return turn.case, _with_faults(ended, faults, account)


def _with_faults(ended: Ended, faults: list[str], account: Account[Ended]) -> Ended:
    return account.noted(ended, "; then: ".join(dict.fromkeys(faults))) if faults else ended


def _ask(turn: Turn[Known], request: Request) -> Reply:
    return turn.llm.ask(request, turn.mode)


async def _aask(turn: Turn[Known], request: Request) -> Reply:
    return await turn.llm.aask(request, turn.mode)


def ask_all(steps: Steps[Ended], ask: Callable[[Request], Reply]) -> Ended:
    """Run the steps, asking as they say."""
    now = _advance(partial(next, steps))
    while isinstance(now, Request):
        try:
            reply = ask(now)
        except EndpointError as error:
            now = _advance(partial(steps.throw, error))
        else:
            now = _advance(partial(steps.send, reply))
    return now


async def aask_all(steps: Steps[Ended], ask: Callable[[Request], Awaitable[Reply]]) -> Ended:
    """As `ask_all`, awaiting; the first question is made in a thread, for it may fetch and encode a picture."""
    now = await asyncio.to_thread(_advance, partial(next, steps))
    while isinstance(now, Request):
        try:
            reply = await ask(now)
        except EndpointError as error:
            now = _advance(partial(steps.throw, error))
        else:
            now = _advance(partial(steps.send, reply))
    return now


def _advance(resume: Callable[[], Request]) -> Request | Ended:
    """The next request, or what the steps came to."""
    try:
        return resume()
    except StopIteration as done:
        ended: Ended = done.value
        return ended
