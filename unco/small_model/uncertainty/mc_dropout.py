"""Monte Carlo dropout (Eqs. 4-6): encode once, decode once, then T stochastic passes in one batch.

The passes are teacher-forced on the decoded sequence, so all have the same length. A mask is drawn per post, pass and
site and holds for all steps of the pass (Gal and Ghahramani 2016), seeded by the post's own words: a post's uncertainty
is the same alone and in any batch. Only what is read is sampled: posts of similar length share a batch, the last step
(`<end>`) is left out, and so are posts that say nothing.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unco.small_model.batch import Batch
from unco.small_model.network.config import Heads, McDropout
from unco.small_model.network.decoder import Memory
from unco.small_model.network.decoding import Decoded
from unco.small_model.network.model import Network, shift
from unco.small_model.network.symbols import END, Heard, hear


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


@dataclass(frozen=True, slots=True)
class Passes:
    """What some posts of a batch went through, T times each or once; any head can be asked about it."""

    posts: Tensor
    """(G,) which posts of the batch."""
    states: Tensor
    """(G * T, L, d), decoder states of the steps, at least of those that emit an entity's symbols."""
    heard: Heard
    """What was said before each of these steps, (G * T, L)."""
    memory: Memory
    """Of G posts, or of G * T where the encoder was sampled."""


@torch.inference_mode()
def run_passes(
    network: Network, batch: Batch, memory: Memory, decoded: Decoded, keys: Sequence[str], sampling: McDropout
) -> tuple[Passes, ...]:
    """T stochastic passes over a decoded batch, by groups of posts of similar length.

    Args:
        network: in evaluation mode.
        batch: B posts.
        memory: of these posts, encoded.
        decoded: what they say, the same for all passes.
        keys: one text per post that seeds its masks.
        sampling: where, p, T and seed; T = 0 or p = 0 is the one deterministic pass that decoding made.
    """
    if sampling.passes == 0 or sampling.p == 0:
        heard = hear(shift(decoded.symbols), len(network.config.labels))
        return (Passes(torch.arange(len(keys), device=decoded.symbols.device), decoded.states, heard, memory),)
    masks = draw_masks(
        keys, network.decoder.dropout_sites + 2 * sampling.encoder_layers, network.config.hidden, sampling
    )
    masks = masks.view(len(keys), sampling.passes, *masks.shape[1:]).to(decoded.symbols.device)
    return tuple(
        _run(network, batch, memory, decoded, posts, masks[posts].flatten(0, 1), sampling)
        for posts in _by_length((decoded.symbols != END).sum(1))
    )


@torch.inference_mode()
def mean_probabilities(
    network: Network, decoded: Decoded, ran: Sequence[Passes], heads: Heads = "decoder"
) -> MeanProbabilities:
    """Average the distributions of the passes (the sums in Eq. 6).

    Args:
        network: in evaluation mode.
        decoded: B posts.
        ran: passes over them; steps that none went through keep what decoding said.
        heads: who is asked in each pass.
    """
    symbols, regions = decoded.probabilities.clone(), decoded.regions.clone()
    for passes in ran:
        states, count = passes.states, len(passes.posts)
        tokens = network.step_probabilities(states, passes.heard, passes.memory, heads)
        places = network.decoder.region_logits(states, passes.memory).softmax(-1)
        for whole, part in ((symbols, tokens), (regions, places)):  # some groups have no pointers to the last words
            whole[passes.posts, : part.shape[1], : part.shape[2]] = part.view(count, -1, *part.shape[1:]).mean(1)
    return MeanProbabilities(symbols, regions)


def _by_length(steps: Tensor) -> Iterator[Tensor]:
    """Groups of posts whose padding is at most a quarter; posts without steps are in none. (B,) -> indices."""
    order = steps.argsort(descending=True, stable=True)
    lengths = steps[order].tolist()
    start, stop = 0, sum(length > 0 for length in lengths)
    while start < stop:
        end = next((i for i in range(start, stop) if 4 * lengths[i] < 3 * lengths[start]), stop)
        yield order[start:end]
        start = end


def _run(
    network: Network,
    batch: Batch,
    memory: Memory,
    decoded: Decoded,
    posts: Tensor,
    masks: Tensor,
    sampling: McDropout,
) -> Passes:
    sites = network.decoder.dropout_sites
    if sampling.encoder_layers:
        memory = _sampled_memory(network, batch.take(posts), masks[:, sites:], sampling)
    else:
        memory = memory.take(posts)
    symbols = decoded.symbols[posts]
    symbols = symbols[:, : int((symbols != END).sum(1).max())].repeat_interleave(sampling.passes, 0)
    heard = hear(shift(symbols), len(network.config.labels))
    states, _ = network.decoder(heard.previous, memory, masks=masks)
    return Passes(posts, states, heard, memory)


def _sampled_memory(network: Network, batch: Batch, masks: Tensor, settings: McDropout) -> Memory:
    """The memory of B * T posts whose top encoder layers were run with masks; the layers below run once a post."""
    start = max(0, len(network.encoder.layers) - settings.encoder_layers)
    lower, repeated = network.encoder.lower(batch, start), batch.repeat(settings.passes)
    words = network.encoder.upper(lower.repeat_interleave(settings.passes, 0), repeated, start, masks)
    regions = network.encode_regions(batch).repeat_interleave(settings.passes, 0)
    return network.remember(words, regions, repeated)
