"""The small model in use: posts in, entities with raw and normalised uncertainties out. Works without the graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from unco.small_model.batch import EncodedPost, encode_post, make_batch
from unco.small_model.config import McDropout, ModelConfig
from unco.small_model.decoding import Decoded, decode_greedily
from unco.small_model.mc_dropout import MeanProbabilities, mean_probabilities
from unco.small_model.network import Network
from unco.small_model.regions import Region
from unco.small_model.simulated_regions import whole_picture
from unco.small_model.symbols import decode_symbols
from unco.small_model.uncertainty import Normaliser, SpanVariant, entity_uncertainty, entropy
from unco.small_model.windows import cut_windows
from unco.types import Box, Label, Span, Thresholds, Uncertainty


@dataclass(frozen=True, slots=True)
class ModelInput:
    """A post as the small model takes it."""

    words: tuple[str, ...]
    regions: tuple[Region, ...] = ()
    """Candidates, without the whole picture, which is always added."""
    size: tuple[int, int] | None = None
    """(width, height) of the picture in pixels; None = no picture, so nothing is groundable."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One entity as the small model sees it."""

    span: Span
    type: str
    region: Box | None
    nats: Uncertainty
    """Raw: entropies in nats."""
    uncertainty: Uncertainty
    """Normalised to [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A network with everything that turns its numbers into entities."""

    network: Network
    tokenizer: Tokenizer
    normaliser: Normaliser
    thresholds: Thresholds
    """Chosen for this normaliser."""
    mc: McDropout = McDropout()
    span_variant: SpanVariant = "boundary"
    measure: Callable[[Tensor], Tensor] = entropy
    """Uncertainty of a distribution, (.., V) -> (..)."""
    batch_size: int = 32
    name: str = "unnamed"

    @property
    def labels(self) -> tuple[Label, ...]:
        """The label scheme."""
        return self.network.config.labels

    def predict(self, posts: Sequence[ModelInput]) -> list[list[Prediction]]:
        """Entities of each post, in text order.

        A post's result does not depend on the others in the call (up to float rounding, about 1e-6). Long posts are
        read in windows; no word is left out.
        """
        windows = [
            (index, first, self._encode(post, slice(first, stop)))
            for index, post in enumerate(posts)
            for first, stop in cut_windows(post.words, self.tokenizer)
        ]
        order = sorted(range(len(windows)), key=lambda i: len(windows[i][2].pieces.ids))
        found: list[list[Prediction]] = [[] for _ in windows]
        for start in range(0, len(order), self.batch_size):
            chosen = order[start : start + self.batch_size]
            for i, entities in zip(chosen, self._run([windows[i][2] for i in chosen]), strict=True):
                index, first, _ = windows[i]
                found[i] = [self._finish(entity, posts[index], first) for entity in entities]
        results: list[list[Prediction]] = [[] for _ in posts]
        for (index, _, _), predictions in zip(windows, found, strict=True):
            results[index] += predictions
        return results

    def _encode(self, post: ModelInput, words: slice) -> EncodedPost:
        size = post.size or (1, 1)
        regions = (*post.regions, whole_picture(size)) if post.size else ()
        return encode_post(post.words[words], regions, size, self.tokenizer)

    @torch.inference_mode()
    def _run(self, posts: Sequence[EncodedPost]) -> list[list["_Raw"]]:
        batch = make_batch(posts, self.tokenizer).to(next(self.network.parameters()).device)
        memory = self.network.eval().encode(batch)
        decoded = decode_greedily(self.network, memory)
        keys = ["\x1f".join(post.words) for post in posts]
        means = mean_probabilities(self.network, batch, memory, decoded.symbols, keys, self.mc)
        return _read_entities(decoded, means, self.network.config, self.measure, self.span_variant)

    def _finish(self, raw: "_Raw", post: ModelInput, first_word: int) -> Prediction:
        candidates = [region.box for region in (*post.regions, whole_picture(post.size))] if post.size else []
        return Prediction(
            span=Span(raw.span.start + first_word, raw.span.stop + first_word),
            type=self.network.config.types[raw.type_index],
            region=candidates[raw.region] if raw.region is not None else None,
            nats=raw.nats,
            uncertainty=self.normaliser(raw.nats),
        )

    def with_mc(self, mc: McDropout) -> "Predictor":
        """The same with other Monte Carlo settings."""
        return replace(self, mc=mc)


@dataclass(frozen=True, slots=True)
class _Raw:
    span: Span
    type_index: int
    region: int | None
    nats: Uncertainty


def _read_entities(
    decoded: Decoded,
    means: MeanProbabilities,
    config: ModelConfig,
    measure: Callable[[Tensor], Tensor],
    variant: SpanVariant,
) -> list[list[_Raw]]:
    tokens, regions = measure(means.symbols).tolist(), measure(means.regions).tolist()
    none = means.regions.shape[-1] - 1
    posts: list[list[_Raw]] = []
    for row, symbols in enumerate(decoded.symbols.tolist()):
        entities = decode_symbols(symbols, len(config.labels))
        chosen = decoded.regions[row].tolist()
        posts.append(
            [
                _Raw(
                    entity.span,
                    entity.type_index,
                    chosen[entity.type_step] if chosen[entity.type_step] < none else None,
                    entity_uncertainty(entity, tokens[row], regions[row], variant),
                )
                for entity in entities
            ]
        )
    return posts
