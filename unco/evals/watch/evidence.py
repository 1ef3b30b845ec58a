"""Evidence that a number's distribution has changed: a betting test that is valid at every moment, whenever one looks.

Each new number becomes a conformal p-value: its rank among all so far, reference included, ties broken by chance. As
long as the posts are exchangeable with the reference, these are independent and uniform (Vovk et al. 2005). A bet of
b multiplies its stake by 1 + b (p - 1/2), whose mean is then 1. A new bet is opened at each number, since nobody knows
when a change comes, and the stakes are summed up: an e-detector (Shin, Ramdas and Rinaldo 2023, arXiv 2203.03532).
After n numbers without a change the sum is n on average, so the mean time until it reaches C is at least C.
"""

import random
from collections.abc import Sequence

BETS = (-0.8, 0.8)
"""Against and for large p-values; within (-2, 2), so that no stake becomes negative. Larger ones see large changes
sooner, and small ones later."""

MOST = 1e300
"""Evidence grows no further: it would leave the range of floats."""


class Evidence:
    """Evidence about one number of each post."""

    def __init__(self, counts: Sequence[int], chance: random.Random) -> None:
        """Begin with none.

        Args:
            counts: how often the reference has the value 0, 1, 2 and so on.
            chance: breaks ties.
        """
        self.reference = counts
        self.stream = [0] * len(counts)
        """How often each value came."""
        self._chance = chance
        self._stakes = [0.0] * len(BETS)

    def add(self, value: int) -> None:
        """Take the next number into account."""
        p = self._p_value(value)
        grown = ((stake + 1) * (1 + bet * (p - 0.5)) for stake, bet in zip(self._stakes, BETS, strict=True))
        self._stakes = [min(stake, MOST) for stake in grown]

    @property
    def value(self) -> float:
        """The evidence: the mean over the bets."""
        return sum(self._stakes) / len(BETS)

    def _p_value(self, value: int) -> float:
        """Compute the share of numbers so far, this one included, that are larger; ties count in part, by chance."""
        self.stream[value] += 1
        counts = [old + new for old, new in zip(self.reference, self.stream, strict=True)]
        return (sum(counts[value + 1 :]) + self._chance.random() * counts[value]) / sum(counts)
