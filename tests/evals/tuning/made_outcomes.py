"""Posts made of dice: entities of one post share a difficulty, so that they err together."""

import numpy as np

from unco.evals.tuning.outcomes import COLUMNS, Outcomes
from unco.evals.tuning.recorded.paths import About


def made_outcomes(posts: int, seed: int, together: float = 1.5, entities_each: int | None = None) -> Outcomes:
    """As many posts as wanted; the small model errs more often where it is less sure, and by posts."""
    rng = np.random.default_rng(seed)
    counts = rng.choice([0, 1, 2, 3, 4], posts, p=[0.1, 0.3, 0.3, 0.2, 0.1])
    if entities_each is not None:
        counts[:] = entities_each
    post_of = np.repeat(np.arange(posts), counts)
    entities = len(post_of)
    hardness = rng.normal(size=posts)[post_of, None]
    uncertainty = rng.beta(0.8, 2.0, (entities, 3))
    chance = 1 / (1 + np.exp(-(4 * uncertainty - 2.5 + together * hardness)))
    wrong = rng.random((entities, 3)) < chance
    wrong[wrong[:, 0], 1:] = False
    values = np.zeros((entities, 2, 2, 2, len(COLUMNS)))
    routed = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), axis=-1)
    right = (~wrong[:, None, None, None, :] | (routed[None] == 1)).all(-1)
    values[..., :3] = right[..., None]
    values[..., 3] = routed.sum(-1)
    values[..., COLUMNS.index("kept")] = 1
    gold = np.bincount(post_of, minlength=posts)
    doubt = np.where(routed[None, ..., 0] == 1, 0.0, uncertainty[:, 0, None, None, None])  # of the span alone
    return Outcomes(About(), "", post_of, uncertainty, values, doubt, wrong, gold, ())
