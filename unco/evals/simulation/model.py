"""A simulated model: what it says to a question, decided by dice.

What it does to a question follows from the seed, the question's content and how often that question was asked; the
order in which different questions come, and from which threads, does not matter.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from threading import Event, Lock
from typing import Any, TypeVar

from unco.evals.simulation.answering import Knowledge, answer
from unco.evals.simulation.malformed import REFUSAL, Said, spoil, well_formed
from unco.evals.simulation.profile import MALFORMED
from unco.evals.simulation.question import Question, said_in

Kind = TypeVar("Kind", bound=str)


@dataclass
class Simulation:
    """A running simulated model."""

    knowledge: Knowledge
    seed: int
    model: str
    """What every answer calls itself; begins with `simulated-`."""
    url: str = ""
    """Base URL, e.g. http://127.0.0.1:8123/v1."""
    counts: Counter[str] = field(default_factory=Counter)
    """What happened: questions, answers, each fault, each spoilt form, posts that are not in the gold."""
    stopped: Event = field(default_factory=Event)
    _asked: Counter[str] = field(default_factory=Counter)
    _answered: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def draw_for(self, question: Question) -> Random:
        """The dice of this question, this time."""
        with self._lock:
            time = self._asked[question.content]
            self._asked[question.content] += 1
        return Random(sha256(f"{self.seed} {question.content} {time}".encode()).digest())

    def answered(self, question: Question) -> None:
        """Note that an answer goes out; one that was given before would be paid for twice."""
        with self._lock:
            self._answered[question.content] += 1
            self.counts["answers"] += 1
            if self._answered[question.content] > 1:
                self.counts["answers given again"] += 1

    def count(self, *what: str) -> None:
        """Note what happened."""
        with self._lock:
            self.counts.update(what)

    def say(self, question: Question, draw: Random) -> Said:
        """An answer's text and finish reason."""
        profile = self.knowledge.profile
        if draw.random() < profile.refusal:
            self.count("refusal")
            return REFUSAL, "stop"
        if self.knowledge.gold.find(question.text, None) is None:
            self.count("unknown post")
        kind = choose(MALFORMED, profile.malformed, draw)
        found = answer(question, self.knowledge, draw)
        if kind is None:
            return well_formed(found), "stop"
        self.count(kind)
        return spoil(found, kind, self.knowledge.family.y_first)

    def completion(self, body: dict[str, Any], question: Question, said: Said) -> dict[str, Any]:
        """A chat completion. Token counts are simulated: a quarter of the characters, and 28 x 28 pixels each."""
        width, height = self.knowledge.family.sees(*question.picture.size) if question.picture else (0, 0)
        prompt = said_in(body) // 4 + -(-width // 28) * -(-height // 28)
        spoken = len(said[0] or "") // 4
        usage = {"prompt_tokens": prompt, "completion_tokens": spoken, "total_tokens": prompt + spoken}
        choice = {"index": 0, "message": {"role": "assistant", "content": said[0]}, "finish_reason": said[1]}
        head = {"id": "simulated", "object": "chat.completion", "created": 0, "model": self.model}
        return {**head, "choices": [choice], "usage": usage}


def choose(kinds: Iterable[Kind], chances: dict[Kind, float], draw: Random) -> Kind | None:
    """One of several kinds by its chance, or none; the order of the chances does not matter."""
    left = draw.random()
    for kind in kinds:
        left -= chances.get(kind, 0)
        if left < 0:
            return kind
    return None
