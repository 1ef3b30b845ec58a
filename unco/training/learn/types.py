"""Fit the `learned` estimator of types: the names of the training split, and a regression on dev for each scheme."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from unco.errors import DataError
from unco.evals.data.gold_types import in_scheme
from unco.evals.metrics.uncertainty import auroc, wrong_types
from unco.small_model.config import Estimator, Scheme
from unco.small_model.gold_inputs import InputBuilder, build_inputs, for_names
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.small_model.stored.quantise import dequantise, quantise
from unco.small_model.uncertainty.regression import Regression, fit_regression
from unco.small_model.uncertainty.span_signals import Signals
from unco.small_model.uncertainty.training_names import TrainingNames, fit_training_names
from unco.training.learn.spans import FOLDS, held_out_chances
from unco.types import GoldPost


@dataclass(frozen=True, slots=True)
class LearnedTypes:
    """The training names and fitted regressions, and their AUROC on posts that they were not fitted on."""

    known: TrainingNames
    regressions: Mapping[str, Regression]
    """Regressions by scheme; a scheme without a correct span on dev has none."""
    held_out: Mapping[str, float | None]
    """By scheme, AUROC of wrong types on dev where the span is right, each post scored by a regression fitted on the
    other folds; None where there are no wrong types or no right ones, here and below."""
    tags: Mapping[str, float | None]
    """By scheme, AUROC of the same types by the tags' entropy, from which nothing is learned."""


def learn_types(
    predictor: Predictor, build_input: InputBuilder, train: Sequence[GoldPost], dev: Sequence[GoldPost]
) -> LearnedTypes:
    """Keep the names of train and fit the regressions on dev, from the text alone, as types are scored.

    Raises:
        DataError: train has no entity.
    """
    network, shown = predictor.network, _texts(build_input, dev)
    known = _known(predictor, build_input, train)
    predictor = replace(predictor, training_names=known)
    regressions, held_out, tags = dict[str, Regression](), dict[str, float | None](), dict[str, float | None]()
    for name, scheme in network.config.schemes.items():
        rows, wrong, folds = _cases(predictor, shown, in_scheme(dev, network.config.labels, scheme), scheme)
        if not rows:  # the text is found, none of it with the right words
            continue
        regressions[name] = fit_regression(rows, wrong)
        held_out[name] = auroc(held_out_chances(rows, wrong, folds), wrong)
        tags[name] = auroc([row[0] for row in rows], wrong)
    return LearnedTypes(known, regressions, held_out, tags)


def _texts(build_input: InputBuilder, posts: Sequence[GoldPost]) -> list[ModelInput]:
    return for_names(build_inputs(build_input, posts))


def _known(predictor: Predictor, build_input: InputBuilder, train: Sequence[GoldPost]) -> TrainingNames:
    """Collect the names of train that lie within a window of the encoder, which are nearly all."""
    labels = {label.name: index for index, label in enumerate(predictor.network.config.labels)}
    spans = [[item.span for item in post.entities] for post in train]
    found = predictor.name_vectors(_texts(build_input, train), spans)
    whole = [len(rows) == len(post.entities) for rows, post in zip(found, train, strict=True)]
    vectors = np.concatenate([rows for rows, all_ in zip(found, whole, strict=True) if all_])
    if not len(vectors):
        raise DataError(f"there is no name in {len(train)} training posts, so no types can be learned")
    types = [labels[item.type] for post, all_ in zip(train, whole, strict=True) if all_ for item in post.entities]
    fitted = fit_training_names(vectors, types)
    return TrainingNames(**dequantise(quantise(fitted.state())))  # fit on what will be shipped


def _cases(
    predictor: Predictor, shown: Sequence[ModelInput], gold: Sequence[GoldPost], scheme: Scheme
) -> tuple[list[Signals], list[bool], list[int]]:
    """Collect signals, error flag of the type, and fold of each entity whose span is right."""
    signals = predictor.type_signals(shown, scheme)
    flags = wrong_types(gold, replace(predictor, scheme=scheme, estimator=Estimator()).predict(shown))
    rows = [(row, index % FOLDS) for index, found in enumerate(signals) for row in found]
    cases = [(row, flag, fold) for (row, fold), flag in zip(rows, flags, strict=True) if flag is not None]
    return [row for row, _, _ in cases], [flag for _, flag, _ in cases], [fold for _, _, fold in cases]
