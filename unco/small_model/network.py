"""The small model: text encoder, region encoder, pointer decoder, and its losses (section 2.2)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unco.small_model.batch import Batch
from unco.small_model.config import ModelConfig
from unco.small_model.decoder import Decoder, Memory
from unco.small_model.encoder import RegionEncoder, TextEncoder
from unco.small_model.symbols import BEGIN, last_words, legal_next

NO_LEGAL = -1e4
"""Logit of an illegal symbol: its probability is 0 in float32, and 0 * log 0 stays finite."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What a batch should be read as."""

    symbols: Tensor
    """(B, L) int, -100 = padding."""
    regions: Tensor
    """(B, L, K + 1) float: at the steps whose input is `<r>`, the distribution of Eq. 3; zeros elsewhere."""
    tags: Tensor
    """(B, W) int, BIO tags for the auxiliary loss: 0 outside, 1 + 2t begin, 2 + 2t inside; -100 = padding."""


class Network(nn.Module):
    """Encoder and decoder in one."""

    def __init__(self, config: ModelConfig) -> None:
        """Random weights; see `pretrained.py` and `checkpoint.py` for others."""
        super().__init__()
        self.config = config
        self.encoder = TextEncoder(config)
        self.regions = RegionEncoder(config)
        self.decoder = Decoder(config)
        self.tagger = nn.Linear(config.hidden, 1 + 2 * len(config.labels))  # auxiliary, in training only

    def encode(self, batch: Batch) -> Memory:
        """Run the encoders once; everything else reads the memory."""
        return self.remember(self.encoder(batch), batch)

    def remember(self, words: Tensor, batch: Batch) -> Memory:
        """The memory of encoded words (B, W, d) and the batch's regions."""
        return self.decoder.remember(words, self.regions(batch, self.encoder.piece), batch.words, batch.region_mask)

    def step_log_probs(self, x: Tensor, previous: Tensor, last_word: Tensor, memory: Memory) -> Tensor:
        """Log-probabilities of the next symbol, over legal symbols only.

        Args:
            x: decoder states (N, L, d).
            previous: input symbols (N, L).
            last_word: see `symbols.legal_next`, (N, L).
            memory: of B posts, N = B * T.

        Returns:
            (N, L, 3 + types + W).
        """
        counts = memory.counts.repeat_interleave(x.shape[0] // memory.counts.shape[0])
        legal = legal_next(previous, last_word, counts, len(self.config.labels), memory.words.shape[1])
        return self.decoder.symbol_logits(x, memory).masked_fill(~legal, NO_LEGAL).log_softmax(-1)

    def loss(self, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        """Token cross-entropy (Eq. 1), region KL (Eq. 3), auxiliary BIO cross-entropy; `loss` is their weighted sum."""
        words = self.encoder(batch)
        memory = self.remember(words, batch)
        previous = shift(targets.symbols)
        x, _ = self.decoder(previous, memory)
        log_probs = self.step_log_probs(x, previous, last_words(previous, len(self.config.labels)), memory)
        token = token_loss(log_probs, targets.symbols, self.config.label_smoothing)
        region = region_loss(self.decoder.region_logits(x, memory), targets.regions)
        bio = F.cross_entropy(self.tagger(words).flatten(0, 1), targets.tags.flatten(), ignore_index=-100)
        return {
            "loss": token + self.config.region_loss * region + self.config.bio_loss * bio,
            "token": token,
            "region": region,
            "bio": bio,
        }


def shift(symbols: Tensor) -> Tensor:
    """Inputs of teacher forcing: BEGIN, then the symbols but the last; padding becomes `<end>`. (B, L) -> (B, L)."""
    begin = torch.full_like(symbols[:, :1], BEGIN)
    return torch.cat([begin, symbols[:, :-1].clamp(min=0)], dim=1)


def token_loss(log_probs: Tensor, symbols: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy over real steps (Eq. 1), smoothed over the legal symbols of each step.

    Args:
        log_probs: (B, L, V), illegal symbols at about -1e4.
        symbols: (B, L), -100 = padding.
        smoothing: share of the target spread evenly over legal symbols, in [0, 1).
    """
    real = symbols >= 0
    picked = log_probs.gather(-1, symbols.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    legal = log_probs > NO_LEGAL / 2
    spread = (log_probs * legal).sum(-1) / legal.sum(-1).clamp(min=1)
    losses = -(1 - smoothing) * picked - smoothing * spread
    return losses[real].mean()


def region_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Mean KL divergence from the target distribution over the steps that have one (Eq. 3).

    Args:
        logits: (B, L, K + 1), -inf at padded slots.
        target: (B, L, K + 1), rows sum to 1 at `<r>` steps and to 0 elsewhere.
    """
    rows = target.sum(-1) > 0
    if not bool(rows.any()):
        return logits.new_zeros(())
    log_probs = logits[rows].log_softmax(-1)
    wanted = target[rows]
    terms = torch.where(wanted > 0, wanted * (wanted.clamp(min=1e-12).log() - log_probs), 0.0)
    return terms.sum(-1).mean()
