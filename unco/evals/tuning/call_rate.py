"""Choose thresholds for a call rate or a budget: quantiles of uncertainty. Needs neither labels nor answers.

The same share of spans, types and regions is asked about: without labels nothing says which of the three gains more,
and their uncertainties are not on one scale.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from unco.errors import DataError, SettingsError
from unco.evals.tuning.outcomes import Floats
from unco.types import ALWAYS, ATTRIBUTES, Attribute, Extraction, Thresholds


def uncertainties(extractions: Iterable[Extraction]) -> Floats:
    """Collect the uncertainties of all entities: (E, 3)."""
    rows = [[one.uncertainty.of(name) for name in ATTRIBUTES] for post in extractions for one in post.entities]
    return np.array(rows, np.float64).reshape(-1, 3)


def thresholds_for_share(uncertainty: Floats, share: float) -> Thresholds:
    """Find thresholds above which at most this share of spans, types and regions lies; equal values stay together.

    Args:
        uncertainty: (E, 3), as of `uncertainties`.
        share: in [0, 1].

    Raises:
        DataError: there are no entities.
        SettingsError: the share is none.
    """
    if not 0 <= share <= 1:
        raise SettingsError(f"a share of attributes to ask about lies in [0, 1], got {share!r}")
    if not len(uncertainty):
        raise DataError("no entities were found in these posts, so there is nothing to take quantiles of")
    most = int(share * len(uncertainty) + 1e-9)
    span, kind, region = (_threshold(uncertainty[:, place], most) for place in range(3))
    return Thresholds(span, kind, region)


def _threshold(column: Floats, most: int) -> float:
    """Find the least threshold that at most `most` values exceed, halfway to the next value.

    On a value itself it would be fragile: the same post's uncertainty differs by 1e-6 from batch to batch.
    """
    if most >= len(column):
        return ALWAYS
    least = np.sort(column)[len(column) - 1 - most]
    above = column[column > least]
    upper = above.min() if len(above) else 1.0
    middle = (least + upper) / 2
    return float(middle if middle < upper else least)  # between neighbouring floats there is nothing


def share_for_calls(uncertainty: Floats, posts: int, calls_per_1000: float, calls_per_question: float = 1.0) -> float:
    """Compute the share of attributes that a budget of calls for 1,000 posts pays for.

    Args:
        uncertainty: (E, 3) of all entities of some posts.
        posts: how many these are.
        calls_per_1000: the budget.
        calls_per_question: above 1 where answers that cannot be read are asked for again.
    """
    _check_budget("calls", calls_per_1000)
    asked = 3 * len(uncertainty) / max(posts, 1) * 1000 * calls_per_question
    return min(1.0, calls_per_1000 / asked) if asked else 1.0


def share_for_usd(
    uncertainty: Floats, posts: int, usd_per_1000: float, usd_per_question: Mapping[Attribute, float]
) -> float:
    """Compute the share of attributes that a budget of US dollars for 1,000 posts pays for.

    Args:
        uncertainty: (E, 3) of all entities of some posts.
        posts: how many these are.
        usd_per_1000: the budget.
        usd_per_question: price of a question about a span, a type, a region; see `recorded_usd`.
    """
    _check_budget("US dollars", usd_per_1000)
    asked = len(uncertainty) / max(posts, 1) * 1000 * sum(usd_per_question.values())
    return min(1.0, usd_per_1000 / asked) if asked else 1.0


def _check_budget(unit: str, budget: float) -> None:
    if not 0 <= budget < float("inf"):
        raise SettingsError(f"a budget is a number of {unit} of at least 0, got {budget!r}")
