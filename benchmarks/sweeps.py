"""Benchmark threshold tuning: all combinations of three over a dev set's worth of made-up posts."""

import numpy as np

from benchmarks.timing import Measured, measure
from unco.evals.tuning.choose import choose_jointly
from unco.evals.tuning.expected import expected
from unco.evals.tuning.outcomes import COLUMNS, ROUTINGS, Outcomes
from unco.evals.tuning.recorded.paths import About
from unco.evals.tuning.risk_control import confident_thresholds
from unco.evals.tuning.sweep import sweep_one
from unco.types import ATTRIBUTES, Thresholds

POSTS, ENTITIES = 1500, 2500
OTHERS = Thresholds(0.4, 0.3, 0.5)


def made_up_outcomes(posts: int = POSTS, entities: int = ENTITIES, seed: int = 0) -> Outcomes:
    """Make up outcomes: the small model errs where it is uncertain, correcting helps four times in five."""
    rng = np.random.default_rng(seed)
    uncertainty = rng.beta(0.5, 2.0, (entities, 3))
    wrong = rng.random((entities, 3)) < uncertainty
    helped = rng.random((entities, 3)) < 0.8
    values = np.zeros((entities, 2, 2, 2, len(COLUMNS)))
    for routing in ROUTINGS:
        parts = [helped[:, place] if routed else ~wrong[:, place] for place, routed in enumerate(routing)]
        right = np.logical_and.reduce(parts)[:, None]
        asked = np.full((entities, 1), float(sum(routing)))
        span, kind, region = map(int, routing)
        values[:, span, kind, region] = np.hstack([right, right, right, asked, 0.001 * asked, np.ones_like(asked)])
    post_of = np.sort(rng.integers(0, posts, entities))
    gold = np.bincount(post_of, minlength=posts).astype(np.int64)
    doubt = np.zeros(values.shape[:-1])  # nothing is dropped
    return Outcomes(About(), "", post_of, uncertainty, values, doubt, wrong, gold, ())


def measure_sweeps(posts: int = POSTS, entities: int = ENTITIES, rounds: int = 5) -> list[tuple[str, list[Measured]]]:
    """Measure title and rows."""
    outcomes = made_up_outcomes(posts, entities)
    tasks = {
        "one policy, counted by post": lambda: outcomes.by_post(OTHERS),
        "one policy, with intervals of all that is expected": lambda: expected(outcomes, OTHERS),
        "Figure 4: 21 thresholds of each attribute": lambda: [sweep_one(outcomes, name, OTHERS) for name in ATTRIBUTES],
        "9,261 combinations, and the choice among them": lambda: choose_jointly(outcomes),
        "risk control with confidence": lambda: confident_thresholds(outcomes, 0.05, 0.05),
    }
    return [(f"Thresholds over {posts} posts", measure(tasks, rounds))]
