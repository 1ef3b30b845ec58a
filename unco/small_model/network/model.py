"""The small model: text encoder, region encoder, pointer decoder, and its losses (section 2.2)."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from unco.small_model.batch import WHOLE_PICTURE, Array, Batch
from unco.small_model.config import ModelConfig
from unco.small_model.decoding.states import EncoderStates, Past, Steps
from unco.small_model.decoding.symbols import ILLEGAL_LOGIT, label_set, last_words, legal_next, shift
from unco.small_model.decoding.tagging_head import Tags, read_tags
from unco.small_model.network.decoder import Decoder
from unco.small_model.network.encoder import RegionEncoder, TextEncoder
from unco.small_model.network.foreign_encoder import ForeignEncoder
from unco.small_model.network.losses import debiasing_loss, region_loss, tag_loss, token_loss
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
        """Initialise randomly; see `pretrained.py` and `stored/in_torch.py` for trained weights."""
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
        self.post_starts = layers.requires_grad_(False).train(self.training)
        self.config = replace(self.config, post_starts=layers.hidden.out_features)

    @property
    def call_cost(self) -> int:
        """What a batch costs beside its word pieces, in word pieces: more than they do, as padding is not computed."""
        return 4096

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.tagger.weight.device

    @property
    def in_torch(self) -> "Network":
        """Itself: see `StoredNetwork`, which has one as well."""
        return self

    def runtime(self) -> "Network":
        """Return itself, in evaluation mode."""
        return self.eval() if self.training else self  # to visit each layer takes time

    def tensors(self, batch: Batch) -> Batch[Tensor]:
        """Copy a batch to the device."""
        return batch.map(lambda numbers: torch.from_numpy(numbers).to(self.device))

    @torch.inference_mode()
    def encode(self, batch: Batch) -> EncoderStates:
        """Run both encoders once; decoder and tagging head read the result."""
        tensors = self.tensors(batch)
        return self.encoder_states(self.encoder(tensors), self.encode_regions(tensors), tensors, batch.words)

    def encode_regions(self, batch: Batch[Tensor]) -> Tensor:
        """Compute region states of shape (B, K, d)."""
        return self.regions(batch, self.encoder.piece)  # type: ignore[no-any-return]

    def encoder_states(self, words: Tensor, regions: Tensor, batch: Batch[Tensor], counts: Array) -> EncoderStates:
        """Concatenate word states (B, W, d) and region states (B, K, d) for the decoder, as in Eq. 1."""
        whole = batch.kinds == WHOLE_PICTURE
        return self.decoder.encoder_states(words, regions, counts, batch.region_mask, whole)

    @torch.inference_mode()
    def read_steps(
        self, previous: Array, encoded: EncoderStates, past: Past | None = None, masks: Tensor | None = None
    ) -> Steps:
        """Run the decoder on new steps; see `Runtime` and, for the masks, `Decoder`."""
        states, past = self.decoder(torch.from_numpy(previous).to(self.device), encoded, past, masks)
        symbols, regions = self.decoder.symbol_logits(states, encoded), self.decoder.region_logits(states, encoded)
        return Steps(_array(symbols), _array(regions.softmax(-1)), _array(-regions.logsumexp(-1)), past)

    @torch.inference_mode()
    def read_tags(self, encoded: EncoderStates) -> Tags:
        """Run the tagging head on encoded posts."""
        return read_tags(_array(self.tagger(encoded.words)), encoded.counts)

    def multiply(self, left: Array, right: Array) -> Array:
        """Multiply two matrices on the processor: (M, K) and (K, N) -> (M, N)."""
        return _array(torch.from_numpy(left) @ torch.from_numpy(right))

    def word_states(self, encoded: EncoderStates) -> Array:
        """Return the states of the words, (B, W, d)."""
        return _array(encoded.words)

    @torch.inference_mode()
    def log_odds_of_starts(self, words: Array) -> Array | None:
        """Compute the log-odds that a text begins at each word, from their states, (W, d); None = not learned."""
        return _array(self.post_starts([torch.from_numpy(words).to(self.device)])[0]) if self.post_starts else None

    def step_log_probs(self, x: Tensor, previous: Array, encoded: EncoderStates) -> Tensor:
        """Compute log-probabilities of the next symbol, over legal symbols only or over the whole label set (Eq. 1).

        Args:
            x: decoder states (B, L, d).
            previous: input symbols (B, L).
            encoded: encoder states of B posts.

        Returns:
            (B, L, 3 + types + W).
        """
        types, width = len(self.config.labels), encoded.words.shape[1]
        if self.config.whole_label_set:
            counted = label_set(encoded.counts, types, width)
        else:
            counted = legal_next(previous, last_words(previous, types), encoded.counts, types, width)
        logits = self.decoder.symbol_logits(x, encoded)
        return logits.masked_fill(~torch.from_numpy(counted).to(x.device), ILLEGAL_LOGIT).log_softmax(-1)

    def loss(self, batch: Batch[Tensor], targets: Targets) -> dict[str, Tensor]:
        """Compute token cross-entropy (Eq. 1), region KL (Eq. 3), debiasing (Eq. 8), auxiliary BIO cross-entropy.

        `loss` is their weighted sum (Eq. 9).
        """
        words, regions = self.encoder(batch), self.encode_regions(batch)
        encoded = self.encoder_states(words, regions, batch, _array(batch.words))
        previous = shift(_array(targets.symbols))
        x, _ = self.decoder(torch.from_numpy(previous).to(words.device), encoded)
        log_probs = self.step_log_probs(x, previous, encoded)
        share = self.config.distillation
        token = token_loss(log_probs, targets.symbols, self.config.label_smoothing, targets.taught_symbols, share)
        grounding = region_loss(self.decoder.region_logits(x, encoded), targets.regions)
        bio = tag_loss(self.tagger(words).float().log_softmax(-1), targets.tags, targets.taught_tags, share)
        pairs = (words, targets.spans, regions, targets.overlaps)
        debiasing = debiasing_loss(*pairs, self.config.margin, self.config.sum_of_pairs)
        weighted = self.config.region_loss * grounding + self.config.debiasing * debiasing + self.config.bio_loss * bio
        return {"loss": token + weighted, "token": token, "region": grounding, "debiasing": debiasing, "bio": bio}


def _array(tensor: Tensor) -> Array:
    return tensor.float().cpu().numpy() if tensor.is_floating_point() else tensor.cpu().numpy()
