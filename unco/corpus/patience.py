"""Patience of a run: how long it goes on asking while no answer comes for a reason that passes.

A post without an answer is asked about again. While other posts are answered it waits aside, so that it delays nobody,
and after some rounds in vain it stays open: the fault may be its own. In a silence, when nobody is answered, posts keep
their places while they wait, so that few are asked about, until an answer comes or patience ends.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from unco.show import visible
from unco.types import Correction, PostQuestion, Reason, Result

MAX_ROUNDS = 6
"""Rounds that a post may be asked about in vain while others are answered; it then stays open."""

MAX_BREAKDOWNS = 20
"""Times that the endpoint may break down over a post, whether others are answered or not; it then stays open."""

MIN_SILENCE = 5
"""Posts in a row without an answer that make a silence."""

LONGEST_PAUSE_S = 30.0
"""Between two rounds."""

FIRST_ANSWER_S = 5.0
"""Seconds for which an endpoint may fail that never answered: its address may be wrong."""

_OURS: frozenset[Reason] = frozenset({"rate", "deadline"})
"""Reasons of this side: nobody was asked, so they say nothing of the endpoint."""

_NOT_WAITED_FOR: frozenset[Reason] = frozenset({"access"})
"""Somebody must act."""

_FIRST_WORD_S = 30.0
"""Seconds of a silence before it is logged; then four times as many, and so on."""

_POLL_S = 0.2

log = logging.getLogger(__name__)


class Patience:
    """The patience of one run in one process, and what it waits for. For the tasks of one event loop."""

    def __init__(self, seconds: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin before the first answer.

        Args:
            seconds: since the last answer, that a post waits at most; 0 = none does, infinity = as long as it takes.
            clock: seconds, never running backwards.
        """
        self.answers = 0
        self._seconds, self._clock = seconds, clock
        self._alive = False
        self._silent_since: float | None = None
        self._in_a_row = 0
        self._why = ""
        self._word_at = _FIRST_WORD_S

    @property
    def is_silent(self) -> bool:
        """Whether nobody has been answered for a while."""
        return self._in_a_row >= MIN_SILENCE

    @property
    def waiting(self) -> str:
        """For what is waited now, and since when; empty = nothing."""
        return f"waiting since {self._silence_s():,.0f} s: {visible(self._why)}" if self.is_silent else ""

    def note(self, result: Result) -> None:
        """Note whether a post was answered, left open or not asked about."""
        state = endpoint_state(result)
        if state == "up":
            self.answers, self._alive = self.answers + 1, True
            self._silent_since, self._in_a_row, self._word_at = None, 0, _FIRST_WORD_S
        elif result.is_open:
            self._alive = self._alive or "busy" in _open_reasons(result)
            self._silent_since = self._clock() if self._silent_since is None else self._silent_since
            self._in_a_row, self._why = self._in_a_row + 1, why(result)
            if self._seconds and self._silence_s() >= self._word_at:
                log.warning("%s", self.waiting)
                self._word_at *= 4

    def allows(self, result: Result, rounds: "Rounds") -> bool:
        """Return whether a post is asked about again.

        An endpoint that has neither answered nor asked for patience since the run began is not waited for long: its
        address may be wrong.

        Args:
            result: what came of the last round.
            rounds: that were in vain, this one with them.
        """
        reasons = _open_reasons(result)
        if not reasons or reasons & _NOT_WAITED_FOR or rounds.are_enough:
            return False
        rounds.since = self._clock() if rounds.since is None else rounds.since
        seconds = self._seconds if self._alive or reasons <= _OURS else min(self._seconds, FIRST_ANSWER_S)
        return max(self._silence_s(), self._clock() - rounds.since) < seconds

    async def pause(self, rounds: "Rounds") -> None:
        """Wait before the next round: in a silence for a quarter of its length or until it ends, else by the rounds."""
        silent, answers = self.is_silent, self.answers
        pause = self._silence_s() / 4 if silent else 0.5 * 2**rounds.passed_over
        until = self._clock() + min(max(pause, 0.5), LONGEST_PAUSE_S, self._seconds)
        while (left := until - self._clock()) > 0 and not (silent and self.answers > answers):
            await asyncio.sleep(min(left, _POLL_S))

    def _silence_s(self) -> float:
        return 0.0 if self._silent_since is None else self._clock() - self._silent_since


@dataclass(slots=True)
class Rounds:
    """Rounds in which a post was asked about in vain."""

    since: float | None = None
    """When the first had come to nothing, by the run's clock."""
    passed_over: int = 0
    """Those in which others were answered."""
    breakdowns: int = 0

    def add(self, result: Result, others_answered: bool) -> None:
        """Add a round; one in which the endpoint was not asked says nothing of the post."""
        reasons = _open_reasons(result)
        self.passed_over += others_answered and bool(reasons & {"busy", "broken", "unreachable"})
        self.breakdowns += "broken" in reasons

    @property
    def are_enough(self) -> bool:
        """Whether the fault may be the post's own, so that it is left open."""
        return self.passed_over >= MAX_ROUNDS or self.breakdowns >= MAX_BREAKDOWNS


def endpoint_state(result: Result | None) -> Literal["up", "down", "not asked"]:
    """Infer the endpoint's state from a post: down = it should have been asked and gave no reply at all."""
    notes = () if result is None else result.notes
    if any(not reply.cached for note in notes for reply in note.exchanges):
        return "up"
    return "down" if any(map(_got_no_reply, notes)) else "not asked"


def why(result: Result | None) -> str:
    """Return why a post got no answer, in words."""
    notes = () if result is None else result.notes
    return next((note.detail for note in notes if _got_no_reply(note)), "no reason given")


def _open_reasons(result: Result) -> set[Reason | None]:
    return {note.reason for note in result.notes if note.is_open}


def _got_no_reply(note: Correction | PostQuestion) -> bool:
    """Return whether no reply came at all; a spent budget or a privacy rule is no failure."""
    return (note.is_open or note.reason == "endpoint") and not note.exchanges
