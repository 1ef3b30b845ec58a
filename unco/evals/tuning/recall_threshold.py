"""Choose the threshold of near misses for a rate of posts to ask, and estimate what it finds."""

from collections.abc import Sequence

import numpy as np

from unco.errors import DataError, SettingsError
from unco.evals.metrics.bootstrap import Interval, ratio_intervals
from unco.evals.tuning.recorded.paths import Recording
from unco.types import Extraction, GoldPost, NearMiss

ASKED, FOUND = "asked about missed entities", "missed entities near"
"""Names of what to expect: the share of posts that are asked; and of the gold entities of which no entity has a word,
the share that is among the near misses of these posts."""


def threshold_for_rate(recording: Recording, share: float) -> float:
    """Choose the lowest threshold that asks about at most a share of the posts; no labels are used.

    Raises:
        SettingsError: the share is none.
        DataError: no near misses were recorded.
    """
    if not 0.0 <= share <= 1.0:
        raise SettingsError(f"the share of posts to ask about missed entities must lie in [0, 1], got {share!r}")
    likeliest = sorted((_likeliest(post.extraction) for post in recording.posts), reverse=True)
    if not any(likeliest):
        raise DataError("the recording has no near misses: record it anew with --recall-share")
    return likeliest[min(int(share * len(likeliest)), len(likeliest) - 1)]


def expect_recall(recording: Recording, threshold: float | None) -> dict[str, Interval]:
    """Estimate what to expect of a threshold on posts like these; nothing where there is none.

    Raises:
        DataError: a post is not labelled.
    """
    if threshold is None:
        return {}
    rows = [
        _counts(post.extraction, gold, threshold) for post, gold in zip(recording.posts, recording.gold, strict=True)
    ]
    table = np.array(rows, np.float64).reshape(-1, 3)
    below = np.column_stack([np.ones(len(table)), table[:, 2]])
    return dict(zip((ASKED, FOUND), ratio_intervals(table[:, :2], below), strict=True))


def _likeliest(extraction: Extraction) -> float:
    return max((one.chance for one in extraction.near_misses), default=0.0)


def _counts(extraction: Extraction, gold: GoldPost, threshold: float) -> tuple[int, int, int]:
    """Count one post: whether it is asked, missed entities that are near misses, and missed entities."""
    near: Sequence[NearMiss] = [one for one in extraction.near_misses if one.chance > threshold]
    missed = [item for item in gold.entities if not any(item.span.overlaps(one.span) for one in extraction.entities)]
    return bool(near), sum(any(item.span == one.span for one in near) for item in missed), len(missed)
