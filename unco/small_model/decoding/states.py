"""What decoding asks of a network, whether torch runs it or NumPy."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from unco.small_model.batch import Array, Batch
from unco.small_model.config import ModelConfig
from unco.small_model.decoding.tagging_head import Tags

Numbers = Any
"""An array of NumPy, or a tensor of torch on the device of its network: only that network computes with it."""

KeyValue = tuple[Numbers, Numbers]
"""Keys and values of an attention, each (B, heads, S, hidden / heads)."""

Past = tuple[KeyValue, ...]
"""Keys and values of the steps so far, by decoder layer."""


@dataclass(frozen=True, slots=True)
class EncoderStates:
    """Encoder output of a batch: computed once, shared by every step and every Monte Carlo pass."""

    words: Numbers
    """(B, W, d), word states."""
    word_keys: Numbers
    """(B, W, d), what pointers are compared with."""
    word_inputs: Numbers
    """(B, W, d), the decoder's input for a pointer to each word."""
    region_keys: Numbers
    """(B, slots, d), what the region pointer is compared with: K regions, and one more with `whole_picture_is_none`."""
    region_mask: Numbers
    """(B, slots) bool, True = may be pointed at."""
    counts: Array
    """(B,) words of each post."""
    layers: tuple[KeyValue, ...]
    """Keys and values of each decoder layer's cross-attention."""
    mask: Numbers
    """(B, 1, 1, W + K) bool, True = a word or region, False = padding."""

    def take(self, posts: list[int]) -> "EncoderStates":
        """Select some of the posts, by index."""
        layers = tuple((keys[posts], values[posts]) for keys, values in self.layers)
        fields = {name: getattr(self, name)[posts] for name in self.__slots__ if name != "layers"}
        return EncoderStates(**fields, layers=layers)


class Steps(NamedTuple):
    """What a network says at some steps."""

    symbols: Array
    """(B, L, 3 + types + W), logits of the next symbol, legal or not."""
    regions: Array
    """(B, L, K + 1), probabilities of the regions; the last is "not groundable" (Eq. 2)."""
    region_energies: Array
    """(B, L), minus the log-sum-exp of the logits that these come from."""
    past: Past
    """Of all steps so far."""


class Runtime(Protocol):
    """Runs a network on posts, in evaluation mode."""

    @property
    def config(self) -> ModelConfig:
        """What the network is made of."""

    def encode(self, batch: Batch) -> EncoderStates:
        """Run both encoders once."""

    def read_tags(self, encoded: EncoderStates) -> Tags:
        """Run the tagging head on encoded posts."""

    def read_steps(self, previous: Array, encoded: EncoderStates, past: Past | None = None) -> Steps:
        """Run the decoder on new steps.

        Args:
            previous: input symbols, (B, L).
            encoded: encoder states of the B posts.
            past: what an earlier call returned, for the steps before.
        """

    def multiply(self, left: Array, right: Array) -> Array:
        """Multiply two large matrices, (M, K) and (K, N) -> (M, N).

        The threads that run the network do it: two pools of threads slow each other down.
        """

    def word_states(self, encoded: EncoderStates) -> Array:
        """Return the states of the words, (B, W, d)."""

    def log_odds_of_starts(self, words: Array) -> Array | None:
        """Compute the log-odds that a text begins at each word, from their states, (W, d); None = not learned."""
