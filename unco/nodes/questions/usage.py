"""Usage of a question: model, tokens, cost and time of its replies, and the result."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from unco.tools.llm.request import Reply
from unco.types import PASSING_REASONS, Correction, Entity, Exchange, PostQuestion, Reason, Usage

ReplyLog = list[tuple[Reply, str]]
"""Replies in order, each with why it could not be read; empty = it could."""

Number = TypeVar("Number", int, float)

Note = TypeVar("Note", Correction, PostQuestion)


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """The result of a question: a note for each attribute that it was about, and entities that it found."""

    notes: tuple[Correction | PostQuestion, ...]
    """At least one; the first holds the exchanges."""
    found: tuple[Entity, ...] = ()

    @property
    def failure(self) -> str | None:
        """Why the model gave no reply at all; None = it gave one, readable or not."""
        return failure_of(self.notes[0])


def with_usage(note: Note, log: ReplyLog) -> Note:
    """Write tokens, cost and time of the replies into a note; unchanged where nobody replied."""
    if not log:
        return note
    replies = [reply for reply, _ in log]
    exchanges = tuple(exchange(reply, fault) for reply, fault in log)
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


def failure_of(note: Correction | PostQuestion) -> str | None:
    """Return why the endpoint gave no reply at all; None = it gave one, or nobody was to be asked."""
    unanswered = not note.exchanges and note.outcome in ("unavailable", "failed")
    return (note.detail or note.outcome) if unanswered else None


def with_earlier_failures(result: QuestionResult, earlier: Sequence[QuestionResult]) -> QuestionResult:
    """Record why the models asked before gave no reply; one of their reasons that passes keeps the question open."""
    if not earlier:
        return result
    reasons = (note.reason for failed in earlier for note in failed.notes[:1])
    passing = next((reason for reason in reasons if reason in PASSING_REASONS), None)
    failures = [failed.failure or "" for failed in earlier]
    return replace(result, notes=tuple(_with_failures(note, failures, passing) for note in result.notes))


def _with_failures(
    note: Correction | PostQuestion, failures: Sequence[str], passing: Reason | None
) -> Correction | PostQuestion:
    details = [*failures, *([note.detail] if failure_of(note) is None else [failure_of(note) or ""])]
    reason = passing if note.outcome == "unavailable" and passing else note.reason
    return replace(note, detail="; then: ".join(filter(None, dict.fromkeys(details))), reason=reason)


def exchange(reply: Reply, fault: str = "") -> Exchange:
    """Build the exchange of a reply. A cached one costs neither money nor time now."""
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
    """Add up the usage of corrections and questions: of an entity, of a post, of many posts."""
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
    """Add up; unknown if one of the values is."""
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known and len(known) == len(values) else None
