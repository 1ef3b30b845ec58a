"""Tells where a new text begins among running words: posts that were joined, or a change of topic.

Names are predicted best in windows that hold one text, as in training. A small transformer layer sees all words of a
run, and two layers look at the words around a place. They are trained on the training posts, joined at random; see
`unco.training.learn.post_starts`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from unco.small_model.config import NEIGHBOURS, heads_of_starts


class PostStarts(nn.Module):
    """The log-odds that a text begins at a word."""

    def __init__(self, width: int, units: int) -> None:
        """Initialise randomly.

        Args:
            width: d, numbers of a word's state.
            units: of each layer; a multiple of the heads, one for 32 units.
        """
        super().__init__()
        self.narrow = nn.Linear(width, units)
        self.attention = nn.TransformerEncoderLayer(
            units, heads_of_starts(units), 2 * units, dropout=0.15, activation="gelu", batch_first=True, norm_first=True
        )
        self.hidden = nn.Linear(2 * NEIGHBOURS * (width + units), units)
        self.dropout = nn.Dropout(0.3)
        self.output = nn.Linear(units, 1)

    def forward(self, runs: Sequence[Tensor]) -> list[Tensor]:
        """Compute log-odds: the states of the words of runs, (W, d) each -> (W,) each."""
        counts = torch.tensor([len(words) for words in runs], device=runs[0].device)
        padded = pad_sequence(list(runs), batch_first=True)
        beyond = torch.arange(padded.shape[1], device=padded.device) >= counts[:, None]
        seen = self.attention(self.narrow(padded), src_key_padding_mask=beyond)
        around = [
            _surroundings(torch.cat([words, run[: len(words)]], -1)) for words, run in zip(runs, seen, strict=True)
        ]
        found = self.output(self.dropout(F.gelu(self.hidden(torch.cat(around))))).squeeze(-1)
        return list(found.split(counts.tolist()))


def _surroundings(words: Tensor) -> Tensor:
    """Put the states of the words around each word side by side: (W, d) -> (W, 2 * NEIGHBOURS * d); zeros beyond."""
    padded = F.pad(words, (0, 0, NEIGHBOURS, NEIGHBOURS))
    return torch.cat([padded[first : first + len(words)] for first in range(2 * NEIGHBOURS)], -1)
