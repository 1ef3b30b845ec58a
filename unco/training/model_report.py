"""Report a small model's quality: scores, recall of seen and unseen names, and its uncertainty estimators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from unco.evals.metrics.paper import score
from unco.evals.metrics.uncertainty import wrong_groundings
from unco.small_model.gold_inputs import InputBuilder, build_inputs
from unco.small_model.model_input import ModelInput
from unco.small_model.network.config import ESTIMATORS, Estimator
from unco.small_model.predictor import Predictor
from unco.training.estimator_report import (
    EstimatorReport,
    Predictions,
    SplitInputs,
    normalised,
    report_predictions,
)
from unco.types import GoldPost


@dataclass(frozen=True, slots=True)
class TypeScore:
    """MNER scores: exact span and type, text alone; micro-averaged, in [0, 1]."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class NamesReport:
    """Figures of entities whose name occurs in the training split (any case), or of those whose name does not."""

    gold: int
    recall: float | None
    """Share of them found with span and type, in [0, 1]; None where there are none, here and below."""
    predicted: int
    span: float | None
    """Mean normalised uncertainty of the predicted ones, in [0, 1]."""
    type: float | None


@dataclass(frozen=True, slots=True)
class SplitReport:
    """Report of one split."""

    posts: int
    schemes: dict[str, TypeScore]
    """MNER scores by label scheme."""
    decoder_alone: float
    """MNER F1 of the first scheme without the second head, in [0, 1]."""
    gmner: float
    """F1 of whole triplets in the first scheme, with pictures, in [0, 1]; of simulated regions it says little."""
    eeg: float
    """As `gmner`, type ignored."""
    groundable: float | None
    """Share of entities with a right span for which "in the picture or not" is right; None where there are none."""
    seen: NamesReport
    unseen: NamesReport
    estimators: dict[str, EstimatorReport]
    """Quality of the model's own estimator as `own`, and of 1 - confidence of the decoder as `confidence`."""


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The scores on a model's card."""

    dev: SplitReport
    test: SplitReport


def report_model(
    predictor: Predictor,
    build_input: InputBuilder,
    names: Sequence[str],
    dev: Mapping[str, Sequence[GoldPost]],
    test: Mapping[str, Sequence[GoldPost]],
) -> ModelReport:
    """Score a model on dev and test.

    Args:
        predictor: with what is to be reported.
        build_input: how pictures are shown for the scores that need one.
        names: entity names of the training split.
        dev: by label scheme, the split that chose epoch, normaliser and thresholds.
        test: by label scheme, reported, never chosen by.
    """
    known = {name.lower() for name in names}
    return ModelReport(*(report_split(predictor, known, build_input, split) for split in (dev, test)))


def make_split_inputs(posts: Sequence[GoldPost], build_input: InputBuilder) -> SplitInputs:
    """Make the inputs of a split without and with pictures; captions, where there are some, are in both."""
    pictures = build_inputs(build_input, posts)
    text = [ModelInput(post.words, caption=post.caption) for post in pictures]
    return SplitInputs(posts, text, pictures)


def report_split(
    predictor: Predictor, known: set[str], build_input: InputBuilder, gold: Mapping[str, Sequence[GoldPost]]
) -> SplitReport:
    """Score one split: text alone for MNER, spans and types, with pictures for groundability."""
    split = make_split_inputs(gold[predictor.scheme.name], build_input)
    confidence, schemes = ESTIMATORS["confidence"], predictor.network.config.schemes
    in_confidence = (confidence, predictor.scheme)
    by_text = predictor.predict_each(
        split.text, [*((predictor.estimator, schemes[name]) for name in gold), in_confidence]
    )
    in_schemes = dict(zip(gold, by_text, strict=False))
    text = in_schemes[predictor.scheme.name]
    pictures, *doubted = predictor.predict_each(
        split.pictures, [(predictor.estimator, predictor.scheme), in_confidence]
    )
    alone = replace(predictor, heads="decoder", estimator=Estimator()).predict(split.text)
    doubts = [normalised(found, doubted[0], confidence) for found in (by_text[-1], doubted[0])]
    wrong = [flag for flag in wrong_groundings(split.posts, pictures) if flag is not None]
    return SplitReport(
        posts=len(split.posts),
        schemes={name: _type_score(posts, in_schemes[name]) for name, posts in gold.items()},
        decoder_alone=round(score(split.posts, alone, "MNER").f1, 4),
        gmner=round(score(split.posts, pictures, "GMNER").f1, 4),
        eeg=round(score(split.posts, pictures, "EEG").f1, 4),
        groundable=_share(len(wrong) - sum(wrong), len(wrong)),
        seen=_names(split.posts, text, known, True),
        unseen=_names(split.posts, text, known, False),
        estimators={
            "own": report_predictions(split.posts, text, pictures),
            "confidence": report_predictions(split.posts, *doubts),
        },
    )


def _type_score(posts: Sequence[GoldPost], predictions: Predictions) -> TypeScore:
    counts = score(posts, predictions, "MNER")
    return TypeScore(round(counts.precision, 4), round(counts.recall, 4), round(counts.f1, 4))


def _names(posts: Sequence[GoldPost], predictions: Predictions, known: set[str], seen: bool) -> NamesReport:
    def counts(post: GoldPost, start: int, stop: int) -> bool:
        return (" ".join(post.tokens[start:stop]).lower() in known) == seen

    pairs = list(zip(posts, predictions, strict=True))
    gold = [
        (item, found)
        for post, found in pairs
        for item in post.entities
        if counts(post, item.span.start, item.span.stop)
    ]
    hits = sum(any((other.span, other.type) == (item.span, item.type) for other in found) for item, found in gold)
    stated = [
        item.uncertainty for post, found in pairs for item in found if counts(post, item.span.start, item.span.stop)
    ]
    means = [_share(sum(values), len(stated)) for values in ([u.span for u in stated], [u.type for u in stated])]
    return NamesReport(len(gold), _share(hits, len(gold)), len(stated), *means)


def _share(part: float, of: int) -> float | None:
    return round(part / of, 4) if of else None
