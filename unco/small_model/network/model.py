"""The small model: text encoder, region encoder, pointer decoder, and its losses (section 2.2)."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from unco.small_model.batch import Batch
from unco.small_model.decoding.symbols import BEGIN, PreviousSymbols, last_words, legal_next
from unco.small_model.decoding.tagging_head import Tags, read_tags, tag_probabilities
from unco.small_model.network.config import Heads, ModelConfig
from unco.small_model.network.decoder import Decoder, EncoderStates
from unco.small_model.network.encoder import RegionEncoder, TextEncoder
from unco.small_model.network.foreign_encoder import ForeignEncoder
from unco.small_model.network.losses import ILLEGAL_LOGIT, debiasing_loss, region_loss, tag_loss, token_loss
from unco.small_model.network.post_starts import PostStarts


@dataclass(frozen=True, slots=True)
class Targets:
    """The training targets of a batch."""

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
    taught_symbols: Tensor | None = None
    """(B, L, 3 + types + W), the teachers' probabilities of each symbol; rows of zeros = they said nothing."""
    taught_tags: Tensor | None = None
    """(B, W, 1 + 2 types), the teachers' probabilities of each tag; rows of zeros = they said nothing."""


class Network(nn.Module):
    """The whole network: text and region encoders, decoder, and tagging head."""

    def __init__(self, config: ModelConfig) -> None:
        """Initialise randomly; see `pretrained.py` and `checkpoint.py` for trained weights."""
        super().__init__()
        self.config = config
        self.encoder: TextEncoder | ForeignEncoder = (
            ForeignEncoder(config) if config.foreign_encoder else TextEncoder(config)
        )
        self.regions = RegionEncoder(config)
        self.decoder = Decoder(config)
        self.tagger = nn.Linear(config.hidden, 1 + 2 * len(config.labels))
        self.post_starts = PostStarts(config.hidden, config.post_starts) if config.post_starts else None
        if self.post_starts:
            self.post_starts.requires_grad_(False)  # fitted by itself, after the last epoch

    def set_post_starts(self, layers: PostStarts) -> None:
        """Take fitted layers that find where a text begins."""
        self.post_starts = layers.requires_grad_(False)
        self.config = replace(self.config, post_starts=layers.hidden.out_features)

    def encode(self, batch: Batch) -> EncoderStates:
        """Run both encoders once; decoder and tagging head read the result."""
        return self.encoder_states(self.encoder(batch), self.encode_regions(batch), batch)

    def encode_regions(self, batch: Batch) -> Tensor:
        """Compute region states of shape (B, K, d)."""
        return self.regions(batch, self.encoder.piece)  # type: ignore[no-any-return]

    def encoder_states(self, words: Tensor, regions: Tensor, batch: Batch) -> EncoderStates:
        """Concatenate word states (B, W, d) and region states (B, K, d) for the decoder, as in Eq. 1."""
        return self.decoder.encoder_states(words, regions, batch.words, batch.region_mask)

    def step_log_probs(self, x: Tensor, previous: Tensor, last_word: Tensor, encoded: EncoderStates) -> Tensor:
        """Compute log-probabilities of the next symbol, over legal symbols only.

        Args:
            x: decoder states (N, L, d).
            previous: input symbols (N, L).
            last_word: see `symbols.legal_next`, (N, L).
            encoded: encoder states of B posts, N = B * T.

        Returns:
            (N, L, 3 + types + W).
        """
        counts = encoded.counts.repeat_interleave(x.shape[0] // encoded.counts.shape[0])
        legal = legal_next(previous, last_word, counts, len(self.config.labels), encoded.words.shape[1])
        return self.decoder.symbol_logits(x, encoded).masked_fill(~legal, ILLEGAL_LOGIT).log_softmax(-1)

    def step_probabilities(
        self,
        x: Tensor,
        history: PreviousSymbols,
        encoded: EncoderStates,
        heads: Heads = "decoder",
    ) -> Tensor:
        """Compute the probabilities of the next symbol.

        Args:
            x: decoder states (N, L, d).
            history: the symbols before each step, for N = B * T rows.
            encoded: encoder states of B posts.
            heads: whose distributions are used.

        Returns:
            (N, L, 3 + types + W).
        """
        passes = x.shape[0] // encoded.counts.shape[0]
        distributions = []
        if heads != "tags":
            distributions.append(self.step_log_probs(x, history.previous, history.last_word, encoded).exp())
        if heads != "decoder":
            once = PreviousSymbols(
                history.previous[::passes], history.first_word[::passes], history.last_word[::passes]
            )
            by_tags = tag_probabilities(self.read_tags(encoded), *once)
            distributions.append(by_tags.repeat_interleave(passes, 0))
        return distributions[0] if len(distributions) == 1 else (distributions[0] + distributions[1]) / 2

    def read_tags(self, encoded: EncoderStates) -> Tags:
        """Run the tagging head on encoded posts."""
        return read_tags(self.tagger(encoded.words), encoded.counts)

    def loss(self, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        """Compute token cross-entropy (Eq. 1), region KL (Eq. 3), debiasing (Eq. 8), auxiliary BIO cross-entropy.

        `loss` is their weighted sum (Eq. 9).
        """
        words, regions = self.encoder(batch), self.encode_regions(batch)
        encoded = self.encoder_states(words, regions, batch)
        previous = shift(targets.symbols)
        x, _ = self.decoder(previous, encoded)
        log_probs = self.step_log_probs(x, previous, last_words(previous, len(self.config.labels)), encoded)
        share = self.config.distillation
        token = token_loss(log_probs, targets.symbols, self.config.label_smoothing, targets.taught_symbols, share)
        grounding = region_loss(self.decoder.region_logits(x, encoded), targets.regions)
        bio = tag_loss(self.tagger(words).float().log_softmax(-1), targets.tags, targets.taught_tags, share)
        debiasing = debiasing_loss(words, targets.spans, regions, targets.overlaps, self.config.margin)
        weighted = self.config.region_loss * grounding + self.config.debiasing * debiasing + self.config.bio_loss * bio
        return {"loss": token + weighted, "token": token, "region": grounding, "debiasing": debiasing, "bio": bio}


def shift(symbols: Tensor) -> Tensor:
    """Shift targets to teacher-forcing inputs: BEGIN, then all symbols but the last; padding becomes `<end>`."""
    begin = torch.full_like(symbols[:, :1], BEGIN)
    return torch.cat([begin, symbols[:, :-1].clamp(min=0)], dim=1)
