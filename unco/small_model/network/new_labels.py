"""A trained network with other labels: all that it learned is kept, and each label begins at the nearest it knew."""

from collections.abc import Container, Sequence

import torch
from torch import Tensor

from unco.small_model.config import ModelConfig
from unco.small_model.decoding.symbols import FIRST_TYPE
from unco.small_model.network.model import Network

SYMBOLS = ("decoder.symbol.weight", "decoder.special_out.weight", "decoder.special_out.bias")
"""Parameters with a row for each symbol, the labels from `FIRST_TYPE` on."""
TAGS = ("tagger.weight", "tagger.bias")
"""Parameters with a row for "outside", then two for each label: begin and inside."""


def with_labels(trained: Network, config: ModelConfig, people: Container[str]) -> Network:
    """Copy a trained network into one with the labels of another configuration.

    Args:
        trained: is left as it is.
        config: as the trained network's, apart from labels and losses.
        people: labels of the trained network that are persons.
    """
    network, state = Network(config), dict(trained.state_dict())
    if config.labels != trained.config.labels:
        sources = known_labels(trained.config, config, people)
        count = len(trained.config.labels)
        state |= {name: _replaced(state[name], FIRST_TYPE, count, 1, sources) for name in SYMBOLS}
        state |= {name: _replaced(state[name], 1, count, 2, sources) for name in TAGS}
    network.load_state_dict(state)  # a copy: a loaded checkpoint is shared
    return network


def known_labels(trained: ModelConfig, config: ModelConfig, people: Container[str]) -> list[list[int]]:
    """Find for each new label the labels of a trained network that it begins as the mean of.

    They are those of its name, in the first of the trained schemes that has it; else of a person all that are persons;
    else all.
    """
    persons = [index for index, name in enumerate(trained.types) if name in people]
    everything = list(range(len(trained.labels)))
    return [
        _named(trained, label.name) or (label.name in config.people and persons) or everything
        for label in config.labels
    ]


def _named(trained: ModelConfig, name: str) -> list[int]:
    for scheme in trained.schemes.values():
        if found := [index for index, of in enumerate(scheme.of) if scheme.labels[of].name.lower() == name.lower()]:
            return found
    return []


def _replaced(rows: Tensor, first: int, count: int, width: int, sources: Sequence[Sequence[int]]) -> Tensor:
    """Replace the rows of `count` labels, `width` each from `first` on, by means of them; the others stay."""
    stop = first + count * width
    labels = rows[first:stop].view(count, width, *rows.shape[1:])
    means = torch.stack([labels[list(chosen)].mean(0) for chosen in sources]).flatten(0, 1)
    return torch.cat([rows[:first], means, rows[stop:]])
