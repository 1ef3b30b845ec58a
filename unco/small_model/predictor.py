"""The trained small model: predicts entities with raw and normalised uncertainties. Works without the graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from unco.errors import SettingsError
from unco.small_model.batch import Array
from unco.small_model.config import Estimator, Heads, McDropout, Scheme
from unco.small_model.decoding.greedy import Decoded, decode_greedily
from unco.small_model.model_input import ModelInput
from unco.small_model.stored.network import TrainedNetwork
from unco.small_model.uncertainty.ensemble import ensemble_passes
from unco.small_model.uncertainty.entropy import Normaliser
from unco.small_model.uncertainty.mean_probabilities import MeanProbabilities, Passes, mean_probabilities
from unco.small_model.uncertainty.near_misses import MOST, PredictedNearMiss, find_near_misses
from unco.small_model.uncertainty.prediction import Prediction, RegionRegression, point, predictions
from unco.small_model.uncertainty.raw_entities import ErrorProbabilities, RawEntity, raw_entities
from unco.small_model.uncertainty.regression import Regression
from unco.small_model.uncertainty.span_signals import Signals, span_signals
from unco.small_model.uncertainty.training_names import TrainingNames, name_vectors
from unco.small_model.uncertainty.type_signals import type_signals
from unco.small_model.windows.reader import Read, Reader
from unco.types import Label, Span, Thresholds

OutputSetting = tuple[Estimator, Scheme]
"""How uncertainty is estimated, and which types results use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A network with all that is needed to predict entities from posts."""

    network: TrainedNetwork
    tokenizer: Tokenizer
    normaliser: Normaliser
    thresholds: Thresholds
    """Chosen for this normaliser."""
    scheme: Scheme
    """The types that results use."""
    estimator: Estimator = Estimator()
    heads: Heads = "decoder"
    """Which heads choose the symbols when posts are decoded."""
    span_regression: Regression | None = None
    """From `span_signals` to the probability of a wrong span, for learned estimators."""
    training_names: TrainingNames | None = None
    type_regressions: Mapping[str, Regression] = field(default_factory=dict)
    """By scheme, from `type_signals` to the probability of a wrong type."""
    region_regression: RegionRegression | None = None
    """From `region_signals` to the probability of a wrong region, for learned estimators."""
    others: tuple[TrainedNetwork, ...] = ()
    """Networks whose distributions are averaged with its own where nothing is sampled, to measure an ensemble."""
    batch_size: int = 32
    name: str = "unnamed"

    @property
    def device(self) -> Any:
        """Where the network runs, as torch names it."""
        return self.network.device

    @property
    def reader(self) -> Reader:
        """Encodes posts for it."""
        return Reader(self.network, self.tokenizer, self.batch_size)

    @property
    def labels(self) -> tuple[Label, ...]:
        """The entity types of the results."""
        return self.scheme.labels

    def predict(self, posts: Sequence[ModelInput]) -> list[list[Prediction]]:
        """Predict the entities of each post, in text order.

        A post's result does not depend on what else is read, up to float rounding (1e-4, since NumPy and torch take
        turns). Long posts are split into windows; no word is left out.

        Raises:
            SettingsError: a region lacks the visual features that the network reads.
            SetupError: there is not enough memory even for one post at a time.
        """
        return self.predict_each(posts, [(self.estimator, self.scheme)])[0]

    def predict_each(
        self, posts: Sequence[ModelInput], settings: Sequence[OutputSetting]
    ) -> list[list[list[Prediction]]]:
        """Predict once and give the entities for several pairs of estimator and scheme.

        Spans and regions are the same in all. The normaliser is the predictor's own throughout.
        """
        results: list[list[list[Prediction]]] = [[] for _ in settings]
        people = self.network.config.people
        for post, by_setting in zip(posts, self._raw_entities(posts, settings), strict=True):
            pointed = point(post, by_setting[0], people)
            for result, found, (estimator, _) in zip(results, by_setting, settings, strict=True):
                result.append(predictions(pointed, found, estimator, self.normaliser, self.region_regression))
        return results

    def region_signals(self, posts: Sequence[ModelInput]) -> list[list[Signals]]:
        """Compute a learned estimator's features of each region, in the order of `predict`; none without a picture."""
        people = self.network.config.people
        raw = self._raw_entities(posts, [(Estimator(), self.scheme)])
        return [point(post, found, people).signals() for post, (found,) in zip(posts, raw, strict=True)]

    def _raw_entities(
        self, posts: Sequence[ModelInput], settings: Sequence[OutputSetting]
    ) -> list[list[list[RawEntity]]]:
        """Find the entities of whole posts, by post and setting."""
        raw: list[list[list[RawEntity]]] = [[[] for _ in settings] for _ in posts]
        sampled = any(estimator.sampling.passes for estimator, _ in settings)
        for window, by_setting in self.reader.read(posts, lambda read: self._predict_batch(read, settings), sampled):
            for whole, found in zip(raw[window.post], by_setting, strict=True):
                whole += [entity.moved(window.start) for entity in found]
        return raw

    def near_misses(self, posts: Sequence[ModelInput]) -> list[list[PredictedNearMiss]]:
        """Find the near misses of each post, the likeliest first; posts are read anew for it."""
        results: list[list[PredictedNearMiss]] = [[] for _ in posts]
        for window, found in self.reader.read(posts, self._near_misses):
            here = (*results[window.post], *(one.moved(window.start) for one in found))
            results[window.post] = sorted(here, key=lambda one: -one.chance)[:MOST]
        return results

    def signals(self, posts: Sequence[ModelInput]) -> list[list[Signals]]:
        """Compute a learned estimator's features of each span, in the order of `predict`; see `span_signals`."""
        results: list[list[Signals]] = [[] for _ in posts]
        for window, found in self.reader.read(posts, self._signals):
            results[window.post] += found
        return results

    def type_signals(self, posts: Sequence[ModelInput], scheme: Scheme) -> list[list[Signals]]:
        """Compute a learned estimator's features of each type, in the order of `predict`; see `type_signals`.

        Raises:
            SettingsError: the predictor has no training names.
        """
        results: list[list[Signals]] = [[] for _ in posts]
        for window, found in self.reader.read(posts, lambda read: self._type_signals(read, scheme)):
            results[window.post] += found
        return results

    def name_vectors(self, posts: Sequence[ModelInput], spans: Sequence[Sequence[Span]]) -> list[Array]:
        """Compute the encoder's vectors of names, (E, d) for each post; names cut by a window's end are left out."""
        found: list[list[Array]] = [[] for _ in posts]
        for (post, start, stop), words in self.reader.read(posts, Read.states):
            inside = [one for one in spans[post] if start <= one.start and one.stop <= stop]
            found[post].append(name_vectors(words, [Span(one.start - start, one.stop - start) for one in inside]))
        return [np.concatenate(parts) for parts in found]

    def _predict_batch(self, read: Read, settings: Sequence[OutputSetting]) -> list[list[list[RawEntity]]]:
        """Predict the entities of a batch, by post and setting."""
        decoded = self._decode(read)
        keys = ["\x1f".join(post.words) for post in read.posts]
        passes: dict[McDropout, tuple[Passes, ...]] = {}
        means: dict[tuple[McDropout, Heads], MeanProbabilities] = {}
        learned = any(estimator.span == "learned" for estimator, _ in settings)
        spans = self._span_error_probabilities(decoded) if learned else None
        results = []
        for estimator, scheme in settings:
            sampling, key = estimator.sampling, (estimator.sampling, estimator.heads)
            if sampling not in passes:
                passes[sampling] = self._passes(read, decoded, keys, sampling)
            if key not in means:
                means[key] = mean_probabilities(decoded, passes[sampling], estimator.heads)
            types = self._type_error_probabilities(read, decoded, scheme) if estimator.type == "learned" else None
            errors = ErrorProbabilities(spans if estimator.span == "learned" else None, types)
            results.append(raw_entities(read.network.config, decoded, means[key], estimator, scheme, errors))
        return [list(entities) for entities in zip(*results, strict=True)]

    def _passes(self, read: Read, decoded: Decoded, keys: Sequence[str], sampling: McDropout) -> tuple[Passes, ...]:
        if not sampling.passes:
            others = [network.runtime() for network in self.others]
            return (ensemble_passes(others, read.batch, decoded),) if others else ()
        from unco.small_model.uncertainty.mc_dropout import run_passes

        return run_passes(self.network.in_torch, read.batch, read.encoded, decoded, keys, sampling)

    def _decode(self, read: Read) -> Decoded:
        return decode_greedily(read.network, read.encoded, self.heads)

    def _near_misses(self, read: Read) -> list[list[PredictedNearMiss]]:
        return find_near_misses(read.network, read.encoded, self._decode(read), self.scheme)

    def _signals(self, read: Read) -> list[list[Signals]]:
        return span_signals(self._decode(read))

    def _type_signals(self, read: Read, scheme: Scheme) -> list[list[Signals]]:
        if self.training_names is None:
            raise self._not_fitted()
        return type_signals(self.training_names, read.words, self._decode(read), scheme, read.network.multiply)

    def _span_error_probabilities(self, decoded: Decoded) -> list[list[float]]:
        """Compute the probability of each span being wrong, by post."""
        regression = self.span_regression
        if regression is None:
            raise self._not_fitted()
        return [[regression(signals) for signals in post] for post in span_signals(decoded)]

    def _type_error_probabilities(self, read: Read, decoded: Decoded, scheme: Scheme) -> list[list[float]]:
        """Compute the probability of each type being wrong, by post."""
        training_names, regression = self.training_names, self.type_regressions.get(scheme.name)
        if training_names is None or regression is None:
            raise self._not_fitted()
        found = type_signals(training_names, read.words, decoded, scheme, read.network.multiply)
        return [[regression(signals) for signals in post] for post in found]

    def _not_fitted(self) -> SettingsError:
        return SettingsError(f"{self.name} was not fitted for a learned estimator: choose another, or train it anew")

    def to(self, device: Any) -> "Predictor":
        """Let torch run the network on a device, as it names it, from the first post on.

        The network itself moves, for everything that shares it.
        """
        return replace(self, network=self.network.to(device))

    def with_estimator(self, estimator: Estimator) -> "Predictor":
        """Copy with another estimator; normaliser and thresholds stay as they are."""
        return replace(self, estimator=estimator)
