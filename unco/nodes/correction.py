"""One correction, from question to verified answer: the same steps for every attribute, sync and async.

The steps are a generator that yields requests and is sent replies, so that asking is somebody else's business:
`ask_all` and `aask_all` are the only places that call the MLLM.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from unco.context import Context
from unco.errors import CallFailed, EndpointError, PictureError, Rejected, ReplyError
from unco.prompts import Answer, AnswerName, load_prompt, parse_answer, render
from unco.tools.frames import Frame
from unco.tools.knowledge import Knowledge
from unco.tools.request import Reply, Request, SentPicture
from unco.types import (
    AnswerState,
    Attribute,
    Box,
    Correction,
    Entity,
    Extraction,
    Neighbour,
    Outcome,
    PostQuestion,
    Span,
)

Value = Span | str | Box | None
Told = TypeVar("Told", Correction, PostQuestion)
Ended = TypeVar("Ended")
Steps = Generator[Request, Reply, Ended]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCase:
    """What is known of a post, and the run's choices."""

    extraction: Extraction
    image: str | None
    """The picture as the caller named it."""
    context: Context
    model: str
    """The MLLM to ask."""
    frame: Frame | None
    """Its box frame; None when nobody will be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(PostCase):
    """What a corrector knows: an entity as the earlier correctors left it, and its post."""

    entity: Entity
    neighbours: tuple[Neighbour, ...] = ()
    """The nearest other entities of the post."""
    knowledge: Knowledge | None = None
    """Where facts are looked up; None where the prompt wants none."""

    @property
    def facts(self) -> tuple[str, ...]:
        """What is known under the entity's name."""
        return self.knowledge.look_up(self.entity.text) if self.knowledge else ()


class Corrector(Protocol):
    """What is particular to one attribute."""

    attribute: Attribute

    def before(self, entity: Entity) -> Value:
        """The value to be checked."""

    def question(self, case: Case) -> tuple[dict[str, str], SentPicture | None]:
        """All that a version of the prompt may say of it, uncertainty and threshold aside, and the picture to send.

        Raises:
            Unavailable: it cannot be asked about.
        """

    def verify(self, answer: Answer, case: Case) -> Value:
        """The answer's value.

        Raises:
            Rejected: it cannot be true.
        """


def correction_steps(corrector: Corrector, case: Case) -> Steps[Correction]:
    """Ask, read, ask once more if it cannot be read, verify; every way to fail ends in an outcome."""
    blank = _blank(corrector, case)
    replies: list[Reply] = []
    try:
        request, answer_name = _request(corrector, case)
        answer = yield from readable_answer(request, answer_name, replies)
    except (EndpointError, PictureError) as fault:
        outcome, state = how_it_ended(fault)
        return with_replies(replace(blank, outcome=outcome, answer=state, detail=str(fault)), replies)
    told = with_replies(replace(blank, answer="value", reasoning=answer.reasoning_process), replies)
    try:
        after = corrector.verify(answer, case)
    except Rejected as fault:
        return replace(told, outcome="rejected", detail=str(fault))
    changed = after != blank.before
    state = "null" if corrector.attribute == "region" and after is None else "value"
    return replace(told, outcome="changed" if changed else "kept", after=after, answer=state)


def how_it_ended(fault: EndpointError | PictureError) -> tuple[Outcome, AnswerState | None]:
    """Outcome of a question without a readable answer, and what came back."""
    if isinstance(fault, ReplyError):
        return "failed", "unreadable"
    if isinstance(fault, CallFailed | PictureError):  # a picture may be gone since the small model saw it
        return "failed", "failed"
    return "unavailable", None  # nobody to ask: off, unreachable, not recorded


def readable_answer(request: Request, answer: AnswerName, replies: list[Reply]) -> Steps[Answer]:
    """The first readable answer of at most two; the second question quotes what was wrong with the first answer."""
    replies.append((yield request))
    try:
        return parse_answer(replies[-1].text, replies[-1].finish_reason, answer)
    except ReplyError as fault:
        # An empty turn of the assistant is refused by some endpoints, so it is quoted as what it was.
        again = f"Your answer cannot be used: {fault}. Answer once more, with the one JSON object described above only."
        request = replace(request, turns=((replies[-1].text or "(empty)", again),))
    replies.append((yield request))
    return parse_answer(replies[-1].text, replies[-1].finish_reason, answer)


def _request(corrector: Corrector, case: Case) -> tuple[Request, AnswerName]:
    prompt = load_prompt(corrector.attribute, case.context.prompt_version(corrector.attribute))
    values, picture = corrector.question(case)
    rendered = render(
        prompt,
        **values,
        uncertainty=case.entity.uncertainty.of(corrector.attribute),
        threshold=shown_threshold(case.extraction.thresholds.of(corrector.attribute)),
    )
    request = Request(
        model=case.model,
        system=rendered.system,
        user=rendered.user,
        picture=picture if prompt.picture else None,
        prompt=prompt.id,
        prompt_hash=prompt.sha256,
    )
    return request, prompt.answer


def shown_threshold(threshold: float) -> float:
    """As a prompt says it: "always" is said as 0, for a model knows uncertainties from 0 to 1."""
    return max(0.0, threshold)


def _blank(corrector: Corrector, case: Case) -> Correction:
    prompt = load_prompt(corrector.attribute, case.context.prompt_version(corrector.attribute))
    before = corrector.before(case.entity)
    return Correction(
        attribute=corrector.attribute,
        outcome="unavailable",
        before=before,
        after=before,
        uncertainty=case.entity.uncertainty.of(corrector.attribute),
        threshold=case.extraction.thresholds.of(corrector.attribute),
        prompt=prompt.id,
        prompt_hash=prompt.sha256[:12],
        facts=case.facts,
    )


def with_replies(told: Told, replies: Sequence[Reply]) -> Told:
    """The same with what the replies say of model, tokens and time."""
    if not replies:
        return told
    return replace(
        told,
        model=replies[-1].model,
        authored=any(reply.authored for reply in replies),
        calls=len(replies),
        cache_hit=all(reply.cached for reply in replies),
        input_tokens=_sum([reply.input_tokens for reply in replies]),
        output_tokens=_sum([reply.output_tokens for reply in replies]),
        seconds=sum(reply.seconds for reply in replies if not reply.cached),
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    """Unknown if one of them is."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


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
