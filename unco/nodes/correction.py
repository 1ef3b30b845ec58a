"""One correction, from question to verified answer: the same steps for every attribute, sync and async.

The steps are a generator that yields requests and is sent replies, so that asking is somebody else's business:
`ask_all` and `aask_all` are the only places that call the MLLM.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from unco.context import Context
from unco.errors import CallFailed, EndpointError, PictureError, Rejected, ReplyError, Unavailable
from unco.nodes.account import Said, told
from unco.prompts import RegionAnswer, SpanAnswer, TypeAnswer, load_prompt, parse_answer, render
from unco.tools.frames import Frame
from unco.tools.privacy import Privacy
from unco.tools.request import Purpose, Reply, Request, SentPicture
from unco.types import AnswerState, Attribute, Box, Correction, Entity, Extraction, Span

Value = Span | str | Box | None
Readable = SpanAnswer | TypeAnswer | RegionAnswer
Steps = Generator[Request, Reply, Correction]

MOST_CALLS = 2
"""Questions about one attribute: the first, and one more when its answer cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a corrector knows: an entity as the earlier correctors left it, its post, and the run's choices."""

    entity: Entity
    extraction: Extraction
    image: str | None
    """The picture as the caller named it."""
    context: Context
    model: str
    """The MLLM to ask."""
    frame: Frame | None
    """Its box frame; None when nobody will be asked."""
    private: bool = False
    """Whether the caller marked the post private."""
    deadline: float | None = None
    """After which nothing is asked, in seconds since 1970."""
    calls: int = MOST_CALLS
    """Questions that the budget allows for this attribute."""
    privacy: Privacy = Privacy()
    """How much of a picture may be sent."""


class Corrector(Protocol):
    """What is particular to one attribute."""

    attribute: Attribute

    def before(self, entity: Entity) -> Value:
        """The value to be checked."""

    def question(self, case: Case) -> tuple[dict[str, str], SentPicture | None]:
        """What the prompt says of it, uncertainty and threshold aside, and the picture that goes along.

        Raises:
            Unavailable: it cannot be asked about.
        """

    def verify(self, answer: Readable, case: Case) -> Value:
        """The answer's value.

        Raises:
            Rejected: it cannot be true.
        """


def correction_steps(corrector: Corrector, case: Case) -> Steps:
    """Ask, read, ask once more if it cannot be read, verify; every way to fail ends in an outcome."""
    blank = _blank(corrector, case)
    said: list[Said] = []
    try:
        if case.calls < 1:
            raise Unavailable("budget: nothing is left for this attribute; more uncertain ones come first")
        answer = yield from _readable_answer(corrector, case, said)
    except ReplyError as fault:
        return told(replace(blank, outcome="failed", answer="unreadable", detail=str(fault)), said)
    except (CallFailed, PictureError) as fault:  # a picture may be gone since the small model saw it
        return told(replace(blank, outcome="failed", answer="failed", detail=str(fault)), said)
    except EndpointError as fault:  # nobody to ask: off, unreachable, not recorded
        return told(replace(blank, outcome="unavailable", detail=str(fault)), said)
    answered = told(replace(blank, answer="value", reasoning=answer.reasoning_process), said)
    try:
        after = corrector.verify(answer, case)
    except Rejected as fault:
        return replace(answered, outcome="rejected", detail=str(fault))
    changed = after != blank.before
    state: AnswerState = "null" if corrector.attribute == "region" and after is None else "value"
    return replace(answered, outcome="changed" if changed else "kept", after=after, answer=state)


def _readable_answer(corrector: Corrector, case: Case, said: list[Said]) -> Generator[Request, Reply, Readable]:
    """The first readable answer of at most two; the second question quotes what was wrong with the first answer."""
    request = _request(corrector, case)
    try:
        return _read((yield request), corrector.attribute, said)
    except ReplyError as fault:
        if case.calls < MOST_CALLS:
            raise
        # An empty turn of the assistant is refused by some endpoints, so it is quoted as what it was.
        again = f"Your answer cannot be used: {fault}. Answer once more, with the one JSON object described above only."
        request = replace(request, turns=((said[-1][0].text or "(empty)", again),))
    return _read((yield request), corrector.attribute, said)


def _read(reply: Reply, attribute: Attribute, said: list[Said]) -> Readable:
    """The answer in a reply, which is noted with its fault, if it has one."""
    try:
        answer = parse_answer(reply.text, reply.finish_reason, attribute)
    except ReplyError as fault:
        said.append((reply, str(fault)))
        raise
    said.append((reply, ""))
    return answer


def _request(corrector: Corrector, case: Case) -> Request:
    prompt = load_prompt(corrector.attribute, case.context.prompt_version(corrector.attribute))
    values, picture = corrector.question(case)
    rendered = render(
        prompt,
        **values,
        uncertainty=case.entity.uncertainty.of(corrector.attribute),
        threshold=case.extraction.thresholds.of(corrector.attribute),
    )
    return Request(
        model=case.model,
        system=rendered.system,
        user=rendered.user,
        picture=picture if prompt.picture else None,
        prompt=prompt.id,
        prompt_hash=prompt.sha256,
        purpose=Purpose(attribute=corrector.attribute, private=case.private, deadline=case.deadline),
    )


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
        cost=0.0,
    )


def ask_all(steps: Steps, ask: Callable[[Request], Reply]) -> Correction:
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


async def aask_all(steps: Steps, ask: Callable[[Request], Awaitable[Reply]]) -> Correction:
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


def _advance(resume: Callable[[], Request]) -> Request | Correction:
    """The next request, or what the steps came to."""
    try:
        return resume()
    except StopIteration as done:
        correction: Correction = done.value
        return correction
