"""The small model in use: posts in, entities with raw and normalised uncertainties out. Works without the graph."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import torch
from tokenizers import Tokenizer
from torch import Tensor

from unco.errors import SettingsError
from unco.small_model.batch import CAPTION_PIECES, Batch, EncodedPost, encode_post, make_batch
from unco.small_model.model_input import ModelInput
from unco.small_model.network.config import Estimator, Heads, McDropout, Scheme
from unco.small_model.network.decoder import Memory
from unco.small_model.network.decoding import Decoded, decode_greedily
from unco.small_model.network.model import Network
from unco.small_model.network.symbols import FIRST_TYPE, decode_symbols
from unco.small_model.out_of_memory import run_in_parts
from unco.small_model.scheme_types import fold_types
from unco.small_model.uncertainty.entropy import Normaliser, span_uncertainty, step_uncertainty
from unco.small_model.uncertainty.mc_dropout import MeanProbabilities, Passes, mean_probabilities, run_passes
from unco.small_model.uncertainty.regression import Regression
from unco.small_model.uncertainty.span_signals import Signals, span_signals
from unco.small_model.uncertainty.training_names import KnownNames, name_vectors
from unco.small_model.uncertainty.type_signals import type_signals
from unco.small_model.windows import PIECES, cut_windows
from unco.types import Box, Label, Span, Thresholds, Uncertainty


@dataclass(frozen=True, slots=True)
class Prediction:
    """One entity as the small model sees it."""

    span: Span
    type: str
    region: Box | None
    nats: Uncertainty
    """Raw: in nats, or a chance where the estimator says one."""
    uncertainty: Uncertainty
    """Normalised to [0, 1]."""


T = TypeVar("T")
Reading = tuple[Estimator, Scheme]
"""How uncertainty is estimated, and what types are given out in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A network with everything that turns its numbers into entities."""

    network: Network
    tokenizer: Tokenizer
    normaliser: Normaliser
    thresholds: Thresholds
    """Chosen for this normaliser."""
    scheme: Scheme
    """What types are given out in."""
    estimator: Estimator = Estimator()
    heads: Heads = "decoder"
    """Who is asked when posts are decoded."""
    span_regression: Regression | None = None
    """From `span_signals` to the chance of a wrong span, for estimators that are learned."""
    known_names: KnownNames | None = None
    type_regressions: Mapping[str, Regression] = field(default_factory=dict)
    """By scheme, from `type_signals` to the chance of a wrong type."""
    batch_size: int = 32
    name: str = "unnamed"

    @property
    def labels(self) -> tuple[Label, ...]:
        """The types that are given out."""
        return self.scheme.labels

    def predict(self, posts: Sequence[ModelInput]) -> list[list[Prediction]]:
        """Entities of each post, in text order.

        A post's result does not depend on the others in the call (up to float rounding, about 1e-6). Long posts are
        read in windows; no word is left out.

        Raises:
            SettingsError: a region lacks the visual features that the network reads.
            SetupError: there is not enough memory even for one post at a time.
        """
        return self.predict_each(posts, [(self.estimator, self.scheme)])[0]

    def predict_each(self, posts: Sequence[ModelInput], readings: Sequence[Reading]) -> list[list[list[Prediction]]]:
        """The same spans and regions with each estimator's uncertainties, in each scheme's types.

        Posts are encoded and decoded once. The normaliser is the predictor's own throughout.
        """
        results: list[list[list[Prediction]]] = [[[] for _ in posts] for _ in readings]
        for index, first, found in self._read_windows(posts, lambda part: self._run(part, readings)):
            for result, entities in zip(results, found, strict=True):
                result[index] += [self._finish(entity, posts[index], first) for entity in entities]
        return results

    def signals(self, posts: Sequence[ModelInput]) -> list[list[Signals]]:
        """What a learned estimator reads of each entity, in the order of `predict`; see `span_signals`."""
        results: list[list[Signals]] = [[] for _ in posts]
        for index, _, found in self._read_windows(posts, self._signals):
            results[index] += found
        return results

    def type_signals(self, posts: Sequence[ModelInput], scheme: Scheme) -> list[list[Signals]]:
        """What a learned estimator reads of each entity's type, in the order of `predict`; see `type_signals`.

        Raises:
            SettingsError: no names are known.
        """
        results: list[list[Signals]] = [[] for _ in posts]
        for index, _, found in self._read_windows(posts, lambda part: self._type_signals(part, scheme)):
            results[index] += found
        return results

    def name_vectors(self, posts: Sequence[ModelInput], spans: Sequence[Sequence[Span]]) -> list[Tensor]:
        """What the encoder makes of names, of each post (E, d); those that two windows share are left out."""
        found: list[list[Tensor]] = [[] for _ in posts]
        for index, first, words in self._read_windows(posts, self._words):
            inside = [Span(one.start - first, one.stop - first) for one in spans[index] if first <= one.start]
            found[index].append(name_vectors(words, [one for one in inside if one.stop <= len(words)]))
        return [torch.cat(parts) for parts in found]

    def _read_windows(
        self, posts: Sequence[ModelInput], read: Callable[[Sequence[EncodedPost]], list[T]]
    ) -> list[tuple[int, int, T]]:
        """What is read of each window in batches of similar length: the post's index, the first word, the finding."""
        windows = [
            (index, first, encode_post(post, self.tokenizer, slice(first, stop)))
            for index, post in enumerate(posts)
            for first, stop in cut_windows(post.words, self.tokenizer, self._room(post))
        ]
        order = sorted(range(len(windows)), key=lambda i: len(windows[i][2].pieces.ids))
        found: dict[int, T] = {}
        for start in range(0, len(order), self.batch_size):
            chosen = order[start : start + self.batch_size]
            found |= dict(zip(chosen, run_in_parts(read, [windows[i][2] for i in chosen], _describe), strict=True))
        return [(index, first, found[i]) for i, (index, first, _) in enumerate(windows)]

    def _room(self, post: ModelInput) -> int:
        """Word pieces of a window, so that marks and caption fit beside them."""
        beside = CAPTION_PIECES + 3 if post.caption else 2
        return min(PIECES, self.network.config.positions - beside)

    @torch.inference_mode()
    def _run(self, posts: Sequence[EncodedPost], readings: Sequence[Reading]) -> list[list[list["_Raw"]]]:
        """Entities by post and reading."""
        network = self.network
        batch, memory, decoded = self._decode(posts)
        keys = ["\x1f".join(post.words) for post in posts]
        ran: dict[McDropout, tuple[Passes, ...]] = {}
        means: dict[tuple[McDropout, Heads], MeanProbabilities] = {}
        learned = any(estimator.span == "learned" for estimator, _ in readings)
        spans = self._chances(memory, decoded) if learned else None
        read = []
        for estimator, scheme in readings:
            sampling, key = estimator.sampling, (estimator.sampling, estimator.heads)
            if sampling not in ran:
                ran[sampling] = run_passes(network, batch, memory, decoded, keys, sampling)
            if key not in means:
                means[key] = mean_probabilities(network, decoded, ran[sampling], estimator.heads)
            types = self._type_chances(memory, decoded, scheme) if estimator.type == "learned" else None
            chances = _Chances(spans if estimator.span == "learned" else None, types)
            read.append(self._read(decoded, means[key], estimator, scheme, chances))
        return [list(entities) for entities in zip(*read, strict=True)]

    def _encode(self, posts: Sequence[EncodedPost]) -> tuple[Batch, Memory]:
        network = self.network.eval()
        batch = make_batch(posts, self.tokenizer, network.config.visual_features)
        batch = batch.to(next(network.parameters()).device)
        return batch, network.encode(batch)

    def _decode(self, posts: Sequence[EncodedPost]) -> tuple[Batch, Memory, Decoded]:
        batch, memory = self._encode(posts)
        return batch, memory, decode_greedily(self.network, memory, self.heads)

    @torch.inference_mode()
    def _signals(self, posts: Sequence[EncodedPost]) -> list[list[Signals]]:
        _, memory, decoded = self._decode(posts)
        return span_signals(self.network, memory, decoded)

    @torch.inference_mode()
    def _type_signals(self, posts: Sequence[EncodedPost], scheme: Scheme) -> list[list[Signals]]:
        _, memory, decoded = self._decode(posts)
        if self.known_names is None:
            raise self._not_fitted()
        return type_signals(self.network, self.known_names, memory, decoded, scheme)

    @torch.inference_mode()
    def _words(self, posts: Sequence[EncodedPost]) -> list[Tensor]:
        """Vectors of each post's words, (W, d)."""
        _, memory = self._encode(posts)
        return [words[:count] for words, count in zip(memory.words, memory.counts.tolist(), strict=True)]

    def _chances(self, memory: Memory, decoded: Decoded) -> list[list[float]]:
        """Of a wrong span, by post."""
        chance = self.span_regression
        if chance is None:
            raise self._not_fitted()
        return [[chance(signals) for signals in post] for post in span_signals(self.network, memory, decoded)]

    def _type_chances(self, memory: Memory, decoded: Decoded, scheme: Scheme) -> list[list[float]]:
        """Of a wrong type, by post."""
        known, chance = self.known_names, self.type_regressions.get(scheme.name)
        if known is None or chance is None:
            raise self._not_fitted()
        found = type_signals(self.network, known, memory, decoded, scheme)
        return [[chance(signals) for signals in post] for post in found]

    def _not_fitted(self) -> SettingsError:
        return SettingsError(f"{self.name} was not fitted for a learned estimator: choose another, or train it anew")

    def _read(
        self,
        decoded: Decoded,
        means: MeanProbabilities,
        estimator: Estimator,
        scheme: Scheme,
        chances: "_Chances",
    ) -> list[list["_Raw"]]:
        labels = len(self.network.config.labels)
        columns = slice(FIRST_TYPE, FIRST_TYPE + labels)
        types = fold_types(means.symbols[..., columns], scheme)
        steps = step_uncertainty(decoded.symbols, means.symbols, types, means.regions, estimator)
        said = fold_types(decoded.probabilities[..., columns], scheme).argmax(-1).tolist()
        regions, none = decoded.regions.argmax(-1).tolist(), means.regions.shape[-1] - 1
        values = (steps.spans.tolist(), steps.types.tolist(), steps.regions.tolist())
        posts: list[list[_Raw]] = []
        for row, symbols in enumerate(decoded.symbols.tolist()):
            spans, kinds, places = (column[row] for column in values)
            posts.append([])
            for index, entity in enumerate(decode_symbols(symbols, labels)):
                step = entity.type_step
                span = chances.spans[row][index] if chances.spans else span_uncertainty(entity, spans, estimator.span)
                kind = chances.types[row][index] if chances.types else kinds[step]
                nats = Uncertainty(span, kind, places[step])
                region = regions[row][step] if regions[row][step] < none else None
                posts[-1].append(_Raw(entity.span, scheme.labels[said[row][step]].name, region, nats))
        return posts

    def _finish(self, raw: "_Raw", post: ModelInput, first_word: int) -> Prediction:
        return Prediction(
            span=Span(raw.span.start + first_word, raw.span.stop + first_word),
            type=raw.type,
            region=post.candidates[raw.region].box if raw.region is not None else None,
            nats=raw.nats,
            uncertainty=self.normaliser(raw.nats),
        )

    def to(self, device: torch.device | str) -> "Predictor":
        """The same on a device; the network itself moves there, for all who hold it."""
        known = self.known_names.to(device) if self.known_names else None
        return replace(self, network=self.network.to(device), known_names=known)

    def with_estimator(self, estimator: Estimator) -> "Predictor":
        """The same with another estimate of uncertainty; normaliser and thresholds stay those of the first."""
        return replace(self, estimator=estimator)


@dataclass(frozen=True, slots=True)
class _Chances:
    """Of wrong spans and types, by post and entity; None = they are not learned but read off the steps."""

    spans: list[list[float]] | None
    types: list[list[float]] | None


@dataclass(frozen=True, slots=True)
class _Raw:
    span: Span
    type: str
    region: int | None
    nats: Uncertainty


def _describe(post: EncodedPost) -> str:
    return f"one post of {len(post.words)} words and {len(post.kinds)} regions"
