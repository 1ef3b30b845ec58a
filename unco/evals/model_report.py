"""How good a small model is, and how well it knows: scores and AUROC on dev and test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unco.evals.scores import score
from unco.evals.uncertainty_quality import auroc, wrong_spans, wrong_types
from unco.small_model.config import McDropout
from unco.small_model.predictor import Prediction, Predictor
from unco.small_model.training import text_only, with_simulated_regions
from unco.small_model.uncertainty import doubt
from unco.types import GoldPost

Predictions = Sequence[Sequence[Prediction]]


@dataclass(frozen=True, slots=True)
class Quality:
    """Chance that a wrong one is more uncertain than a right one, in [0, 1]; None = cannot be measured."""

    span: float | None
    type: float | None
    """Among entities whose span is right."""


@dataclass(frozen=True, slots=True)
class SplitReport:
    """One split. F1, precision and recall are micro-averaged, in [0, 1]."""

    posts: int
    precision: float
    recall: float
    f1: float
    """MNER (exact span and type), text alone."""
    groundable: float
    """Share of entities with a right span for which "in the picture or not" is right; regions simulated."""
    mc_dropout: Quality
    confidence: Quality
    """Of 1 - softmax confidence of the deterministic model, the paper's baseline."""


@dataclass(frozen=True, slots=True)
class ModelReport:
    """What stands on a model's card."""

    dev: SplitReport
    test: SplitReport


def report_model(
    predictor: Predictor, names: Sequence[str], dev: Sequence[GoldPost], test: Sequence[GoldPost]
) -> ModelReport:
    """Score a model.

    Args:
        predictor: with Monte Carlo dropout on.
        names: entity names of the training split, for simulated distractors.
        dev: the split that chose checkpoint, normaliser and thresholds.
        test: reported, never chosen by.
    """
    return ModelReport(report_split(predictor, names, dev), report_split(predictor, names, test))


def report_split(predictor: Predictor, names: Sequence[str], posts: Sequence[GoldPost]) -> SplitReport:
    """Score one split: text alone for MNER and AUROC, with simulated regions for groundability."""
    inputs = [text_only(post) for post in posts]
    sampled = predictor.predict(inputs)
    softmax = replace(predictor, mc=McDropout(passes=0), measure=doubt).predict(inputs)
    grounded = predictor.predict([with_simulated_regions(post, names) for post in posts])
    found = score(posts, sampled, "MNER")
    return SplitReport(
        posts=len(posts),
        precision=round(found.precision, 4),
        recall=round(found.recall, 4),
        f1=round(found.f1, 4),
        groundable=round(groundable_accuracy(posts, grounded), 4),
        mc_dropout=quality(posts, sampled),
        confidence=quality(posts, softmax),
    )


def quality(posts: Sequence[GoldPost], predictions: Predictions) -> Quality:
    """AUROC of span and type uncertainty."""
    values = [entity.nats for entities in predictions for entity in entities]
    spans = auroc([value.span for value in values], wrong_spans(posts, predictions))
    judged = [(value.type, wrong) for value, wrong in zip(values, wrong_types(posts, predictions), strict=True)]
    types = [(value, wrong) for value, wrong in judged if wrong is not None]
    kinds = auroc([value for value, _ in types], [wrong for _, wrong in types])
    return Quality(None if spans is None else round(spans, 4), None if kinds is None else round(kinds, 4))


def groundable_accuracy(posts: Sequence[GoldPost], predictions: Predictions) -> float:
    """Share of entities with a right span whose "in the picture or not" is right, in [0, 1]."""
    hits = [
        (entity.region is None) == (not item.boxes)
        for post, entities in zip(posts, predictions, strict=True)
        for entity in entities
        for item in post.entities
        if item.span == entity.span
    ]
    return sum(hits) / len(hits) if hits else 0.0
