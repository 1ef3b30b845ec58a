"""What tells a wrong type, as two numbers that a regression reads (estimator `learned`): the tags, and known names."""

from math import log

import torch

from unco.small_model.network.config import Scheme
from unco.small_model.network.decoder import Memory
from unco.small_model.network.decoding import Decoded
from unco.small_model.network.model import Network, shift
from unco.small_model.network.symbols import FIRST_TYPE, decode_symbols, hear
from unco.small_model.scheme_types import fold_types
from unco.small_model.uncertainty.entropy import entropy
from unco.small_model.uncertainty.span_signals import LEAST, Signals
from unco.small_model.uncertainty.training_names import KnownNames, name_vectors

TYPE_SIGNALS = 2
"""How many there are."""

NEVER_ALONE = 0.02
"""Added to the share of other types before the logarithm is taken."""


@torch.inference_mode()
def type_signals(
    network: Network, known: KnownNames, memory: Memory, decoded: Decoded, scheme: Scheme
) -> list[list[Signals]]:
    """Signals of each entity, by post, in the order of `decode_symbols`.

    They are logarithms: of the tags' entropy over the scheme's types, in nats; and of the share of other types than the
    one that is said among the known names around this one.

    Args:
        network: in evaluation mode.
        known: names of the training split.
        memory: of B posts.
        decoded: what they say.
        scheme: what types are given out in.
    """
    labels = len(network.config.labels)
    columns = slice(FIRST_TYPE, FIRST_TYPE + labels)
    heard = hear(shift(decoded.symbols), labels)
    tags = network.step_probabilities(decoded.states, heard, memory, "tags")[..., columns]
    entropies = entropy(fold_types(tags, scheme)).tolist()
    said = fold_types(decoded.probabilities[..., columns], scheme).argmax(-1).tolist()
    posts: list[list[Signals]] = []
    for row, symbols in enumerate(decoded.symbols.tolist()):
        entities = decode_symbols(symbols, labels)
        names = name_vectors(memory.words[row], [entity.span for entity in entities])
        near = fold_types(known.types_near(names, labels), scheme).tolist()
        steps = [entity.type_step for entity in entities]
        posts.append(
            [
                (log(entropies[row][step] + LEAST), log(1.0 + NEVER_ALONE - types[said[row][step]]))
                for step, types in zip(steps, near, strict=True)
            ]
        )
    return posts
