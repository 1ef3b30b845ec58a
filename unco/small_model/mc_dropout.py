"""Monte Carlo dropout (Eqs. 4-6): encode once, decode once, then T stochastic passes in one batch.

The passes are teacher-forced on the decoded sequence, so all have the same length. A mask is drawn per post, pass and
site and holds for all steps of the pass (Gal and Ghahramani 2016), seeded by the post's own words: a post's uncertainty
is the same alone and in any batch.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unco.small_model.batch import Batch
from unco.small_model.config import Heads, McDropout
from unco.small_model.decoder import Memory
from unco.small_model.decoding import Decoded
from unco.small_model.network import Network, shift
from unco.small_model.symbols import hear


@dataclass(frozen=True, slots=True)
class MeanProbabilities:
    """Distributions averaged over the passes."""

    symbols: Tensor
    """(B, L, 3 + types + W)."""
    regions: Tensor
    """(B, L, K + 1), meaningful where the step's input is `<r>`."""


def draw_masks(keys: Sequence[str], sites: int, hidden: int, settings: McDropout) -> Tensor:
    """Masks of shape (B * T, sites, hidden), scaled by 1 / (1 - p); row b * T + t is pass t of post b."""
    rows = [_generator(key, settings.seed).random((settings.passes, sites, hidden)) for key in keys]
    kept = np.concatenate(rows) >= settings.p
    return torch.from_numpy(kept.astype(np.float32) / (1.0 - settings.p))


def _generator(key: str, seed: int) -> np.random.Generator:
    digest = hashlib.blake2b(f"{seed}\x00{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.random.Generator(np.random.Philox(int.from_bytes(digest, "little")))


@torch.inference_mode()
def mean_probabilities(
    network: Network,
    batch: Batch,
    memory: Memory,
    decoded: Decoded,
    keys: Sequence[str],
    sampling: McDropout,
    heads: Heads = "decoder",
) -> MeanProbabilities:
    """Average the distributions of T stochastic passes over a decoded batch (the sums in Eq. 6).

    Args:
        network: in evaluation mode.
        batch: B posts.
        memory: of these posts, encoded.
        decoded: what they say, the same for all passes.
        keys: one text per post that seeds its masks.
        sampling: where, p, T and seed; T = 0 or p = 0 gives the deterministic distributions.
        heads: who is asked in each pass.
    """
    stochastic = sampling.passes > 0 and sampling.p > 0
    if not stochastic and heads == decoded.heads:
        return MeanProbabilities(decoded.probabilities, decoded.regions)  # known from decoding
    symbols = decoded.symbols
    passes = sampling.passes if stochastic else 1
    masks = None
    if stochastic:
        sites = network.decoder.dropout_sites + 2 * sampling.encoder_layers
        masks = draw_masks(keys, sites, network.config.hidden, sampling).to(symbols.device)
        if sampling.encoder_layers:
            memory = _sampled_memory(network, batch, masks[:, network.decoder.dropout_sites :], sampling)
    heard = hear(shift(symbols).repeat_interleave(passes, 0), len(network.config.labels))  # (B * T, L)
    x, _ = network.decoder(heard.previous, memory, masks=masks)
    tokens = network.step_probabilities(x, heard, memory, heads)
    regions = network.decoder.region_logits(x, memory).softmax(-1)
    return MeanProbabilities(
        symbols=tokens.view(-1, passes, *tokens.shape[1:]).mean(1),
        regions=regions.view(-1, passes, *regions.shape[1:]).mean(1),
    )


def _sampled_memory(network: Network, batch: Batch, masks: Tensor, settings: McDropout) -> Memory:
    """The memory of B * T posts whose top encoder layers were run with masks; the layers below run once a post."""
    start = max(0, len(network.encoder.layers) - settings.encoder_layers)
    lower, repeated = network.encoder.lower(batch, start), batch.repeat(settings.passes)
    words = network.encoder.upper(lower.repeat_interleave(settings.passes, 0), repeated, start, masks)
    regions = network.encode_regions(batch).repeat_interleave(settings.passes, 0)
    return network.remember(words, regions, repeated)
