"""The small model in use: posts in, entities with raw and normalised uncertainties out. Works without the graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from tokenizers import Tokenizer
from torch import Tensor

from unco.errors import SettingsError
from unco.small_model.batch import CAPTION_PIECES, Batch, EncodedPost, encode_post, make_batch
from unco.small_model.config import Estimator, Heads, McDropout, Scheme
from unco.small_model.decoder import Memory
from unco.small_model.decoding import Decoded, decode_greedily
from unco.small_model.mc_dropout import MeanProbabilities, Passes, mean_probabilities, run_passes
from unco.small_model.memory import run_in_parts
from unco.small_model.model_input import ModelInput
from unco.small_model.network import Network
from unco.small_model.regression import Regression
from unco.small_model.span_signals import Signals, span_signals
from unco.small_model.symbols import FIRST_TYPE, decode_symbols
from unco.small_model.uncertainty import Normaliser, span_uncertainty, step_uncertainty
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
        chances = self._chances(memory, decoded) if learned else None
        read = []
        for estimator, scheme in readings:
            sampling, key = estimator.sampling, (estimator.sampling, estimator.heads)
            if sampling not in ran:
                ran[sampling] = run_passes(network, batch, memory, decoded, keys, sampling)
            if key not in means:
                means[key] = mean_probabilities(network, decoded, ran[sampling], estimator.heads)
            spans = chances if estimator.span == "learned" else None
            read.append(self._read(decoded, means[key], estimator, scheme, spans))
        return [list(entities) for entities in zip(*read, strict=True)]

    def _decode(self, posts: Sequence[EncodedPost]) -> tuple[Batch, Memory, Decoded]:
        network = self.network.eval()
        batch = make_batch(posts, self.tokenizer, network.config.visual_features)
        batch = batch.to(next(network.parameters()).device)
        memory = network.encode(batch)
        return batch, memory, decode_greedily(network, memory, self.heads)

    @torch.inference_mode()
    def _signals(self, posts: Sequence[EncodedPost]) -> list[list[Signals]]:
        _, memory, decoded = self._decode(posts)
        return span_signals(self.network, memory, decoded)

    def _chances(self, memory: Memory, decoded: Decoded) -> list[list[float]]:
        """Of a wrong span, by post."""
        chance = self.span_regression
        if chance is None:
            raise SettingsError(f"{self.name} was not fitted for a learned estimator: choose another, or train it anew")
        return [[chance(signals) for signals in post] for post in span_signals(self.network, memory, decoded)]

    def _read(
        self,
        decoded: Decoded,
        means: MeanProbabilities,
        estimator: Estimator,
        scheme: Scheme,
        chances: list[list[float]] | None,
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
                span = chances[row][index] if chances is not None else span_uncertainty(entity, spans, estimator.span)
                nats = Uncertainty(span, kinds[step], places[step])
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

    def with_estimator(self, estimator: Estimator) -> "Predictor":
        """The same with another estimate of uncertainty; normaliser and thresholds stay those of the first."""
        return replace(self, estimator=estimator)


@dataclass(frozen=True, slots=True)
class _Raw:
    span: Span
    type: str
    region: int | None
    nats: Uncertainty


def _describe(post: EncodedPost) -> str:
    return f"one post of {len(post.words)} words and {len(post.kinds)} regions"


def fold_types(probabilities: Tensor, scheme: Scheme) -> Tensor:
    """Probabilities of the network's labels summed up to those of a scheme's. (.., N) -> (.., labels of the scheme)."""
    folded = probabilities.new_zeros(*probabilities.shape[:-1], len(scheme.labels))
    return folded.index_add(-1, torch.tensor(scheme.of, device=probabilities.device), probabilities)
