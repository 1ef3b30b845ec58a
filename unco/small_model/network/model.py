"""The small model: text encoder, region encoder, pointer decoder, and its losses (section 2.2)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unco.small_model.batch import Batch
from unco.small_model.network.config import Heads, ModelConfig
from unco.small_model.network.decoder import Decoder, Memory
from unco.small_model.network.encoder import RegionEncoder, TextEncoder
from unco.small_model.network.foreign_encoder import ForeignEncoder
from unco.small_model.network.losses import NO_LEGAL, debiasing_loss, region_loss, token_loss
from unco.small_model.network.symbols import BEGIN, Heard, last_words, legal_next
from unco.small_model.network.tagging_head import Tags, read_tags, tag_probabilities


@dataclass(frozen=True, slots=True)
class Targets:
    """What a batch should be read as."""

    symbols: Tensor
    """(B, L) int, -100 = padding."""
    regions: Tensor
    """(B, L, K + 1) float: at the steps whose input is `<r>`, the distribution of Eq. 3; zeros elsewhere."""
    spans: Tensor
    """(B, E, 2) int, first and stop word of each entity, (-1, -1) = padding."""
    overlaps: Tensor
    """(B, E, K) float, each candidate's best IoU with the entity's gold boxes; -1 = padding."""
    tags: Tensor
    """(B, W) int, BIO tags for the auxiliary loss: 0 outside, 1 + 2t begin, 2 + 2t inside; -100 = padding."""


class Network(nn.Module):
    """Encoder and decoder in one."""

    def __init__(self, config: ModelConfig) -> None:
        """Random weights; see `pretrained.py` and `checkpoint.py` for others."""
        super().__init__()
        self.config = config
        self.encoder: TextEncoder | ForeignEncoder = (
            ForeignEncoder(config) if config.foreign_encoder else TextEncoder(config)
        )
        self.regions = RegionEncoder(config)
        self.decoder = Decoder(config)
        self.tagger = nn.Linear(config.hidden, 1 + 2 * len(config.labels))

    def encode(self, batch: Batch) -> Memory:
        """Run the encoders once; everything else reads the memory."""
        return self.remember(self.encoder(batch), self.encode_regions(batch), batch)

    def encode_regions(self, batch: Batch) -> Tensor:
        """Region states of shape (B, K, d)."""
        return self.regions(batch, self.encoder.piece)  # type: ignore[no-any-return]

    def remember(self, words: Tensor, regions: Tensor, batch: Batch) -> Memory:
        """The memory of encoded words (B, W, d) and regions (B, K, d): their concatenation, as in Eq. 1."""
        return self.decoder.remember(words, regions, batch.words, batch.region_mask)

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

    def step_probabilities(
        self, x: Tensor, heard: Heard, memory: Memory, heads: Heads = "decoder", tags: Tags | None = None
    ) -> Tensor:
        """Probabilities of the next symbol.

        Args:
            x: decoder states (N, L, d).
            heard: what was said before each step, for N = B * T rows.
            memory: of B posts.
            heads: who is asked.
            tags: of B posts; None = they are read from the memory.

        Returns:
            (N, L, 3 + types + W).
        """
        passes = x.shape[0] // memory.counts.shape[0]
        said = []
        if heads != "tags":
            said.append(self.step_log_probs(x, heard.previous, heard.last_word, memory).exp())
        if heads != "decoder":
            once = Heard(heard.previous[::passes], heard.first_word[::passes], heard.last_word[::passes])
            read = tag_probabilities(tags or self.read_tags(memory), *once)
            said.append(read.repeat_interleave(passes, 0))
        return said[0] if len(said) == 1 else (said[0] + said[1]) / 2

    def read_tags(self, memory: Memory) -> Tags:
        """What the second head says about encoded posts."""
        return read_tags(self.tagger(memory.words), memory.counts)

    def loss(self, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        """Token cross-entropy (Eq. 1), region KL (Eq. 3), debiasing (Eq. 8), auxiliary BIO cross-entropy.

        `loss` is their weighted sum (Eq. 9).
        """
        words, seen = self.encoder(batch), self.encode_regions(batch)
        memory = self.remember(words, seen, batch)
        previous = shift(targets.symbols)
        x, _ = self.decoder(previous, memory)
        log_probs = self.step_log_probs(x, previous, last_words(previous, len(self.config.labels)), memory)
        token = token_loss(log_probs, targets.symbols, self.config.label_smoothing)
        region = region_loss(self.decoder.region_logits(x, memory), targets.regions)
        bio = F.cross_entropy(self.tagger(words).flatten(0, 1), targets.tags.flatten(), ignore_index=-100)
        debiasing = debiasing_loss(words, targets.spans, seen, targets.overlaps, self.config.margin)
        weighted = self.config.region_loss * region + self.config.debiasing * debiasing + self.config.bio_loss * bio
        return {"loss": token + weighted, "token": token, "region": region, "debiasing": debiasing, "bio": bio}


def shift(symbols: Tensor) -> Tensor:
    """Inputs of teacher forcing: BEGIN, then the symbols but the last; padding becomes `<end>`. (B, L) -> (B, L)."""
    begin = torch.full_like(symbols[:, :1], BEGIN)
    return torch.cat([begin, symbols[:, :-1].clamp(min=0)], dim=1)
