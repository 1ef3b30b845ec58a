"""The least that Monte Carlo dropout can cost: multiply-adds and weights read, counted from the shapes alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unco.small_model.batch import GEOMETRY
from unco.small_model.network.config import ModelConfig
from unco.small_model.network.symbols import FIRST_TYPE

FLOAT = 4
"""Bytes of a weight."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """One post, without padding."""

    pieces: int
    """With the two marks."""
    words: int
    regions: int
    steps: int
    """Symbols decoded, `<end>` included."""


@dataclass(frozen=True, slots=True)
class Work:
    """What three stages need, in one unit."""

    encode: int
    decode: int
    passes: int
    """Of T teacher-forced passes."""

    @property
    def ratio(self) -> float:
        """Of all three to the first two: what T passes cost beside a deterministic prediction, at best."""
        return 1 + self.passes / (self.encode + self.decode)


def multiply_adds(config: ModelConfig, posts: Sequence[Lengths], passes: int) -> Work:
    """Multiply-adds of matrix products; norms, activations, softmaxes and the second head are left out.

    Keys and values of the posts are computed once, in `encode`. A step of a pass costs what a step of decoding does; a
    pass leaves the last step, `<end>`, out.

    Args:
        config: sizes.
        posts: each counted at its own length.
        passes: T.
    """
    decode, again = (
        sum(_decoder(config, replace(post, steps=post.steps - left_out)) for post in posts) for left_out in (0, 1)
    )
    return Work(sum(_encoder(config, post) for post in posts), decode, passes * again)


def _encoder(config: ModelConfig, post: Lengths) -> int:
    square = config.hidden**2
    slots = post.words + post.regions
    layer = post.pieces * (4 * square + 2 * config.hidden * config.feed_forward) + 2 * post.pieces**2 * config.hidden
    cross = config.decoder_layers * 2 * square * slots
    keys = square * (2 * post.words + post.regions)  # pointers' keys and word inputs; regions' keys
    region = 2 * square + GEOMETRY * config.hidden  # recognised text, mixing, geometry
    if config.visual_features:
        region += config.visual_features * config.hidden + square
    return config.encoder_layers * layer + cross + keys + post.regions * region


def _decoder(config: ModelConfig, post: Lengths) -> int:
    square, slots, specials = config.hidden**2, post.words + post.regions, FIRST_TYPE + len(config.labels)
    layer = 6 * square + 2 * config.hidden * config.feed_forward  # own attention 4, cross-attention 2
    looks = config.decoder_layers * 2 * config.hidden * slots  # cross-attention
    heads = 2 * square + config.hidden * (specials + slots)
    own = config.decoder_layers * config.hidden * post.steps * (post.steps + 1)  # step i looks at i steps, twice
    return post.steps * (config.decoder_layers * layer + looks + heads) + own


def weight_bytes(config: ModelConfig, steps: int) -> Work:
    """Bytes of layers' weights that must be read, each once per product; embeddings and biases are left out.

    One batch: the encoder is read once, the decoder at each step, and once for all passes.

    Args:
        config: sizes.
        steps: of the batch's longest post.
    """
    square, inner = config.hidden**2, 2 * config.hidden * config.feed_forward
    encode = config.encoder_layers * (4 * square + inner) + (3 + 2 * config.decoder_layers) * square
    step = config.decoder_layers * (6 * square + inner) + config.hidden * (FIRST_TYPE + len(config.labels)) + 2 * square
    return Work(FLOAT * encode, FLOAT * step * steps, FLOAT * step)
