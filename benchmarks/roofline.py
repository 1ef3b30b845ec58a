"""Compute the least cost of Monte Carlo dropout: multiply-adds and weights read, counted from the shapes alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unco.small_model.batch import GEOMETRY
from unco.small_model.config import ModelConfig
from unco.small_model.decoding.symbols import FIRST_TYPE

FLOAT = 4
"""Bytes of a weight."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of one post, without padding."""

    pieces: int
    """Word pieces, with the two special tokens."""
    words: int
    regions: int
    steps: int
    """Symbols decoded, `<end>` included."""


@dataclass(frozen=True, slots=True)
class Work:
    """Work of the three stages, in one unit."""

    encode: int
    decode: int
    passes: int
    """Work of T teacher-forced passes."""

    @property
    def ratio(self) -> float:
        """Ratio of all three stages to the first two: the least cost of T passes over a deterministic prediction."""
        return 1 + self.passes / (self.encode + self.decode)


def multiply_adds(config: ModelConfig, posts: Sequence[Lengths], passes: int) -> Work:
    """Count the multiply-adds of matrix products, without norms, activations, softmaxes and the second head.

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
    cross_attention = config.decoder_layers * 2 * config.hidden * slots  # cross-attention
    heads = 2 * square + config.hidden * (specials + slots)
    own = config.decoder_layers * config.hidden * post.steps * (post.steps + 1)  # step i looks at i steps, twice
    return post.steps * (config.decoder_layers * layer + cross_attention + heads) + own


def weight_bytes(config: ModelConfig) -> Work:
    """Count the bytes of layer weights that must be read, each once per product, without embeddings and biases.

    One batch: the encoder is read once, so is the decoder for a right draft, and once more for all passes.
    """
    square, inner = config.hidden**2, 2 * config.hidden * config.feed_forward
    encode = config.encoder_layers * (4 * square + inner) + (3 + 2 * config.decoder_layers) * square
    step = config.decoder_layers * (6 * square + inner) + config.hidden * (FIRST_TYPE + len(config.labels)) + 2 * square
    return Work(FLOAT * encode, FLOAT * step, FLOAT * step)
