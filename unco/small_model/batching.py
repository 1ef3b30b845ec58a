"""Dynamic batching rules: when queued posts run as a batch, and which of them run together."""

from collections.abc import Sequence
from dataclasses import dataclass

from unco.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """Bounds of a batch and of the queue."""

    most_posts: int = 32
    """Posts in a batch; as soon as so many wait, they are run."""
    most_words: int = 256
    """Posts x words of the longest, so that padding is bounded; a post longer than this is run alone.

    On a CPU 256 costs least: what larger batches save in calls they lose in padding. A GPU likes 2048 and more."""
    wait: float = 0.004
    """Seconds that the oldest post waits for others to fill its batch."""
    queue: int = 1024
    """Posts that may wait; one more is refused."""

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            SettingsError: one is out of range.
        """
        if min(self.most_posts, self.most_words, self.queue) < 1 or not 0.0 <= self.wait <= 60.0:
            raise SettingsError(f"sizes must be at least 1 and the wait in [0, 60] seconds, got {self}")


def choose_batch(lengths: Sequence[int], batching: Batching) -> list[int]:
    """Choose the posts to run next: the oldest, so that none starves, and those nearest to it in length.

    Args:
        lengths: words of the posts that wait, oldest first, at least one.
        batching: bounds of a batch.

    Returns:
        Their indices, that of the oldest first: at most `most_posts`, and within `most_words` unless it is one alone.
    """
    chosen: list[int] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lambda index: abs(lengths[index] - lengths[0])):
        widest = max(longest, lengths[index])
        if len(chosen) < batching.most_posts and (not chosen or (len(chosen) + 1) * widest <= batching.most_words):
            chosen.append(index)
            longest = widest
    return chosen


def split_by_length(lengths: Sequence[int], most: int, call: int) -> list[list[int]]:
    """Split posts into batches of similar length so that they cost least together.

    A batch costs a call, and each of its posts as much as its longest one, which it is padded to.

    Args:
        lengths: of the posts.
        most: posts in a batch.
        call: what a batch costs beside its posts, in the unit of the lengths.

    Returns:
        The posts' indices, the shortest first.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    costs, starts = [0], [0]
    for stop in range(1, len(order) + 1):
        longest = lengths[order[stop - 1]]
        whole = ((costs[start] + call + (stop - start) * longest, start) for start in range(max(0, stop - most), stop))
        cost, start = min(whole)
        costs.append(cost)
        starts.append(start)
    batches: list[list[int]] = []
    stop = len(order)
    while stop:
        batches.insert(0, order[starts[stop] : stop])
        stop = starts[stop]
    return batches
