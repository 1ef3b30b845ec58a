"""Monte Carlo dropout (Eqs. 4-6): encode once, decode once, then T stochastic passes in one batch.

The passes are teacher-forced on the decoded sequence, so all have the same length. A mask is drawn per post, pass and
site and holds for all steps of the pass (Gal and Ghahramani 2016), seeded by the post's own words: a post's uncertainty
is the same alone and in any batch. Only what is needed is sampled: posts of similar length share a batch, the last step
(`<end>`) is left out, and so are posts without entities.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unco.small_model.batch import Batch
from unco.small_model.decoding.greedy import Decoded
from unco.small_model.decoding.symbols import END, PreviousSymbols, previous_symbols
from unco.small_model.network.config import Heads, McDropout
from unco.small_model.network.decoder import EncoderStates
from unco.small_model.network.model import Network, shift


@dataclass(frozen=True, slots=True)
class MeanProbabilities:
    """Probabilities averaged over the passes."""

    symbols: Tensor
    """(B, L, 3 + types + W)."""
    regions: Tensor
    """(B, L, K + 1), meaningful where the step's input is `<r>`."""


def draw_masks(keys: Sequence[str], sites: int, hidden: int, settings: McDropout) -> Tensor:
    """Draw masks of shape (B * T, sites, hidden), scaled by 1 / (1 - p); row b * T + t is pass t of post b."""
    rows = [_generator(key, settings.seed).random((settings.passes, sites, hidden)) for key in keys]
    kept = np.concatenate(rows) >= settings.p
    return torch.from_numpy(kept.astype(np.float32) / (1.0 - settings.p))


def _generator(key: str, seed: int) -> np.random.Generator:
    digest = hashlib.blake2b(f"{seed}\x00{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.random.Generator(np.random.Philox(int.from_bytes(digest, "little")))


@dataclass(frozen=True, slots=True)
class Passes:
    """Decoder states of some posts of a batch, from T passes each; any head can be applied to them."""

    posts: Tensor
    """(G,) indices of the posts in the batch."""
    states: Tensor
    """(G * T, L, d), decoder states of the steps, at least of those that emit an entity's symbols."""
    history: PreviousSymbols
    """The symbols before each of these steps, (G * T, L)."""
    encoded: EncoderStates
    """Of G posts, or of G * T where the encoder was sampled."""


@torch.inference_mode()
def run_passes(
    network: Network, batch: Batch, encoded: EncoderStates, decoded: Decoded, keys: Sequence[str], sampling: McDropout
) -> tuple[Passes, ...]:
    """Run T stochastic passes over a decoded batch, in groups of posts of similar length.

    Args:
        network: in evaluation mode.
        batch: B posts.
        encoded: encoder states of these posts.
        decoded: their decoded symbols, the same for all passes.
        keys: one text per post that seeds its masks.
        sampling: where, p, T and seed; T = 0 or p = 0 is none, the deterministic pass that decoding made is enough.
    """
    if sampling.passes == 0 or sampling.p == 0:
        return ()
    masks = draw_masks(
        keys, network.decoder.dropout_sites + 2 * sampling.encoder_layers, network.config.hidden, sampling
    )
    masks = masks.view(len(keys), sampling.passes, *masks.shape[1:]).to(decoded.symbols.device)
    return tuple(
        _run(network, batch, encoded, decoded, posts, masks[posts].flatten(0, 1), sampling)
        for posts in _by_length((decoded.symbols != END).sum(1))
    )


@torch.inference_mode()
def mean_probabilities(
    network: Network, decoded: Decoded, groups: Sequence[Passes], heads: Heads = "decoder"
) -> MeanProbabilities:
    """Average the distributions of the passes (the sums in Eq. 6).

    Args:
        network: in evaluation mode.
        decoded: B posts.
        groups: passes over them; steps that no pass covers keep their probabilities from decoding.
        heads: whose distributions are averaged.
    """
    symbols, regions = decoded.of(heads).clone(), decoded.regions.clone()
    for passes in groups:
        states, count = passes.states, len(passes.posts)
        tokens = network.step_probabilities(states, passes.history, passes.encoded, heads)
        pointed = network.decoder.region_logits(states, passes.encoded).softmax(-1)
        for whole, part in ((symbols, tokens), (regions, pointed)):  # some groups have no pointers to the last words
            whole[passes.posts, : part.shape[1], : part.shape[2]] = part.view(count, -1, *part.shape[1:]).mean(1)
    return MeanProbabilities(symbols, regions)


def _by_length(steps: Tensor) -> Iterator[Tensor]:
    """Group posts so that padding is at most a quarter; posts without steps are in no group. (B,) -> indices."""
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
    encoded: EncoderStates,
    decoded: Decoded,
    posts: Tensor,
    masks: Tensor,
    sampling: McDropout,
) -> Passes:
    sites = network.decoder.dropout_sites
    if sampling.encoder_layers:
        encoded = _sampled_states(network, batch.take(posts), masks[:, sites:], sampling)
    else:
        encoded = encoded.take(posts)
    symbols = decoded.symbols[posts]
    symbols = symbols[:, : int((symbols != END).sum(1).max())].repeat_interleave(sampling.passes, 0)
    history = previous_symbols(shift(symbols), len(network.config.labels))
    states, _ = network.decoder(history.previous, encoded, masks=masks)
    return Passes(posts, states, history, encoded)


def _sampled_states(network: Network, batch: Batch, masks: Tensor, settings: McDropout) -> EncoderStates:
    """Encode B * T posts with dropout masks in the top layers; the layers below run once for each post."""
    start = max(0, len(network.encoder.layers) - settings.encoder_layers)
    lower, repeated = network.encoder.lower(batch, start), batch.repeat(settings.passes)
    words = network.encoder.upper(lower.repeat_interleave(settings.passes, 0), repeated, start, masks)
    regions = network.encode_regions(batch).repeat_interleave(settings.passes, 0)
    return network.encoder_states(words, regions, repeated)
