"""Asks a question of one model after another, and once more where an answer cannot be read.

The steps of a question are a generator that yields requests and is sent replies, so they do no I/O of their own:
`ask_models` is the only place that calls the MLLM.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from unco.context import Mode
from unco.errors import CallFailed, EndpointError, PictureError, RecordingMiss, ReplyError, Unavailable
from unco.nodes.questions.question import MAX_CALLS, Question
from unco.nodes.questions.usage import QuestionResult, ReplyLog, with_earlier_failures
from unco.prompts import Answer, AnswerName, parse_answer
from unco.tools.blocking import in_thread, is_blocking
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Reply, Request
from unco.types import PASSING_REASONS, AnswerState, Outcome, Reason

Result = TypeVar("Result")
AnyQuestion = TypeVar("AnyQuestion", bound=Question)
Steps = Generator[Request, Reply, Result]


@dataclass(frozen=True, slots=True)
class Attempt(Generic[AnyQuestion]):
    """One model of a chain, and the question as it is put to that model."""

    llm: Mllm
    question: AnyQuestion
    mode: Mode


def readable_answer(request: Request, answer: AnswerName, log: ReplyLog, calls: int = MAX_CALLS) -> Steps[Answer]:
    """Ask until an answer can be read; the second question quotes what was wrong with the first answer.

    Raises:
        Unavailable: the budget allows no question.
        ReplyError: no answer can be read, or the budget allows no second question.
    """
    if calls < 1:
        raise Unavailable("budget: nothing is left for this question; more uncertain ones come first", "budget")
    try:
        return _read((yield request), answer, log)
    except ReplyError as fault:
        if calls < MAX_CALLS:
            raise
        # An empty turn of the assistant is refused by some endpoints, so it is quoted as what it was.
        again = f"Your answer cannot be used: {fault}. Answer once more, with the one JSON object described above only."
        request = replace(request, turns=((log[-1][0].text or "(empty)", again),))
    return _read((yield request), answer, log)


def _read(reply: Reply, answer: AnswerName, log: ReplyLog) -> Answer:
    """Parse a reply and log it, with its fault if it has one."""
    try:
        found = parse_answer(reply.text, reply.ended, answer)
    except ReplyError as fault:
        log.append((reply, str(fault)))
        raise
    log.append((reply, ""))
    return found


def outcome_of(fault: EndpointError | PictureError) -> tuple[Outcome, AnswerState | None, Reason | None]:
    """Return the outcome of a question without a readable answer, its answer state, and why no answer came."""
    if isinstance(fault, PictureError):  # it may be gone since the small model saw it
        return "failed", "failed", None
    if isinstance(fault, ReplyError):
        return "failed", "unreadable", None
    if isinstance(fault, CallFailed) and fault.reason not in PASSING_REASONS:
        return "failed", "failed", fault.reason
    return "unavailable", None, fault.reason


async def ask_models(
    attempts: Iterator[Attempt[AnyQuestion]], steps: Callable[[AnyQuestion], Steps[QuestionResult]]
) -> tuple[AnyQuestion, QuestionResult]:
    """Ask one model after another until one replies; the last result records all failures.

    Args:
        attempts: at least one; each is made when the one before it got no reply.
        steps: the steps of the question; they end in an outcome, whatever happens.

    Raises:
        RecordingMiss: replay, and no recording holds the reply of any of the models.
    """
    failed: list[QuestionResult] = []
    misses: list[RecordingMiss] = []
    while (started := await in_thread(_start, attempts, steps)) is not None:
        attempt, running, step = started
        while isinstance(step, Request):
            try:
                reply = await _reply(attempt, step)
            except EndpointError as error:
                misses += [error] if isinstance(error, RecordingMiss) else []
                step = _advance(partial(running.throw, error))
            else:
                step = _advance(partial(running.send, reply))
        question, result = attempt.question, step
        if result.failure is None:
            break
        failed.append(result)
    # Only replies are recorded, so a miss of one model is its failed call, if another one's reply is there.
    if misses and (result.failure is not None or result.notes[0].reason == "not_recorded"):
        raise misses[0]
    earlier = failed if result.failure is None else failed[:-1]
    return question, with_earlier_failures(result, earlier)


async def _reply(attempt: Attempt[AnyQuestion], request: Request) -> Reply:
    if is_blocking():
        return attempt.llm.ask(request, attempt.mode)
    return await attempt.llm.aask(request, attempt.mode)


def _start(
    attempts: Iterator[Attempt[AnyQuestion]], steps: Callable[[AnyQuestion], Steps[QuestionResult]]
) -> tuple[Attempt[AnyQuestion], Steps[QuestionResult], Request | QuestionResult] | None:
    """Make the first request to the next model, which may read files and encode a picture."""
    if (attempt := next(attempts, None)) is None:
        return None
    running = steps(attempt.question)
    return attempt, running, _advance(partial(next, running))


def _advance(resume: Callable[[], Request]) -> Request | QuestionResult:
    """Return the next request, or the result of the steps."""
    try:
        return resume()
    except StopIteration as done:
        result: QuestionResult = done.value
        return result
