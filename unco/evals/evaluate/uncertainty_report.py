"""Measure how well a run's uncertainties find its errors: by attribute, by type, and for seen and unseen names."""

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
    """Quality of one attribute's uncertainty, "wrong" being the positive class; None = undefined (nothing is wrong)."""

    count: int
    """Number of predictions; for type and region of those whose span is right."""
    wrong: int
    auroc: float | None
    """AUROC; ties count half."""
    strict_auroc: float | None
    """AUROC; ties count 0, as in the paper's Eq. 16."""
    average_precision: float | None
    area_under_risk: float | None
    """AURC; lower is better, and a constant uncertainty has the share of wrong ones."""
    calibration_error: float | None
    """ECE of the uncertainty read as the chance of being wrong; None also where it leaves [0, 1]."""
    bins: list[Bin]
    curve: list[Point]
    """Points of (coverage, risk)."""


QualityByGroup = Mapping[tuple[str, Attribute], UncertaintyQuality | NotScored]
"""Quality by group ("all", "type PER", "seen names", "unseen names") and attribute."""


@dataclass(frozen=True, slots=True)
class _ScoredEntity:
    """A prediction with an uncertainty, and which attributes are wrong; None = has no gold, since the span is wrong."""

    entity: Predicted
    uncertainty: Uncertainty
    name: str
    wrong: dict[Attribute, bool | None]


def report_uncertainty(
    gold: Sequence[GoldPost], run: Sequence[PredictedPost], seen: Collection[str] | None = None
) -> QualityByGroup:
    """Measure the quality of a run's uncertainties, where the predictions hold some.

    Args:
        gold: annotated posts.
        run: predictions of the same posts in the same order.
        seen: entity names of the training data, in any case; None = not known.
    """
    scored = _score_entities(gold, run)
    groups: dict[str, list[_ScoredEntity]] = {"all": scored}
    for kind in sorted({one.entity.type for one in scored}):
        groups[f"type {kind}"] = [one for one in scored if one.entity.type == kind]
    if seen is not None:
        known = {name.lower() for name in seen}
        groups["seen names"] = [one for one in scored if one.name in known]
        groups["unseen names"] = [one for one in scored if one.name not in known]
    why_not: dict[Attribute, NotScored] = {}
    if not any(item.boxes for post in gold for item in post.entities):
        why_not["region"] = NotScored("gold has no boxes")
    if any(post.types for post in run):
        why_not["type"] = NotScored("the types are of a list of the user's own, of which the small model says nothing")
    return {
        (group, name): why_not.get(name) or _quality(held, name)
        for group, held in groups.items()
        for name in ATTRIBUTES
    }


def _score_entities(gold: Sequence[GoldPost], run: Sequence[PredictedPost]) -> list[_ScoredEntity]:
    entities = [post.entities for post in run]
    flags = zip(wrong_spans(gold, entities), wrong_types(gold, entities), wrong_regions(gold, entities), strict=True)
    pairs = ((post, entity) for post, found in zip(gold, entities, strict=True) for entity in found)
    return [
        _ScoredEntity(
            entity,
            entity.uncertainty,
            " ".join(post.tokens[entity.span.start : entity.span.stop]).lower(),
            {"span": span, "type": kind, "region": region},
        )
        for (post, entity), (span, kind, region) in zip(pairs, flags, strict=True)
        if entity.uncertainty is not None
    ]


def _quality(scored: Sequence[_ScoredEntity], attribute: Attribute) -> UncertaintyQuality | NotScored:
    pairs = [(one.uncertainty.of(attribute), flag) for one in scored if (flag := one.wrong[attribute]) is not None]
    if not pairs:
        return NotScored("no prediction of the kind has an uncertainty")
    uncertainties, flags = [uncertainty for uncertainty, _ in pairs], [flag for _, flag in pairs]
    chances = all(0 <= uncertainty <= 1 for uncertainty in uncertainties)
    return UncertaintyQuality(
        count=len(pairs),
        wrong=sum(flags),
        auroc=auroc(uncertainties, flags),
        strict_auroc=strict_auroc(uncertainties, flags),
        average_precision=average_precision(uncertainties, flags),
        area_under_risk=area_under_risk(uncertainties, flags),
        calibration_error=calibration_error(uncertainties, flags) if chances else None,
        bins=reliability_bins(uncertainties, flags) if chances else [],
        curve=risk_coverage(uncertainties, flags),
    )
