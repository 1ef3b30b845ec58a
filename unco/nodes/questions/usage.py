"""What the replies to a correction's questions say of model, tokens, money and time, written into the correction."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from unco.tools.llm.request import Reply
from unco.types import Correction, Exchange, PostQuestion, Usage

Said = tuple[Reply, str]
"""A reply, and why it could not be read; empty = it could."""

Number = TypeVar("Number", int, float)

Told = TypeVar("Told", Correction, PostQuestion)


def told(note: Told, said: Sequence[Said]) -> Told:
    """A correction, or a question about a post, with an account of its exchanges; the same where nobody spoke."""
    if not said:
        return note
    replies = [reply for reply, _ in said]
    exchanges = tuple(exchange(reply, fault) for reply, fault in said)
    return replace(
        note,
        model=replies[-1].model,
        authored=any(reply.authored for reply in replies),
        calls=len(replies),
        cache_hit=all(reply.cached for reply in replies),
        input_tokens=known_sum([reply.input_tokens for reply in replies]),
        output_tokens=known_sum([reply.output_tokens for reply in replies]),
        cost=known_sum([one.cost for one in exchanges]),
        seconds=sum(one.seconds for one in exchanges),
        exchanges=exchanges,
    )


def fault_of(note: Correction | PostQuestion) -> str:
    """Why the endpoint gave no reply at all; empty = it gave one, readable or not."""
    unanswered = not note.exchanges and note.outcome in ("unavailable", "failed")
    return (note.detail or note.outcome) if unanswered else ""


def with_earlier_faults(note: Told, faults: str) -> Told:
    """The same with what came of the models that were asked before."""
    own = "" if fault_of(note) else note.detail  # else it is the last of the faults
    return replace(note, detail="; then: ".join(filter(None, (faults, own))))


def exchange(reply: Reply, fault: str = "") -> Exchange:
    """One question and its reply. A cached one costs neither money nor time now."""
    return Exchange(
        model=reply.model,
        text=reply.text,
        finish_reason=reply.finish_reason,
        fault=fault,
        cached=reply.cached,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        cost=0.0 if reply.cached else reply.cost,
        seconds=0.0 if reply.cached else reply.seconds,
    )


def usage_of(corrections: Iterable[Correction], questions: Iterable[PostQuestion] = ()) -> Usage:
    """What corrections and questions took together: of an entity, of a post, of many posts."""
    notes: list[Correction | PostQuestion] = [*corrections, *questions]
    called = [note for note in notes if note.calls]
    return Usage(
        calls=sum(note.calls for note in called),
        asked=sum(not one.cached for note in called for one in note.exchanges),
        input_tokens=known_sum([0, *(note.input_tokens for note in called)]),
        output_tokens=known_sum([0, *(note.output_tokens for note in called)]),
        cost=known_sum([0.0, *(note.cost for note in called)]),
    )


def known_sum(values: Sequence[Number | None]) -> Number | None:
    """Unknown if one of them is."""
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known and len(known) == len(values) else None
