"""Counts of a run so far, for the progress bar and the summary."""

from dataclasses import dataclass

from unco.errors import UncoError
from unco.types import Result


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
    open: int = 0
    """Posts that lack an answer for a reason that passes."""
    calls: int = 0
    cached: int = 0
    usd: float = 0.0
    unpriced: int = 0
    """Results whose cost is not known."""

    def add(self, result: Result) -> None:
        """Count the result of a post."""
        self.posts += 1
        self.open += result.is_open
        notes = [note for entity in result.entities for note in entity.corrections]
        self.attributes += len(notes)
        self.routed += sum(note.outcome != "skipped" for note in notes)
        self.unanswered += sum(note.outcome in ("failed", "unavailable") for note in notes)
        self.calls += result.usage.calls
        self.cached += result.usage.calls - result.usage.asked
        self.usd += result.usage.cost or 0.0
        self.unpriced += result.usage.cost is None

    def add_failure(self, _: UncoError | str) -> None:
        """Count a post that cannot be run."""
        self.posts += 1
        self.failed += 1

    def summary(self) -> str:
        """Summarise the counts in one line."""
        share = self.routed / self.attributes if self.attributes else 0.0
        cost = f"${self.usd:.2f}" + (" and what has no known price" if self.unpriced else "")
        calls = f"calls {self.calls:,} ({self.cached:,} cached), {cost}"
        return f"routed {share:.1%}, unanswered {self.unanswered:,}, {calls}, failed posts {self.failed:,}"
