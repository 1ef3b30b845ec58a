"""The weights of a file are checked before anything is read with them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.tiny import TINY, tiny_network
from unco.small_model.batch import Array
from unco.small_model.config import ModelConfig
from unco.small_model.stored.in_torch import arrays_of
from unco.small_model.stored.quantise import PIECES, SCALE, dequantise, pieces_of, quantise
from unco.small_model.stored.shapes import check_weights, parameter_shapes

SIGHT = replace(TINY, visual_features=6, norm_eps=1e-5, post_starts=64, decoder_positions=5)


@pytest.mark.parametrize(
    "config",
    [
        TINY,
        SIGHT,
        replace(TINY, encoder_layers=1, decoder_layers=3),
        replace(SIGHT, features_alone=True, whole_picture_is_none=True),
    ],
)
def test_shapes_are_those_of_the_network_in_torch(config: ModelConfig) -> None:
    state = arrays_of(tiny_network(config=config))
    assert dict(parameter_shapes(config)) == {name: array.shape for name, array in state.items()}


def check(file: dict[str, Array]) -> None:
    pieces = pieces_of(file)
    check_weights(dequantise(file), pieces, TINY)


def put(name: str, array: Array) -> Callable[[dict[str, Array]], None]:
    return lambda file: file.update({name: array})


def leave_out(name: str) -> Callable[[dict[str, Array]], None]:
    return lambda file: (file.pop(name), None)[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (leave_out("tagger.bias"), "tagger.bias is missing"),
        (put("tagger.extra", np.zeros(1, np.float32)), "tagger.extra is unknown"),
        (put("tagger.bias", np.zeros(3, np.float32)), r"tagger.bias is float32 of the shape \(3,\) and not .* \(5,\)"),
        (put("tagger.bias", np.zeros(5)), "tagger.bias is float64 of .* and not float32"),
        (leave_out("tagger.weight::scale"), "tagger.weight is int8 of .* and not float32"),
        (leave_out(PIECES), "encoder.piece.weight is missing"),
        (leave_out(PIECES + SCALE), "encoder.piece.weight is missing, or its scales are"),
        (put(PIECES, np.zeros((76, 32), np.float32)), "encoder.piece.weight is float32 of .* and not int8"),
        (put(PIECES + SCALE, np.ones(5, np.float32)), r"encoder.piece.weight::scale is float32 of the shape \(5,\)"),
    ],
)
def test_weights_of_another_network_are_named(change: Callable[[dict[str, Array]], None], message: str) -> None:
    file = quantise(arrays_of(tiny_network()))
    change(file)
    with pytest.raises(ValueError, match=message):
        check(file)


def test_whole_weights_are_accepted() -> None:
    file = quantise(arrays_of(tiny_network()))
    check(file)
