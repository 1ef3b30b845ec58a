"""Choose thresholds by risk control: of what is kept unasked, at most a promised share is wrong.

The loss of a post is the share of its entities that keep a wrong attribute, in [0, 1]. It only grows with the
threshold, so the largest threshold can be taken whose risk is controlled. Posts are the units, for entities of one post
depend on each other. Promises hold for posts drawn as the calibration posts were, and say nothing of what a corrector
makes of the rest.

`conformal`: the mean loss of a new post is at most alpha, on average over calibration sets (conformal risk control,
Angelopoulos et al. 2022, arXiv 2208.02814). `with_confidence`: the risk is at most alpha, but for a share delta of
calibration sets (Bates et al. 2021, with the Hoeffding-Bentkus p-value of arXiv 2110.01052).
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import ceil, exp, lgamma, log

import numpy as np

from unco.errors import DataError, SettingsError
from unco.evals.tuning.outcomes import Floats, Outcomes
from unco.types import ALWAYS, ATTRIBUTES, Thresholds

LEVELS = (ALWAYS, *(round(0.01 * step, 2) for step in range(101)))
"""Thresholds to choose from. Fixed before data are seen, as both promises ask for; ALWAYS keeps nothing, so no risk."""

ChooseThreshold = Callable[[Floats], float]
"""Chooses a threshold from losses (posts, thresholds)."""


def kept_wrong(outcomes: Outcomes, place: int, levels: Sequence[float] = LEVELS) -> Floats:
    """Compute the share of a post's entities whose attribute is kept and wrong, 0 without entities: (P, thresholds).

    Args:
        outcomes: of labelled posts.
        place: of the attribute, in span, type, region.
        levels: thresholds, in growing order.
    """
    first = np.searchsorted(np.asarray(levels), outcomes.uncertainty[:, place])  # of the thresholds that keep an entity
    counted = outcomes.wrong[:, place] & (first < len(levels))
    cells = outcomes.post_of[counted] * len(levels) + first[counted]
    counts = np.bincount(cells, minlength=len(outcomes.gold) * len(levels)).reshape(-1, len(levels))
    losses: Floats = counts.cumsum(axis=1) / np.maximum(outcomes.predicted, 1)[:, None]
    return losses


def conformal_thresholds(outcomes: Outcomes, alpha: float) -> Thresholds:
    """Choose thresholds such that for each attribute a new post's expected loss is at most alpha.

    Raises:
        SettingsError: alpha is no share.
        DataError: there are fewer than 1 / alpha - 1 posts.
    """
    _check("alpha", alpha)
    return _each(outcomes, partial(conformal, alpha=alpha))


def confident_thresholds(outcomes: Outcomes, alpha: float, delta: float) -> Thresholds:
    """Choose thresholds such that, but for a share delta of calibration sets, no attribute's risk is above alpha.

    Each attribute has a third of delta, so the three promises hold together.

    Raises:
        SettingsError: alpha or delta is no share.
    """
    _check("alpha", alpha)
    _check("delta", delta)
    return _each(outcomes, partial(with_confidence, alpha=alpha, delta=delta / len(ATTRIBUTES)))


def _each(outcomes: Outcomes, choose: ChooseThreshold) -> Thresholds:
    span, kind, region = (choose(kept_wrong(outcomes, place)) for place in range(3))
    return Thresholds(span, kind, region)


def conformal(losses: Floats, alpha: float, levels: Sequence[float] = LEVELS) -> float:
    """Find the largest threshold with (n R + 1) / (n + 1) <= alpha, R being the mean loss over n posts.

    Args:
        losses: (posts, thresholds) in [0, 1], growing along the thresholds, 0 at the first.
        alpha: wanted limit.
        levels: the thresholds.

    Raises:
        DataError: there are too few posts for such an alpha.
    """
    posts = len(losses)
    if posts + 1 < 1 / alpha:
        raise DataError(f"{posts} posts cannot promise a risk of at most {alpha}: take {ceil(1 / alpha) - 1} or more")
    bound = (losses.sum(0) + 1) / (posts + 1)
    return levels[int(np.flatnonzero(bound <= alpha)[-1])]


def with_confidence(losses: Floats, alpha: float, delta: float, levels: Sequence[float] = LEVELS) -> float:
    """Find the largest threshold up to which "the risk is above alpha" is refuted at each, tested in growing order.

    Args:
        losses: as of `conformal`.
        alpha: wanted limit.
        delta: chance of a broken promise.
        levels: the thresholds.
    """
    best = levels[0]  # nothing is kept there, so there is nothing to test
    for level, mean in zip(levels[1:], losses.mean(0).tolist()[1:], strict=True):
        if p_value(mean, len(losses), alpha) > delta:
            break
        best = level
    return best


def p_value(mean: float, posts: int, alpha: float) -> float:
    """Compute the Hoeffding-Bentkus p-value of "the risk is above alpha" from the mean of `posts` losses in [0, 1]."""
    if mean >= alpha:
        return 1.0
    hoeffding = exp(-posts * _divergence(mean, alpha))
    bentkus = exp(1) * _binomial_tail(ceil(posts * mean), posts, alpha)
    return min(1.0, hoeffding, bentkus)


def _divergence(a: float, b: float) -> float:
    """Compute the Kullback-Leibler divergence of two Bernoulli distributions, in nats."""
    head = a * log(a / b) if a > 0 else 0.0
    return head + (1 - a) * log((1 - a) / (1 - b))


def _binomial_tail(most: int, draws: int, chance: float) -> float:
    """Compute the probability of at most `most` successes in a binomial distribution."""
    heads = np.arange(most + 1)
    choose = lgamma(draws + 1) - np.array([lgamma(k + 1) + lgamma(draws - k + 1) for k in heads.tolist()])
    return float(np.exp(choose + heads * log(chance) + (draws - heads) * log(1 - chance)).sum())


def _check(name: str, share: float) -> None:
    if not 0 < share < 1:
        raise SettingsError(f"{name} must lie between 0 and 1, got {share!r}")
