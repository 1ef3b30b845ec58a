"""Tells where a new text begins among running words: posts that were joined, or a change of topic.

Names are predicted best in windows that hold one text, as in training. Two layers look at the encoder's states of the
words around a place. They are trained on the training posts, joined at random; see `unco.training.learn.post_starts`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NEIGHBOURS = 2
"""Words before and after a place that are looked at."""


class PostStarts(nn.Module):
    """The log-odds that a text begins at a word."""

    def __init__(self, width: int, units: int) -> None:
        """Initialise randomly: d = `width` numbers a word, and hidden units."""
        super().__init__()
        self.hidden = nn.Linear(2 * NEIGHBOURS * width, units)
        self.dropout = nn.Dropout(0.3)
        self.output = nn.Linear(units, 1)

    def forward(self, surroundings: Tensor) -> Tensor:
        """Compute log-odds: (W, 2 * NEIGHBOURS * d) -> (W,)."""
        return self.output(self.dropout(F.gelu(self.hidden(surroundings)))).squeeze(-1)  # type: ignore[no-any-return]


def surroundings(words: Tensor) -> Tensor:
    """Put the states of the words around each word side by side: (W, d) -> (W, 2 * NEIGHBOURS * d); zeros beyond."""
    padded = F.pad(words, (0, 0, NEIGHBOURS, NEIGHBOURS))
    return torch.cat([padded[first : first + len(words)] for first in range(2 * NEIGHBOURS)], -1)
