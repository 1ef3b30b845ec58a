"""A simulated model: answers questions with seeded random errors.

What it does to a question follows from the seed, the question's content and how often that question was asked; the
order in which different questions come, and from which threads, does not matter.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from random import Random
from threading import Event, Lock
from typing import Any, TypeVar

from unco.evals.simulation.answering import Knowledge, answer
from unco.evals.simulation.malformed import REFUSAL, Message, malform, well_formed
from unco.evals.simulation.profile import MALFORMED, Profile
from unco.evals.simulation.question import Question, prompt_characters
from unco.evals.simulation.token_probabilities import token_probabilities

Kind = TypeVar("Kind", bound=str)


@dataclass
class Simulation:
    """A running simulated model."""

    knowledge: Knowledge
    seed: int
    model: str
    """Model name in every answer; begins with `simulated-`."""
    url: str = ""
    """Base URL, e.g. http://127.0.0.1:8123/v1."""
    counts: Counter[str] = field(default_factory=Counter)
    """Counts of questions, answers, each fault, each malformed kind, and posts that are not in the gold."""
    stopped: Event = field(default_factory=Event)
    _asked: Counter[str] = field(default_factory=Counter)
    _answered: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def random_for(self, question: Question) -> Random:
        """Make the random generator of this question for the time that it is now asked."""
        with self._lock:
            time = self._asked[question.content_hash]
            self._asked[question.content_hash] += 1
        return Random(sha256(f"{self.seed} {question.content_hash} {time}".encode()).digest())

    def count_answer(self, question: Question) -> None:
        """Count an answer that goes out; one that was given before would be paid for twice."""
        with self._lock:
            self._answered[question.content_hash] += 1
            self.counts["answers"] += 1
            if self._answered[question.content_hash] > 1:
                self.counts["answers given again"] += 1

    def count(self, *what: str) -> None:
        """Count events by name."""
        with self._lock:
            self.counts.update(what)

    def reply(self, question: Question, draw: Random) -> Message:
        """Answer a question with a text and a finish reason."""
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
        return malform(found, kind, self.knowledge.family.y_first)

    def completion(self, body: dict[str, Any], question: Question, message: Message) -> dict[str, Any]:
        """Make a chat completion. Token counts are simulated: a token is 4 characters, or 28 x 28 pixels."""
        width, height = self.knowledge.family.seen_size(*question.picture.size) if question.picture else (0, 0)
        prompt = prompt_characters(body) // 4 + -(-width // 28) * -(-height // 28)
        completion_tokens = len(message[0] or "") // 4
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt + completion_tokens,
        }
        said = {"role": "assistant", "content": message[0]}
        choice: dict[str, Any] = {"index": 0, "message": said, "finish_reason": message[1]}
        if body.get("logprobs") and self.knowledge.profile.answer_auroc is not None and message[0]:
            choice["logprobs"] = self._logprobs(question, message[0], self.knowledge.profile.answer_auroc)
        head = {"id": "simulated", "object": "chat.completion", "created": 0, "model": self.model}
        return {**head, "choices": [choice], "usage": usage}

    def _logprobs(self, question: Question, text: str, auroc: float) -> dict[str, Any] | None:
        right = answer(question, replace(self.knowledge, profile=Profile()), Random(0))
        own = Random(sha256(f"{self.seed} {question.content_hash} {text}".encode()).digest())
        return token_probabilities(text, right, auroc, own)


def choose(kinds: Iterable[Kind], chances: dict[Kind, float], draw: Random) -> Kind | None:
    """Draw one of several kinds by its chance, or none; the order of the chances does not matter."""
    left = draw.random()
    for kind in kinds:
        left -= chances.get(kind, 0)
        if left < 0:
            return kind
    return None
