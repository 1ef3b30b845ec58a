"""Weights on disk: matrices as int8 with one scale for each row, in safetensors."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from unco.small_model.batch import Array

SCALE = "::scale"
"""Suffix of the name under which the row scales of an int8 matrix are stored."""


ENCODER = "encoder."
"""How the names of the encoder's weights begin."""
PIECES = "encoder.piece.weight"
"""Name of the embeddings of the word pieces."""


class QuantisedRows:
    """Embeddings of word pieces as a checkpoint stores them, int8: only the rows that are read are restored.

    They are more than half of the weights, and this is a quarter of their memory.
    """

    def __init__(self, rows: Array, scales: Array) -> None:
        """Keep the rows (V, d), int8, and a scale for each, (V,)."""
        self.rows, self.scales = rows, scales

    def __call__(self, pieces: Array) -> Array:
        """Look up pieces: (..) -> (.., d)."""
        return self.rows[pieces].astype(np.float32) * self.scales[pieces][..., None]


def pieces_of(stored: dict[str, Array]) -> QuantisedRows:
    """Take the embeddings of the word pieces out of the arrays of a file, as they are.

    Raises:
        ValueError: they are missing, or are no quantised matrix.
    """
    if PIECES not in stored or PIECES + SCALE not in stored:
        raise ValueError(f"{PIECES} is missing, or its scales are")
    return QuantisedRows(stored.pop(PIECES), stored.pop(PIECES + SCALE))


def quantise(state: Mapping[str, Array], keep_encoder: bool = False) -> dict[str, Array]:
    """Quantise matrices to int8 with one scale for each row (weight-only); vectors stay as they are.

    Args:
        state: weights by name.
        keep_encoder: leave the encoder's matrices as they are, apart from the word pieces. A training that goes on
            from int8 weights moves most of them by less than half a step, so rounding would undo it.
    """
    stored: dict[str, Array] = {}
    for name, value in state.items():
        kept = keep_encoder and name.startswith(ENCODER) and name != PIECES
        if value.ndim == 2 and np.issubdtype(value.dtype, np.floating) and not kept:
            scale = np.maximum(np.abs(value).max(1), 1e-12) / 127.0
            stored[name] = np.round(value / scale[:, None]).astype(np.int8)
            stored[name + SCALE] = scale.astype(np.float32)
        else:
            stored[name] = value.astype(np.float32) if np.issubdtype(value.dtype, np.floating) else value
    return stored


def dequantise(stored: Mapping[str, Array]) -> dict[str, Array]:
    """Restore float32 weights from what `quantise` made."""
    state: dict[str, Array] = {}
    for name, value in stored.items():
        if not name.endswith(SCALE):
            scale = stored.get(name + SCALE)
            state[name] = value if scale is None else value.astype(np.float32) * scale[:, None]
    return state


def write_weights(stored: Mapping[str, Array], path: Path) -> None:
    """Write arrays as safetensors."""
    save_file({name: np.asarray(array, order="C") for name, array in stored.items()}, path)


def read_weights(path: Path) -> dict[str, Array]:
    """Read the arrays of a file one after another, so that the file is not in memory as a whole.

    Raises:
        SafetensorError: it is damaged.
    """
    with safe_open(path, framework="np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
