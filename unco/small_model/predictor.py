"""The trained small model: predicts entities with raw and normalised uncertainties. Works without the graph."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
from tokenizers import Tokenizer

from unco.errors import SettingsError
from unco.small_model.batch import CAPTION_PIECES, Array, Batch, EncodedPost, encode_post, make_batch
from unco.small_model.batching import split_by_length
from unco.small_model.config import Estimator, Heads, McDropout, Scheme
from unco.small_model.decoding.greedy import Decoded, decode_greedily
from unco.small_model.decoding.states import EncoderStates, Runtime
from unco.small_model.model_input import ModelInput
from unco.small_model.out_of_memory import run_in_parts
from unco.small_model.stored.idle_threads import idle_threads
from unco.small_model.stored.network import TrainedNetwork
from unco.small_model.uncertainty.entropy import Normaliser
from unco.small_model.uncertainty.mean_probabilities import MeanProbabilities, Passes, mean_probabilities
from unco.small_model.uncertainty.near_misses import MOST, PredictedNearMiss, find_near_misses
from unco.small_model.uncertainty.prediction import Prediction, RegionRegression, point, predictions
from unco.small_model.uncertainty.raw_entities import ErrorProbabilities, RawEntity, raw_entities
from unco.small_model.uncertainty.regression import Regression
from unco.small_model.uncertainty.span_signals import Signals, span_signals
from unco.small_model.uncertainty.training_names import TrainingNames, name_vectors
from unco.small_model.uncertainty.type_signals import type_signals
from unco.small_model.windows import choose_windows, in_runs
from unco.types import Label, Span, Thresholds

RUN = 160
"""Word pieces of a run of words in which beginnings of texts are looked for."""
T = TypeVar("T")
OutputSetting = tuple[Estimator, Scheme]
"""How uncertainty is estimated, and which types results use."""


class _Read(NamedTuple):
    """An encoded batch, and who encoded it."""

    network: Runtime
    batch: Batch
    encoded: EncoderStates

    @property
    def words(self) -> Array:
        """States of the words, (B, W, d)."""
        return self.network.word_states(self.encoded)


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
    batch_size: int = 32
    name: str = "unnamed"

    @property
    def device(self) -> Any:
        """Where the network runs, as torch names it."""
        return self.network.device

    @property
    def run_pieces(self) -> int:
        """Word pieces of the longest run of words that `states` is given."""
        return min(RUN, self.network.config.positions - 2)

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
        for index, first, by_setting in self._read_windows(posts, lambda part: self._predict_batch(part, settings)):
            for whole, found in zip(raw[index], by_setting, strict=True):
                whole += [entity.moved(first) for entity in found]
        return raw

    def near_misses(self, posts: Sequence[ModelInput]) -> list[list[PredictedNearMiss]]:
        """Find the near misses of each post, the likeliest first; posts are read anew for it."""
        results: list[list[PredictedNearMiss]] = [[] for _ in posts]
        for index, first, found in self._read_windows(posts, self._near_misses):
            here = (*results[index], *(one.moved(first) for one in found))
            results[index] = sorted(here, key=lambda one: -one.chance)[:MOST]
        return results

    def signals(self, posts: Sequence[ModelInput]) -> list[list[Signals]]:
        """Compute a learned estimator's features of each span, in the order of `predict`; see `span_signals`."""
        results: list[list[Signals]] = [[] for _ in posts]
        for index, _, found in self._read_windows(posts, self._signals):
            results[index] += found
        return results

    def type_signals(self, posts: Sequence[ModelInput], scheme: Scheme) -> list[list[Signals]]:
        """Compute a learned estimator's features of each type, in the order of `predict`; see `type_signals`.

        Raises:
            SettingsError: the predictor has no training names.
        """
        results: list[list[Signals]] = [[] for _ in posts]
        for index, _, found in self._read_windows(posts, lambda part: self._type_signals(part, scheme)):
            results[index] += found
        return results

    def name_vectors(self, posts: Sequence[ModelInput], spans: Sequence[Sequence[Span]]) -> list[Array]:
        """Compute the encoder's vectors of names, (E, d) for each post; names cut by a window's end are left out."""
        found: list[list[Array]] = [[] for _ in posts]
        for index, first, words in self._read_windows(posts, self._word_states):
            inside = [Span(one.start - first, one.stop - first) for one in spans[index] if first <= one.start]
            found[index].append(name_vectors(words, [one for one in inside if one.stop <= len(words)]))
        return [np.concatenate(parts) for parts in found]

    @idle_threads()
    def states(self, runs: Sequence[tuple[str, ...]]) -> list[Array]:
        """Compute the encoder's states of the words of each run, (W, d); a run has at most `run_pieces` pieces."""
        return self._read_parts([encode_post(ModelInput(run), self.tokenizer) for run in runs], self._word_states)

    @idle_threads()
    def _read_windows(
        self, posts: Sequence[ModelInput], read: Callable[[Sequence[EncodedPost]], list[T]]
    ) -> list[tuple[int, int, T]]:
        """Apply a function to windows in batches of similar length; gives (index of post, first word, result)."""
        rooms = [self._window_pieces(post) for post in posts]
        log_odds = self._log_odds if self.network.config.post_starts else None
        windows = choose_windows([post.words for post in posts], rooms, self.tokenizer, log_odds)
        parts = [(index, *window) for index, found in enumerate(windows) for window in found]
        encoded = [encode_post(posts[index], self.tokenizer, slice(*window)) for index, *window in parts]
        found = self._read_parts(encoded, read)
        return [(index, first, one) for (index, first, _), one in zip(parts, found, strict=True)]

    def _read_parts(self, parts: Sequence[EncodedPost], read: Callable[[Sequence[EncodedPost]], list[T]]) -> list[T]:
        """Apply a function to parts of posts in batches of similar length; results keep the order of the parts."""
        found: dict[int, T] = {}
        lengths = [len(part.pieces.ids) for part in parts]
        for chosen in split_by_length(lengths, self.batch_size, self.network.call_cost):
            found |= dict(zip(chosen, run_in_parts(read, [parts[i] for i in chosen], _describe), strict=True))
        return [found[index] for index in range(len(parts))]

    def _log_odds(self, posts: Sequence[tuple[str, ...]]) -> list[list[float]]:
        """Compute the log-odds that a text begins at each word, in runs of words that overlap."""

        def log_odds(runs: Sequence[tuple[str, ...]]) -> list[list[float]]:
            network = self.network.runtime()
            found = [network.log_odds_of_starts(words) for words in self.states(runs)]
            return [row.tolist() for row in found if row is not None]

        return in_runs(posts, self.tokenizer, self.run_pieces, log_odds)

    def _window_pieces(self, post: ModelInput) -> int:
        """Compute how many word pieces a window may have beside the special pieces and the caption."""
        beside = CAPTION_PIECES + 3 if post.caption else 2
        return self.network.config.positions - beside

    def _predict_batch(
        self, posts: Sequence[EncodedPost], settings: Sequence[OutputSetting]
    ) -> list[list[list[RawEntity]]]:
        """Predict the entities of a batch, by post and setting."""
        read = self._encode(posts, any(estimator.sampling.passes for estimator, _ in settings))
        decoded = decode_greedily(read.network, read.encoded, self.heads)
        keys = ["\x1f".join(post.words) for post in posts]
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

    def _passes(self, read: _Read, decoded: Decoded, keys: Sequence[str], sampling: McDropout) -> tuple[Passes, ...]:
        if not sampling.passes:
            return ()
        from unco.small_model.uncertainty.mc_dropout import run_passes

        return run_passes(self.network.in_torch, read.batch, read.encoded, decoded, keys, sampling)

    def _encode(self, posts: Sequence[EncodedPost], sampled: bool = False) -> _Read:
        """Encode a batch; only torch samples."""
        batch = make_batch(posts, self.tokenizer, self.network.config.visual_features)
        network = (self.network.in_torch if sampled else self.network).runtime()
        return _Read(network, batch, network.encode(batch))

    def _decode(self, posts: Sequence[EncodedPost]) -> tuple[_Read, Decoded]:
        read = self._encode(posts)
        return read, decode_greedily(read.network, read.encoded, self.heads)

    def _near_misses(self, posts: Sequence[EncodedPost]) -> list[list[PredictedNearMiss]]:
        read, decoded = self._decode(posts)
        return find_near_misses(read.network, read.encoded, decoded, self.scheme)

    def _signals(self, posts: Sequence[EncodedPost]) -> list[list[Signals]]:
        return span_signals(self._decode(posts)[1])

    def _type_signals(self, posts: Sequence[EncodedPost], scheme: Scheme) -> list[list[Signals]]:
        if self.training_names is None:
            raise self._not_fitted()
        read, decoded = self._decode(posts)
        return type_signals(self.training_names, read.words, decoded, scheme, read.network.multiply)

    def _word_states(self, posts: Sequence[EncodedPost]) -> list[Array]:
        """Compute the states of each post's words, (W, d)."""
        read = self._encode(posts)
        return [words[:count] for words, count in zip(read.words, read.batch.words.tolist(), strict=True)]

    def _span_error_probabilities(self, decoded: Decoded) -> list[list[float]]:
        """Compute the probability of each span being wrong, by post."""
        regression = self.span_regression
        if regression is None:
            raise self._not_fitted()
        return [[regression(signals) for signals in post] for post in span_signals(decoded)]

    def _type_error_probabilities(self, read: _Read, decoded: Decoded, scheme: Scheme) -> list[list[float]]:
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


def _describe(post: EncodedPost) -> str:
    return f"one post of {len(post.words)} words and {len(post.kinds)} regions"
