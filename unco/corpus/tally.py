"""Counts of a run so far, for the progress bar and the summary."""

from dataclasses import dataclass, field

from unco.errors import UncoError
from unco.types import Outcome, Reason, Result, UnusablePicture

NOT_TO_BE_ASKED: frozenset[Reason] = frozenset({"off", "policy", "budget", "no_picture"})
"""Reasons for which nobody was asked as the run's owner wanted it, or for want of something to ask about."""

KNOWN_IDS = 100_000
"""Posts whose ids are compared: a run of millions need not hold all of them."""

UNANSWERED: frozenset[Outcome] = frozenset({"failed", "unavailable"})


@dataclass(slots=True)
class Tally:
    """Counts of a run; of posts written before a resume only their number."""

    posts: int = 0
    before: int = 0
    """Posts written before the run was resumed."""
    failed: int = 0
    """Posts that were written as an error."""
    attributes: int = 0
    routed: int = 0
    unanswered: int = 0
    """Routed attributes that got no answer."""
    answered: int = 0
    """Questions that got an answer that can be read, verified or not."""
    in_vain: int = 0
    """Questions that got none, though nothing forbade to ask."""
    why_in_vain: str = ""
    """Of the first of these."""
    why_failed: str = ""
    """Of the first post that was written as an error."""
    open: int = 0
    """Posts that lack an answer for a reason that passes."""
    dropped: int = 0
    """Entities that were dropped as too doubtful."""
    no_picture: int = 0
    """Pictures that could not be used, so that only the text of their posts was read."""
    why_no_picture: str = ""
    """Of the first of these."""
    why_unanswered: str = ""
    """Of the first attribute without an answer, though there was something to ask about."""
    looked_up: int = 0
    """Names that a search tool was asked for."""
    looked_up_in_vain: int = 0
    """Of these without an answer."""
    calls: int = 0
    cached: int = 0
    usd: float = 0.0
    unpriced: int = 0
    """Results whose cost is not known."""
    twice: str = ""
    """The first id that two posts have."""
    ids: set[str] = field(default_factory=set, repr=False)
    """Of the first posts."""

    def add(self, result: Result) -> None:
        """Count the result of a post."""
        self.posts += 1
        self.open += result.is_open
        self.dropped += len(result.dropped)
        notes = [note for entity in result.all_entities for note in entity.corrections]
        self.attributes += len(notes)
        self.routed += sum(note.outcome != "skipped" for note in notes)
        self.unanswered += sum(note.outcome in UNANSWERED for note in notes)
        searches = [note.look_up for note in notes if note.look_up is not None]
        self.looked_up += len(searches)
        self.looked_up_in_vain += sum(bool(search.fault) for search in searches)
        self._add_id(result.id)
        self._add_picture(result)
        self._add_questions(result)
        self.calls += result.usage.calls
        self.cached += result.usage.calls - result.usage.asked
        self.usd += result.usage.cost or 0.0
        self.unpriced += result.usage.cost is None

    def _add_id(self, post: str | None) -> None:
        if post in self.ids:
            self.twice = self.twice or str(post)
        elif post is not None and len(self.ids) < KNOWN_IDS:
            self.ids.add(post)

    def _add_picture(self, result: Result) -> None:
        if isinstance(result.picture, UnusablePicture):
            self.no_picture += 1
            self.why_no_picture = self.why_no_picture or result.picture.detail

    def _add_questions(self, result: Result) -> None:
        asked = [note for note in result.notes if note.outcome != "skipped" and note.reason not in NOT_TO_BE_ASKED]
        in_vain = [note for note in asked if note.outcome in UNANSWERED]
        self.answered += len(asked) - len(in_vain)
        self.in_vain += len(in_vain)
        left = (note for note in result.notes if note.outcome in UNANSWERED and note.reason != "no_picture")
        self.why_unanswered = self.why_unanswered or next((note.detail for note in left), "")
        if in_vain:
            self.why_in_vain = self.why_in_vain or in_vain[0].detail

    def add_failure(self, fault: UncoError | str) -> None:
        """Count a post that cannot be run."""
        self.posts += 1
        self.failed += 1
        self.why_failed = self.why_failed or str(fault)

    def summary(self) -> str:
        """Summarise the counts in one line."""
        share = self.routed / self.attributes if self.attributes else 0.0
        cost = f"${self.usd:.2f}" + (" and what has no known price" if self.unpriced else "")
        calls = f"calls {self.calls:,} ({self.cached:,} cached), {cost}"
        dropped = f", dropped {self.dropped:,}" if self.dropped else ""
        pictures = f", unusable pictures {self.no_picture:,}" if self.no_picture else ""
        searches = f", looked up {self.looked_up:,} ({self.looked_up_in_vain:,} in vain)" if self.looked_up else ""
        left = f"unanswered {self.unanswered:,}{dropped}{searches}"
        return f"routed {share:.1%}, {left}, {calls}{pictures}, failed posts {self.failed:,}"

    def first_faults(self) -> list[str]:
        """Say of what went wrong for some posts what it was for the first."""
        found = []
        if self.why_unanswered:
            found.append(f"the first question without an answer: {self.why_unanswered}")
        if self.no_picture:
            found.append(f"the first picture that cannot be used: {self.why_no_picture}")
        if self.posts > self.failed > 0:
            found.append(f"the first post that failed: {self.why_failed}")
        if self.twice:
            found.append(f"two posts have the id {self.twice!r}: exports and scores need an id of its own for each")
        return found
