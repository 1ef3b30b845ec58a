"""The shapes of a network's parameters, known without making one: files of a checkpoint are checked against them."""

from collections.abc import Iterator, Mapping

from unco.small_model.batch import GEOMETRY, KINDS, Array
from unco.small_model.config import NEIGHBOURS, ModelConfig
from unco.small_model.decoding.symbols import FIRST_TYPE
from unco.small_model.stored.quantise import PIECES, SCALE, QuantisedRows
from unco.small_model.words import Casing, Prefix, Shape

Shapes = Iterator[tuple[str, tuple[int, ...]]]


def check_weights(weights: Mapping[str, Array], pieces: QuantisedRows, config: ModelConfig) -> None:
    """Check that weights are those of a network with an encoder of our own.

    Args:
        weights: all but the embeddings of the word pieces.
        pieces: these embeddings.
        config: of the network.

    Raises:
        ValueError: one is missing, unknown, or of another shape or kind of number.
    """
    expected = dict(parameter_shapes(config))
    rows = expected.pop(PIECES)
    for name in sorted(expected.keys() ^ weights.keys()):
        raise ValueError(f"{name} is {'missing' if name in expected else 'unknown'}")
    for name, shape in expected.items():
        _check(name, weights[name], shape, "float32")
    _check(PIECES, pieces.rows, rows, "int8")
    _check(f"{PIECES}{SCALE}", pieces.scales, rows[:1], "float32")


def _check(name: str, array: Array, shape: tuple[int, ...], kind: str) -> None:
    if (array.shape, array.dtype.name) != (shape, kind):
        raise ValueError(f"{name} is {array.dtype.name} of the shape {array.shape} and not {kind} of {shape}")


def parameter_shapes(config: ModelConfig) -> Shapes:
    """List name and shape of each parameter, by the names that torch's network gives them."""
    d, labels = config.hidden, len(config.labels)
    yield PIECES, (config.vocabulary, d)
    yield "encoder.position.weight", (config.positions, d)
    for name, kinds in (("shape", Shape), ("prefix", Prefix), ("post", Casing)):
        yield f"encoder.casing.{name}.weight", (len(kinds), d)
    yield from _norm("encoder.norm", d)
    for index in range(config.encoder_layers):
        yield from _layer(f"encoder.layers.{index}", config, ("attention",))
    yield from _regions(config)
    yield "decoder.symbol.weight", (FIRST_TYPE + labels + 1, d)
    yield "decoder.position.weight", (config.decoder_positions, d)
    yield from _norm("decoder.norm", d)
    for index in range(config.decoder_layers):
        yield from _layer(f"decoder.layers.{index}", config, ("attention", "cross"))
    for name in ("word_input", "word_key", "region_key", "pointer_out", "region_out"):
        yield from _linear(f"decoder.{name}", d, d)
    yield from _linear("decoder.special_out", d, FIRST_TYPE + labels)
    if not config.whole_picture_is_none:
        yield from _linear("decoder.no_region", d, 1)
    yield from _linear("tagger", d, 1 + 2 * labels)
    if config.post_starts:
        yield from _post_starts(d, config.post_starts)


def _layer(name: str, config: ModelConfig, attentions: tuple[str, ...]) -> Shapes:
    for attention in attentions:
        for part in ("query", "key", "value", "output"):
            yield from _linear(f"{name}.{attention}.{part}", config.hidden, config.hidden)
        yield from _norm(f"{name}.{attention}_norm", config.hidden)
    yield from _linear(f"{name}.feed_forward.widen", config.hidden, config.feed_forward)
    yield from _linear(f"{name}.feed_forward.narrow", config.feed_forward, config.hidden)
    yield from _norm(f"{name}.feed_forward_norm", config.hidden)


def _regions(config: ModelConfig) -> Shapes:
    d = config.hidden
    if not config.features_alone:
        yield "regions.kind.weight", (len(KINDS), d)
        yield from _linear("regions.geometry", GEOMETRY, d)
        yield from _linear("regions.text", d, d)
    yield from _linear("regions.mix", d, d)
    if config.visual_features:
        yield from _norm("regions.visual.0", config.visual_features)
        yield from _linear("regions.visual.1", config.visual_features, d)
        yield from _linear("regions.visual.3", d, d)
    yield from _norm("regions.norm", d)


def _post_starts(d: int, units: int) -> Shapes:
    yield from _linear("post_starts.narrow", d, units)
    name = "post_starts.attention"
    yield f"{name}.self_attn.in_proj_weight", (3 * units, units)
    yield f"{name}.self_attn.in_proj_bias", (3 * units,)
    yield from _linear(f"{name}.self_attn.out_proj", units, units)
    yield from _linear(f"{name}.linear1", units, 2 * units)
    yield from _linear(f"{name}.linear2", 2 * units, units)
    for norm in ("norm1", "norm2"):
        yield from _norm(f"{name}.{norm}", units)
    yield from _linear("post_starts.hidden", 2 * NEIGHBOURS * (d + units), units)
    yield from _linear("post_starts.output", units, 1)


def _linear(name: str, inputs: int, outputs: int) -> Shapes:
    yield f"{name}.weight", (outputs, inputs)
    yield f"{name}.bias", (outputs,)


def _norm(name: str, width: int) -> Shapes:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)
