"""Report a small model's quality: scores, also without doubtful entities, recall of names, uncertainty estimators."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from unco.evals.metrics.bootstrap import Interval, f1_difference
from unco.evals.metrics.drop_level import best_level
from unco.evals.metrics.paper import Score, count_post, score, total
from unco.evals.metrics.region_rules import rule_scores
from unco.evals.metrics.uncertainty import wrong_groundings
from unco.small_model.config import ESTIMATORS, Estimator
from unco.small_model.gold_inputs import InputBuilder, build_inputs, for_names, shown_by, simulates, with_clutter
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.prediction import Prediction
from unco.training.estimator_report import (
    EstimatorReport,
    Predictions,
    Quality,
    SplitInputs,
    normalised,
    region_quality,
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


OtherChoices = dict[str, tuple[float, float | None]]
"""As of `rule_scores`: `gmner` and `groundable` if regions are chosen otherwise; empty = not measured."""


@dataclass(frozen=True, slots=True)
class ClutterReport:
    """Scores of regions that are simulated in clutter; the fields are as in `SplitReport`."""

    gmner: float
    eeg: float
    groundable: float | None
    other_choices: OtherChoices
    own: Quality
    """Quality of the model's own doubt of regions."""
    confidence: Quality
    """Quality of 1 - the probability of the same regions."""


@dataclass(frozen=True, slots=True)
class SplitReport:
    """Report of one split."""

    posts: int
    schemes: dict[str, TypeScore]
    """MNER scores by label scheme."""
    decoder_alone: float
    """MNER F1 of the first scheme without the second head, in [0, 1]."""
    gmner: float
    """F1 of whole triplets in the first scheme, with candidate regions, in [0, 1]; see `shown`."""
    eeg: float
    """As `gmner`, type ignored."""
    groundable: float | None
    """Share of entities with a right span for which "in the picture or not" is right; None where there are none."""
    seen: NamesReport
    unseen: NamesReport
    estimators: dict[str, EstimatorReport]
    """Quality of the model's own estimator as `own`, and of 1 - confidence of the same predictions as `confidence`."""
    shown: str = "regions"
    """What the model was shown for scores of regions, as of `shown_by`."""
    other_choices: OtherChoices = field(default_factory=dict)
    clutter: "ClutterReport | None" = None
    """Scores of regions where simulated ones lie in clutter; None = not measured, or real pictures were shown."""


@dataclass(frozen=True, slots=True)
class DropReport:
    """MNER scores in one label scheme, by text alone, when doubtful entities are left out."""

    level: float
    """Doubt above which they are, in [0, 1]: the level of the best F1 on dev."""
    dev: TypeScore
    test: TypeScore
    gained: Interval
    """F1 gained on test, with its interval over posts."""


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The scores on a model's card."""

    dev: SplitReport
    test: SplitReport
    drop: dict[str, DropReport] = field(default_factory=dict)
    """By label scheme; empty = not measured, by an earlier version."""


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
    inputs = [make_split_inputs(gold[predictor.scheme.name], build_input) for gold in (dev, test)]
    found = [predict_text(predictor, split.text, gold) for split, gold in zip(inputs, (dev, test), strict=True)]
    first, second = (report_split(predictor, known, *one) for one in zip(inputs, found, (dev, test), strict=True))
    drop = {
        name: report_drop((dev[name], test[name]), (found[0].schemes[name], found[1].schemes[name])) for name in dev
    }
    return ModelReport(first, second, drop)


@dataclass(frozen=True, slots=True)
class TextPredictions:
    """Predictions of a split's posts, from one pass over their texts."""

    schemes: dict[str, Predictions]
    """By label scheme."""
    doubted: Predictions
    """In the first scheme, with 1 - confidence of the same predictions for uncertainties."""


def predict_text(predictor: Predictor, text: Sequence[ModelInput], schemes: Iterable[str]) -> TextPredictions:
    """Predict posts once, and give their entities in each label scheme."""
    names = list(schemes)
    settings = [(predictor.estimator, predictor.network.config.schemes[name]) for name in names]
    found = predictor.predict_each(text, [*settings, (_same_confidence(predictor), predictor.scheme)])
    return TextPredictions(dict(zip(names, found, strict=False)), found[-1])


