"""The network in NumPy, for prediction: the same numbers as in torch up to float rounding, without torch's start.

Up to a few dozen word pieces at a time it is also quicker; beyond that torch is (see `network.py`).
"""

from collections.abc import Mapping

import numpy as np

from unco.small_model.batch import WHOLE_PICTURE, Array, Batch
from unco.small_model.config import NEIGHBOURS, ModelConfig, heads_of_starts
from unco.small_model.decoding.arrays import log_sum_exp, softmax
from unco.small_model.decoding.states import EncoderStates, KeyValue, Past, Steps
from unco.small_model.decoding.symbols import BEGIN, FIRST_TYPE
from unco.small_model.decoding.tagging_head import Tags, read_tags
from unco.small_model.stored.numpy_layers import (
    attend,
    attention,
    feed_forward,
    gelu,
    key_value,
    layer_norm,
    linear,
    split_heads,
)
from unco.small_model.stored.quantise import QuantisedRows

FEW = 64
"""Word pieces of a batch, padding included, or steps, up to which NumPy is as quick as torch."""

TORCH_EPS = 1e-5
"""Of the norms that keep torch's own."""


class NumpyNetwork:
    """See `Runtime`; the weights have the names that torch's network gives them."""

    def __init__(self, config: ModelConfig, weights: Mapping[str, Array], pieces: QuantisedRows) -> None:
        """Take the weights of an encoder of our own; they are not copied."""
        self.config = config
        self.long_work = 0
        """Word pieces and steps that were read in batches of more than `FEW`."""
        self._weights = weights
        self._pieces = pieces

    def encode(self, batch: Batch) -> EncoderStates:
        """Run both encoders once."""
        self._count(batch.piece_ids)
        words, regions = self._words(batch), self._regions(batch)
        states = np.concatenate([words, regions], 1)
        real = np.arange(words.shape[1]) < batch.words[:, None]
        region_keys, region_mask = self._slots(batch, regions)
        return EncoderStates(
            words=words,
            word_keys=self._linear("decoder.word_key", words),
            word_inputs=self._linear("decoder.word_input", words),
            region_keys=region_keys,
            region_mask=region_mask,
            counts=batch.words,
            layers=tuple(
                key_value(self._weights, f"decoder.layers.{index}.cross", states, self.config.heads)
                for index in range(self.config.decoder_layers)
            ),
            mask=np.concatenate([real, batch.region_mask], 1)[:, None, None, :],
        )

    def read_tags(self, encoded: EncoderStates) -> Tags:
        """Run the tagging head on encoded posts."""
        return read_tags(self._linear("tagger", encoded.words), encoded.counts)

    def read_steps(self, previous: Array, encoded: EncoderStates, past: Past | None = None) -> Steps:
        """Run the decoder on new steps."""
        self._count(previous)
        x, past = self._decode(previous, encoded, past)
        scale = np.float32(x.shape[-1] ** -0.5)
        words = (self._linear("decoder.pointer_out", x) * scale) @ encoded.word_keys.swapaxes(1, 2)
        regions = (self._linear("decoder.region_out", x) * scale) @ encoded.region_keys.swapaxes(1, 2)
        regions = np.where(encoded.region_mask[:, None], regions, np.float32(-np.inf))
        if not self.config.whole_picture_is_none:
            regions = np.concatenate([regions, self._linear("decoder.no_region", x)], -1)
        symbols = np.concatenate([self._linear("decoder.special_out", x), words], -1)
        return Steps(symbols, softmax(regions), -log_sum_exp(regions), past)

    def multiply(self, left: Array, right: Array) -> Array:
        """Multiply two matrices: (M, K) and (K, N) -> (M, N)."""
        product: Array = left @ right
        return product

    def word_states(self, encoded: EncoderStates) -> Array:
        """Return the states of the words, (B, W, d)."""
        states: Array = encoded.words
        return states

    def log_odds_of_starts(self, words: Array) -> Array | None:
        """Compute the log-odds that a text begins at each word; see `PostStarts`."""
        if not self.config.post_starts:
            return None
        around = np.concatenate([words, self._seen(words)], -1)
        padded = np.pad(around, ((NEIGHBOURS, NEIGHBOURS), (0, 0)))
        beside = np.concatenate([padded[first : first + len(words)] for first in range(2 * NEIGHBOURS)], -1)
        found: Array = self._linear("post_starts.output", gelu(self._linear("post_starts.hidden", beside)))
        return found[:, 0]

    def _seen(self, words: Array) -> Array:
        """Run the transformer layer over the words of a run: (W, d) -> (W, units)."""
        name, x = "post_starts.attention", self._linear("post_starts.narrow", words)
        normed = layer_norm(self._weights, f"{name}.norm1", x, TORCH_EPS)
        weight, bias = (self._weights[f"{name}.self_attn.in_proj_{part}"] for part in ("weight", "bias"))
        parts = np.split(normed @ weight.T + bias, 3, -1)
        query, keys, values = (split_heads(part[None], heads_of_starts(self.config.post_starts)) for part in parts)
        x = x + self._linear(f"{name}.self_attn.out_proj", attend(query, (keys, values), None)[0])
        normed = layer_norm(self._weights, f"{name}.norm2", x, TORCH_EPS)
        return x + self._linear(f"{name}.linear2", gelu(self._linear(f"{name}.linear1", normed)))

    def _count(self, read: Array) -> None:
        self.long_work += read.size if read.size > FEW else 0

    def _linear(self, name: str, x: Array) -> Array:
        return linear(self._weights, name, x)

    def _norm(self, name: str, x: Array) -> Array:
        return layer_norm(self._weights, name, x, self.config.norm_eps)

    def _words(self, batch: Batch) -> Array:
        """Run the text encoder: word states of shape (B, W, d), zero beyond a post's words."""
        x = self._norm("encoder.norm", self._embedded(batch))
        mask = None if batch.piece_mask.all() else batch.piece_mask[:, None, None, :]
        for index in range(self.config.encoder_layers):
            name = f"encoder.layers.{index}"
            own = key_value(self._weights, f"{name}.attention", x, self.config.heads)
            x = self._norm(f"{name}.attention_norm", x + attention(self._weights, f"{name}.attention", x, own, mask))
            x = self._norm(f"{name}.feed_forward_norm", x + feed_forward(self._weights, f"{name}.feed_forward", x))
        return _pool_words(x, batch.word_of_piece, int(batch.words.max()))

    def _embedded(self, batch: Batch) -> Array:
        tables = self._weights
        x = self._pieces(batch.piece_ids) + tables["encoder.position.weight"][: batch.piece_ids.shape[1]]
        x += tables["encoder.casing.shape.weight"][batch.shapes]
        x += tables["encoder.casing.prefix.weight"][batch.prefixes]
        x += tables["encoder.casing.post.weight"][batch.casings][:, None]
        return x

    def _regions(self, batch: Batch) -> Array:
        """Run the region encoder: (B, K, d)."""
        parts = [] if self.config.features_alone else [self._described(batch)]
        if self.config.visual_features:
            seen = layer_norm(self._weights, "regions.visual.0", batch.features, TORCH_EPS)
            parts.append(self._linear("regions.visual.3", gelu(self._linear("regions.visual.1", seen))))
        x = sum(parts[1:], parts[0])
        return self._norm("regions.norm", x + self._linear("regions.mix", gelu(x)))

    def _described(self, batch: Batch) -> Array:
        """Embed place, kind and recognised text of regions: (B, K, d)."""
        real = batch.region_texts >= 0  # (B, K, X)
        text = (self._pieces(np.maximum(batch.region_texts, 0)) * real[..., None]).sum(2)
        text /= np.maximum(real.sum(2), 1)[..., None].astype(np.float32)
        x: Array = self._weights["regions.kind.weight"][batch.kinds]
        return x + self._linear("regions.geometry", batch.geometry) + self._linear("regions.text", text)

    def _slots(self, batch: Batch, regions: Array) -> tuple[Array, Array]:
        """Compute keys and mask of what can be pointed at, see `EncoderStates`; as `_with_last_slot` in torch."""
        keys, mask = self._linear("decoder.region_key", regions), batch.region_mask
        if not self.config.whole_picture_is_none:
            return keys, mask
        whole = batch.kinds == WHOLE_PICTURE
        last = whole[:, None].astype(np.float32) @ keys / np.maximum(whole.sum(1), 1)[:, None, None].astype(np.float32)
        there = np.ones((len(mask), 1), bool)
        return np.concatenate([keys, last], 1), np.concatenate([mask & ~whole, there], 1)

    def _decode(self, previous: Array, encoded: EncoderStates, past: Past | None) -> tuple[Array, Past]:
        """Compute the states of new steps, (B, L, d), and the keys and values of all steps so far."""
        before, steps = past[0][0].shape[2] if past else 0, previous.shape[1]
        places = np.minimum(np.arange(before, before + steps), self.config.decoder_positions - 1)
        x = self._said(previous, encoded) + self._weights["decoder.position.weight"][places]
        x = self._norm("decoder.norm", x)
        causal = np.tri(steps, before + steps, before, dtype=bool)
        kept: list[KeyValue] = []
        for index, cross in enumerate(encoded.layers):
            name = f"decoder.layers.{index}"
            own = key_value(self._weights, f"{name}.attention", x, self.config.heads)
            if past:
                keys, values = (np.concatenate(pair, 2) for pair in zip(past[index], own, strict=True))
                own = keys, values
            kept.append(own)
            x = self._norm(f"{name}.attention_norm", x + attention(self._weights, f"{name}.attention", x, own, causal))
            x = self._norm(f"{name}.cross_norm", x + attention(self._weights, f"{name}.cross", x, cross, encoded.mask))
            x = self._norm(f"{name}.feed_forward_norm", x + feed_forward(self._weights, f"{name}.feed_forward", x))
        return x, tuple(kept)

    def _said(self, previous: Array, encoded: EncoderStates) -> Array:
        """Embed input symbols: a pointer as its word, BEGIN as the last row of the table; (B, L, d)."""
        specials = FIRST_TYPE + len(self.config.labels)
        words: Array = np.take_along_axis(encoded.word_inputs, np.maximum(previous - specials, 0)[..., None], 1)
        special = np.where(previous == BEGIN, specials, np.minimum(previous, specials - 1))
        return np.where((previous >= specials)[..., None], words, self._weights["decoder.symbol.weight"][special])


def _pool_words(x: Array, word_of_piece: Array, width: int) -> Array:
    """Average each word's pieces. (B, P, d) and (B, P) -> (B, W, d); pieces of word -1 are left out."""
    shares = (word_of_piece[:, None] == np.arange(width)[:, None]).astype(np.float32)  # (B, W, P)
    means: Array = (shares @ x) / np.maximum(shares.sum(-1, keepdims=True), np.float32(1))
    return means
