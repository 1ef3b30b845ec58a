"""Data of the report's plots: densities of the uncertainty of right and wrong predictions (Figures 3 and 6)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from unco.evals.evaluate.uncertainty_report import UncertaintyQuality, report_uncertainty
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.metrics.uncertainty import wrong_regions, wrong_spans, wrong_types
from unco.types import ATTRIBUTES, UNTYPED, Attribute, Entity, GoldPost, Result

BINS = 50
"""Number of bins of equal width over [0, 1]."""

WIDTH = 0.03
"""Standard deviation of the smoothing, in units of uncertainty."""

Json = dict[str, Any]


def uncorrected(result: Result) -> PredictedPost:
    """Recover the small model's predictions for a post, before any correction."""
    found = (entity for entity in result.all_entities if entity.found_by == "small model")
    return PredictedPost(result.id, tuple(_uncorrected(entity) for entity in found), result.tokens, types=result.types)


def plot_data(results: Sequence[Result], gold: Sequence[GoldPost]) -> dict[Attribute, Json | None]:
    """Compute for each attribute densities, reliability and risk against coverage; None = gold has nothing to compare.

    Args:
        results: of a run; the small model's own predictions are measured.
        gold: the same posts in the same order.
    """
    run = [uncorrected(result) for result in results]
    pairs, flags = report_uncertainty(gold, run), _flags(gold, run)
    return {name: _plot(pairs["all", name], flags[name]) for name in ATTRIBUTES}


def density(values: Sequence[float]) -> list[float]:
    """Estimate a smooth density over [0, 1] in `BINS` steps, with mean 1; all zeros where there are no values."""
    if not values:
        return [0.0] * BINS
    counts, _ = np.histogram(np.clip(values, 0, 1), BINS, (0, 1))
    places = (np.arange(BINS) + 0.5) / BINS
    mirrors = (places, -places, 2 - places)  # what would leave at an edge comes back, so that no edge looks empty
    near = np.sum([np.exp(-(((places[:, None] - one[None, :]) / WIDTH) ** 2) / 2) for one in mirrors], axis=0)
    smooth = (near / near.sum(0)) @ counts
    return [float(height) for height in np.round(smooth * BINS / counts.sum(), 4)]


def _uncorrected(entity: Entity) -> Predicted:
    value = {note.attribute: note.before for note in entity.corrections}
    return Predicted(
        value.get("span", entity.span),  # type: ignore[arg-type]  # each attribute has values of its own type
        value.get("type", entity.type) or UNTYPED,  # type: ignore[arg-type]
        value.get("region", entity.region),  # type: ignore[arg-type]
        entity.uncertainty,
    )


def _flags(gold: Sequence[GoldPost], run: Sequence[PredictedPost]) -> dict[Attribute, list[tuple[float, bool]]]:
    """Pair uncertainty and error flag of all predictions that gold can be compared with."""
    entities = [post.entities for post in run]
    wrong: dict[Attribute, Sequence[bool | None]] = {
        "span": wrong_spans(gold, entities),
        "type": wrong_types(gold, entities),
        "region": wrong_regions(gold, entities),
    }
    flat = [entity for found in entities for entity in found]
    return {
        name: [
            (entity.uncertainty.of(name), flag)
            for entity, flag in zip(flat, wrong[name], strict=True)
            if flag is not None and entity.uncertainty is not None
        ]
        for name in ATTRIBUTES
    }


def _plot(quality: Any, pairs: Sequence[tuple[float, bool]]) -> Json | None:
    if not isinstance(quality, UncertaintyQuality):
        return None
    step = max(1, len(quality.curve) // 200)
    return {
        "right": density([uncertainty for uncertainty, wrong in pairs if not wrong]),
        "wrong": density([uncertainty for uncertainty, wrong in pairs if wrong]),
        "bins": [asdict(one) for one in quality.bins],
        "curve": [*quality.curve[::step], quality.curve[-1]],
        "count": quality.count,
        "wrong_count": quality.wrong,
        "auroc": quality.auroc,
    }
