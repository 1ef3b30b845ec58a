"""Choose the level of doubt above which predictions are better left out, by F1 on labelled posts."""

from collections.abc import Callable

DROP_LEVELS = tuple(round(0.01 * step, 2) for step in range(101))
"""Levels to choose from; above 1 there is no doubt, so that 1 drops none."""


def best_level(f1_at: Callable[[float], float]) -> float:
    """Return the level with the highest F1; of equal ones the highest, which drops fewest.

    Args:
        f1_at: computes F1 where entities with a doubt above a level are left out.
    """
    return max(DROP_LEVELS, key=lambda level: (f1_at(level), level))
