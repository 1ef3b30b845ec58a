"""How well a run's uncertainties find its errors: each attribute, each type, names seen in training and new ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from unco.evals.evaluate.scoring import NotScored
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.metrics.risk_coverage import Point, area_under_risk, risk_coverage
from unco.evals.metrics.uncertainty import (
    Bin,
    auroc,
    average_precision,
    calibration_error,
    reliability_bins,
    strict_auroc,
    wrong_regions,
    wrong_spans,
    wrong_types,
)
from unco.types import ATTRIBUTES, Attribute, GoldPost, Uncertainty


@dataclass(frozen=True, slots=True)
class UncertaintyQuality:
    """Of one attribute; the positive class is "wrong". None = cannot be measured, as when nothing is wrong."""

    count: int
    """Predictions; for type and region those whose span is right."""
    wrong: int
    auroc: float | None
    """Ties count half."""
    strict_auroc: float | None
    """Ties count 0, as in the paper's Eq. 16."""
    average_precision: float | None
    area_under_risk: float | None
    """Lower is better; the share of wrong ones is what a constant has."""
    calibration_error: float | None
    """Of the uncertainty read as the chance of being wrong; None also where it leaves [0, 1]."""
    bins: list[Bin]
    curve: list[Point]
    """(coverage, risk)."""


Groups = Mapping[tuple[str, Attribute], UncertaintyQuality | NotScored]
"""By group ("all", "type PER", "seen names", "unseen names") and attribute."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A prediction with an uncertainty, and what of it is wrong; None = has no gold, since the span is wrong."""

    entity: Predicted
    doubt: Uncertainty
    name: str
    wrong: dict[Attribute, bool | None]


def report_uncertainty(
    gold: Sequence[GoldPost], run: Sequence[PredictedPost], seen: Collection[str] | None = None
) -> Groups:
    """Measure a run's uncertainties, where the predictions hold some.

    Args:
        gold: annotated posts.
        run: predictions of the same posts in the same order.
        seen: entity names of the training data, in any case; None = not known.
    """
    judged = _judge(gold, run)
    groups: dict[str, list[_Judged]] = {"all": judged}
    for kind in sorted({one.entity.type for one in judged}):
        groups[f"type {kind}"] = [one for one in judged if one.entity.type == kind]
    if seen is not None:
        known = {name.lower() for name in seen}
        groups["seen names"] = [one for one in judged if one.name in known]
        groups["unseen names"] = [one for one in judged if one.name not in known]
    boxes = any(item.boxes for post in gold for item in post.entities)
    return {
        (group, name): NotScored("gold has no boxes") if name == "region" and not boxes else _quality(held, name)
        for group, held in groups.items()
        for name in ATTRIBUTES
    }


def entity_names(posts: Sequence[GoldPost]) -> set[str]:
    """Names of gold entities: their words joined by spaces."""
    return {" ".join(post.tokens[item.span.start : item.span.stop]) for post in posts for item in post.entities}


def _judge(gold: Sequence[GoldPost], run: Sequence[PredictedPost]) -> list[_Judged]:
    entities = [post.entities for post in run]
    flags = zip(wrong_spans(gold, entities), wrong_types(gold, entities), wrong_regions(gold, entities), strict=True)
    pairs = ((post, entity) for post, found in zip(gold, entities, strict=True) for entity in found)
    return [
        _Judged(
            entity,
            entity.uncertainty,
            " ".join(post.tokens[entity.span.start : entity.span.stop]).lower(),
            {"span": span, "type": kind, "region": region},
        )
        for (post, entity), (span, kind, region) in zip(pairs, flags, strict=True)
        if entity.uncertainty is not None
    ]


def _quality(judged: Sequence[_Judged], attribute: Attribute) -> UncertaintyQuality | NotScored:
    pairs = [(one.doubt.of(attribute), flag) for one in judged if (flag := one.wrong[attribute]) is not None]
    if not pairs:
        return NotScored("no prediction of the kind has an uncertainty")
    doubts, flags = [doubt for doubt, _ in pairs], [flag for _, flag in pairs]
    chances = all(0 <= doubt <= 1 for doubt in doubts)
    return UncertaintyQuality(
        count=len(pairs),
        wrong=sum(flags),
        auroc=auroc(doubts, flags),
        strict_auroc=strict_auroc(doubts, flags),
        average_precision=average_precision(doubts, flags),
        area_under_risk=area_under_risk(doubts, flags),
        calibration_error=calibration_error(doubts, flags) if chances else None,
        bins=reliability_bins(doubts, flags) if chances else [],
        curve=risk_coverage(doubts, flags),
    )
