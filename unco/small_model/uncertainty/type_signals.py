"""Two features of a type for the regression of the estimator `learned`: tag entropy, and nearby training names."""

from math import log

import numpy as np

from unco.small_model.batch import Array
from unco.small_model.config import Scheme
from unco.small_model.decoding.greedy import Decoded
from unco.small_model.decoding.symbols import FIRST_TYPE, decode_symbols
from unco.small_model.uncertainty.entropy import entropy
from unco.small_model.uncertainty.scheme_types import fold_types
from unco.small_model.uncertainty.span_signals import NATS_OFFSET, Signals
from unco.small_model.uncertainty.training_names import Multiply, TrainingNames, name_vectors

TYPE_SIGNALS = 2
"""Number of features of a type."""

SHARE_OFFSET = 0.02
"""Added to the share of other types before the logarithm is taken."""


def type_signals(
    training_names: TrainingNames, words: Array, decoded: Decoded, scheme: Scheme, multiply: Multiply = np.matmul
) -> list[list[Signals]]:
    """Compute the features of each entity's type, by post, in the order of `decode_symbols`.

    They are logarithms: of the tags' entropy over the scheme's types, in nats; and of the share of types other than the
    decoded one among the training names near this one.

    Args:
        training_names: those of the training split.
        words: states of the words of B posts, (B, W, d).
        decoded: their decoded symbols.
        scheme: the types that results use.
        multiply: multiplies two matrices.
    """
    labels = decoded.tags.begin_types.shape[-1]
    columns = slice(FIRST_TYPE, FIRST_TYPE + labels)
    entropies = entropy(fold_types(decoded.by_tags[..., columns], scheme)).tolist()
    decoded_types = fold_types(decoded.probabilities[..., columns], scheme).argmax(-1).tolist()
    posts = [decode_symbols(symbols, labels) for symbols in decoded.symbols.tolist()]
    names = np.concatenate(
        [name_vectors(states, [entity.span for entity in found]) for states, found in zip(words, posts, strict=True)]
    )
    near = iter(fold_types(training_names.types_near(names, labels, multiply), scheme).tolist())
    return [
        [
            (
                log(entropies[row][entity.type_step] + NATS_OFFSET),
                log(1.0 + SHARE_OFFSET - next(near)[decoded_types[row][entity.type_step]]),
            )
            for entity in entities
        ]
        for row, entities in enumerate(posts)
    ]
