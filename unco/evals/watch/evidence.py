"""Evidence that a number's distribution has changed: a betting test that is valid at every moment, whenever one looks.

Each new number becomes a conformal p-value: its rank among all so far, reference included, ties broken by chance. As
long as the posts are exchangeable with the reference, these are independent and uniform (Vovk et al. 2005). A bet
multiplies its stake by a function of the p-value whose mean is then 1. A new stake of 1 is put on each bet at each
number, since nobody knows when a change comes, and the stakes are summed up: an e-detector (Shin, Ramdas and Rinaldo
2023, arXiv 2203.03532), here with a head start h (as Polunchenko and Tartakovsky 2010, of Shiryaev-Roberts statistics).
After n numbers without a change the sum is n + h on average. So the mean time until it reaches C + h is at least C, and
the chance that it does so within n numbers is at most (n + h) / (C + h), by Doob's inequality.
"""

import random
from collections.abc import Sequence

SLOPE = 0.8
"""Of the bets that all numbers became larger, or all smaller; below 2, so that no stake becomes negative."""

TOP, TOP_STAKE = 0.25, 0.5
"""Share of the largest numbers, and what is bet on more, or fewer, of them. What is unsure is what a policy is about: a
change can make such posts rare or frequent, and leave the others as they are."""

BETS = 4

MOST = 1e300
"""Evidence grows no further: it would leave the range of floats."""


class Evidence:
    """Evidence about one number of each post."""

    def __init__(self, counts: Sequence[int], chance: random.Random, head_start: float = 0.0) -> None:
        """Begin with the head start.

        Args:
            counts: how often the reference has the value 0, 1, 2 and so on.
            chance: breaks ties.
            head_start: stake on a change that is there from the first number on; at least 0.
        """
        self.reference = counts
        self.stream = [0] * len(counts)
        """How often each value came."""
        self._chance = chance
        self._stakes = [head_start] * BETS

    def add(self, value: int) -> None:
        """Take the next number into account."""
        factors = bets_on(self._p_value(value))
        self._stakes = [min((stake + 1) * factor, MOST) for stake, factor in zip(self._stakes, factors, strict=True)]

    @property
    def value(self) -> float:
        """The evidence: the mean over the bets."""
        return sum(self._stakes) / BETS

    def _p_value(self, value: int) -> float:
        """Compute the share of numbers so far, this one included, that are larger; ties count in part, by chance."""
        self.stream[value] += 1
        larger, equal, every = (
            sum(self.reference[part]) + sum(self.stream[part])
            for part in (slice(value + 1, None), slice(value, value + 1), slice(None))
        )
        return (larger + self._chance.random() * equal) / every


def bets_on(p: float) -> tuple[float, ...]:
    """Compute the factors of the bets: larger numbers, smaller ones, more of the largest, fewer of them.

    Args:
        p: share of numbers that are larger, in [0, 1]; where it is uniform, the mean of each factor is 1.
    """
    slope = SLOPE * (0.5 - p)
    top = TOP_STAKE if p < TOP else -TOP_STAKE * TOP / (1 - TOP)
    return 1 + slope, 1 - slope, 1 + top, 1 - top
