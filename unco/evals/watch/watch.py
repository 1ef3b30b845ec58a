"""Watch a stream post by post: `Watch(reference, thresholds).add(result)` for each, in a service or over a file."""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from unco.errors import SettingsError
from unco.evals.watch.evidence import Evidence
from unco.evals.watch.features import UNTOUCHED_BY_MEMORY, features_of, mean_of
from unco.tools.extraction.policy import Policy, PolicyReference
from unco.types import Result, Thresholds

POSTS_BETWEEN_FALSE_ALARMS = 60_000
"""Mean number of posts until a false alarm, at least: within 1,500 posts there is one with a chance of 5 % at most."""

HEAD_START = 1 / 40
"""Stake on a change that is there from the first post on, in parts of the number above: whoever hands in a file wants
to know about all of it. It costs a chance of 2.5 %, at most, of a false alarm by this stake."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known about one number of each post."""

    before: float
    """Its mean in the reference."""
    now: float | None
    """Its mean in the stream; None = no post had any."""
    evidence: float
    """Share of what it takes for an alarm, were this number alone to raise it; 1 or more = it did."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """The moment when the stream did not look like the reference any more."""

    post: int
    """How many posts had come, from 1."""
    by: tuple[str, ...]
    """What changed, the clearest first."""


class Watch:
    """Tells without labels whether posts still look like a policy's. Safe for threads; an alarm stays."""

    def __init__(
        self,
        reference: PolicyReference,
        thresholds: Thresholds,
        posts_between_false_alarms: float = POSTS_BETWEEN_FALSE_ALARMS,
    ) -> None:
        """Begin to watch.

        Args:
            reference: what posts looked like.
            thresholds: above which an attribute counts as routed; the policy's.
            posts_between_false_alarms: at least so many posts pass on average, as long as nothing changes. More of
                them make a real alarm later. See `chance_of_false_alarm`.

        Raises:
            SettingsError: the number is below 1.
        """
        if not 1 <= posts_between_false_alarms < float("inf"):
            raise SettingsError(
                f"posts between false alarms: a number of at least 1, got {posts_between_false_alarms!r}"
            )
        chance = random.Random(0)  # so that a stream is judged the same each time
        self._thresholds, self._head_start = thresholds, HEAD_START * posts_between_false_alarms
        self._limit = posts_between_false_alarms + self._head_start
        self._evidence = {name: Evidence(counts, chance, self._head_start) for name, counts in reference.counts.items()}
        self._guard = threading.Lock()
        self.posts = 0
        """How many posts came."""
        self.alarm: Alarm | None = None
        """The first alarm; None = there was none."""

    @classmethod
    def of_policy(
        cls,
        policy: Policy,
        posts_between_false_alarms: float = POSTS_BETWEEN_FALSE_ALARMS,
        with_memory: bool = False,
    ) -> "Watch":
        """Begin to watch for posts unlike those that a policy was chosen on.

        Args:
            policy: it.
            posts_between_false_alarms: as above.
            with_memory: whether the posts run with a memory; then the numbers that it changes are not watched.

        Raises:
            SettingsError: the policy has no reference.
        """
        if policy.reference is None:
            raise SettingsError(
                "the policy does not say what its posts looked like: choose it anew with `unco tune`, or add that with "
                "`unco watch RESULTS --policy POLICY --learn`"
            )
        counts = policy.reference.counts
        watched = {name: counts[name] for name in counts if not with_memory or name in UNTOUCHED_BY_MEMORY}
        reference = policy.reference.model_copy(update={"counts": watched})
        return cls(reference, policy.thresholds.as_thresholds(), posts_between_false_alarms)

    def add(self, result: Result) -> Alarm | None:
        """Take the next post into account; returns the alarm, once there is one."""
        steps = features_of(result, self._thresholds)
        with self._guard:
            self.posts += 1
            for name, step in steps.items():
                if name in self._evidence:
                    self._evidence[name].add(step)
            if self.alarm is None and self.evidence >= 1:
                self.alarm = Alarm(self.posts, self._clearest())
            return self.alarm

    @property
    def evidence(self) -> float:
        """Share of what it takes for an alarm, of all numbers together; 1 or more = it is one."""
        values = [one.value for one in self._evidence.values()]
        return sum(values) / len(values) / self._limit if values else 0.0

    def chance_of_false_alarm(self, posts: int) -> float:
        """Return the most that the chance of an alarm within so many posts is, as long as nothing changes."""
        return min(1.0, (posts + self._head_start) / self._limit)

    def _clearest(self) -> tuple[str, ...]:
        """Name what most of the evidence is about."""
        ordered = sorted(self._evidence, key=lambda name: -self._evidence[name].value)
        return tuple(name for name in ordered if self._alone(name) >= self._alone(ordered[0]) / 10)

    def _alone(self, name: str) -> float:
        return self._evidence[name].value / len(self._evidence) / self._limit

    def shares(self) -> Mapping[str, float]:
        """Return by name what each number adds to `evidence`."""
        with self._guard:
            return {name: self._alone(name) for name in self._evidence}

    def table(self) -> Mapping[str, Watched]:
        """Return what is known about each number, by its name."""
        return {name: self._watched(name, one) for name, one in self._evidence.items()}

    def _watched(self, name: str, one: Evidence) -> Watched:
        before, now = mean_of(name, one.reference), mean_of(name, one.stream)
        return Watched(before or 0.0, now, self._alone(name))