def make_split_inputs(posts: Sequence[GoldPost], build_input: InputBuilder) -> SplitInputs:
    """Make the inputs of a split without and with regions; captions, where there are some, are in both."""
    pictures = build_inputs(build_input, posts)
    in_clutter = build_inputs(with_clutter(build_input), posts) if simulates(build_input) else ()
    return SplitInputs(posts, for_names(pictures), pictures, shown_by(build_input), in_clutter)


def _same_confidence(predictor: Predictor) -> Estimator:
    """Make the estimator 1 - confidence of the heads that choose what is predicted."""
    return replace(ESTIMATORS["confidence"], heads=predictor.heads)


def report_split(
    predictor: Predictor,
    known: set[str],
    split: SplitInputs,
    found: TextPredictions,
    gold: Mapping[str, Sequence[GoldPost]],
) -> SplitReport:
    """Score one split: text alone for MNER, spans and types, with regions for groundability.

    Args:
        predictor: whose scores.
        known: entity names of the training split, in lower case.
        split: the posts.
        found: what is predicted from text alone.
        gold: by label scheme.
    """
    text, people = found.schemes[predictor.scheme.name], predictor.network.config.people
    pictures, doubted = _own_and_confidence(predictor, split.pictures)
    alone = replace(predictor, heads="decoder", estimator=Estimator()).predict(split.text)
    doubts = [normalised(one, doubted, ESTIMATORS["confidence"]) for one in (found.doubted, doubted)]
    return SplitReport(
        posts=len(split.posts),
        schemes={name: _type_score(score(posts, found.schemes[name], "MNER")) for name, posts in gold.items()},
        decoder_alone=round(score(split.posts, alone, "MNER").f1, 4),
        gmner=round(score(split.posts, pictures, "GMNER").f1, 4),
        eeg=round(score(split.posts, pictures, "EEG").f1, 4),
        groundable=_groundable(split.posts, pictures),
        seen=_names(split.posts, text, known, True),
        unseen=_names(split.posts, text, known, False),
        estimators={
            "own": report_predictions(split.posts, text, pictures),
            "confidence": report_predictions(split.posts, *doubts),
        },
        shown=split.shown,
        other_choices=rule_scores(split.posts, [post.candidates for post in split.pictures], pictures, people),
        clutter=_report_clutter(predictor, split) if split.in_clutter else None,
    )


def _report_clutter(predictor: Predictor, split: SplitInputs) -> ClutterReport:
    people = predictor.network.config.people
    found, doubted = _own_and_confidence(predictor, split.in_clutter)
    return ClutterReport(
        gmner=round(score(split.posts, found, "GMNER").f1, 4),
        eeg=round(score(split.posts, found, "EEG").f1, 4),
        groundable=_groundable(split.posts, found),
        other_choices=rule_scores(split.posts, [post.candidates for post in split.in_clutter], found, people),
        own=region_quality(split.posts, found),
        confidence=region_quality(split.posts, normalised(doubted, doubted, ESTIMATORS["confidence"])),
    )


def _own_and_confidence(predictor: Predictor, posts: Sequence[ModelInput]) -> list[list[list[Prediction]]]:
    return predictor.predict_each(
        posts, [(predictor.estimator, predictor.scheme), (_same_confidence(predictor), predictor.scheme)]
    )


def _groundable(posts: Sequence[GoldPost], found: Predictions) -> float | None:
    wrong = [flag for flag in wrong_groundings(posts, found) if flag is not None]
    return _share(len(wrong) - sum(wrong), len(wrong))


def report_drop(gold: Sequence[Sequence[GoldPost]], found: Sequence[Predictions]) -> DropReport:
    """Choose the level of doubt above which entities are left out on dev, and report dev and test with it.

    Args:
        gold: posts of dev and of test, in one label scheme.
        found: what is predicted for them.
    """
    (dev, test), (dev_found, test_found) = gold, found
    level = best_level(lambda level: total(_counts(dev, dev_found, level)).f1)
    kept = [_counts(posts, entities, level) for posts, entities in zip(gold, found, strict=True)]
    gained = f1_difference(_counts(test, test_found, 1.0), kept[1])
    on_dev, on_test = (_type_score(total(counts)) for counts in kept)
    return DropReport(level, on_dev, on_test, gained)


def _counts(gold: Sequence[GoldPost], found: Predictions, level: float) -> list[Score]:
    return [
        count_post(post, [entity for entity in entities if entity.uncertainty.doubt <= level], "MNER")
        for post, entities in zip(gold, found, strict=True)
    ]


def _type_score(counts: Score) -> TypeScore:
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
