"""Monte Carlo dropout (Eqs. 4-6): encode once, decode once, then T stochastic passes in one batch.

The passes are teacher-forced on the decoded sequence, so all have the same length. A mask is drawn per post, pass and
site and holds for all steps of the pass (Gal and Ghahramani 2016), seeded by the post's own words: a post's uncertainty
is the same alone and in any batch. Only what is needed is sampled: posts of similar length share a batch, the last step
(`<end>`) is left out, and so are posts without entities.
"""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from unco.small_model.batch import Array, Batch
from unco.small_model.config import McDropout
from unco.small_model.decoding.greedy import Decoded
from unco.small_model.decoding.states import EncoderStates
from unco.small_model.decoding.symbols import END, previous_symbols, shift, symbol_probabilities
from unco.small_model.decoding.tagging_head import tag_probabilities
from unco.small_model.network.model import Network
from unco.small_model.uncertainty.mean_probabilities import Passes


def draw_masks(keys: Sequence[str], sites: int, hidden: int, settings: McDropout) -> Tensor:
    """Draw masks of shape (B * T, sites, hidden), scaled by 1 / (1 - p); row b * T + t is pass t of post b."""
    rows = [_generator(key, settings.seed).random((settings.passes, sites, hidden)) for key in keys]
    kept = np.concatenate(rows) >= settings.p
    return torch.from_numpy(kept.astype(np.float32) / (1.0 - settings.p))


def _generator(key: str, seed: int) -> np.random.Generator:
    digest = hashlib.blake2b(f"{seed}\x00{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.random.Generator(np.random.Philox(int.from_bytes(digest, "little")))


@torch.inference_mode()
def run_passes(
    network: Network,
    batch: Batch,
    encoded: EncoderStates,
    decoded: Decoded,
    keys: Sequence[str],
    sampling: McDropout,
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
    masks = masks.view(len(keys), sampling.passes, *masks.shape[1:]).to(network.device)
    return tuple(
        _run(network, batch, encoded, decoded, posts, masks[posts].flatten(0, 1), sampling)
        for posts in _by_length((decoded.symbols != END).sum(1))
    )


def _by_length(steps: Array) -> Iterator[list[int]]:
    """Group posts so that padding is at most a quarter; posts without steps are in no group. (B,) -> indices."""
    order = np.argsort(-steps, kind="stable").tolist()
    lengths = [int(steps[post]) for post in order]
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
    posts: list[int],
    masks: Tensor,
    sampling: McDropout,
) -> Passes:
    sites, times = network.decoder.dropout_sites, sampling.passes
    if sampling.encoder_layers:
        encoded = _sampled_states(network, batch.map(lambda numbers: numbers[posts]), masks[:, sites:], sampling)
    else:
        encoded = encoded.take(posts)
    symbols = decoded.symbols[posts]
    symbols = symbols[:, : int((symbols != END).sum(1).max())].repeat(times, 0)
    labels, whole = len(network.config.labels), network.config.whole_label_set
    history = previous_symbols(shift(symbols), labels)
    steps = network.read_steps(history.previous, encoded, masks=masks)
    counts, tags = encoded.counts, network.read_tags(encoded)
    if not sampling.encoder_layers:
        counts, tags = counts.repeat(times), tags.take(np.arange(len(posts)).repeat(times))
    by_decoder = symbol_probabilities(steps.symbols, history, counts, labels, whole)
    return Passes(posts, by_decoder, tag_probabilities(tags, *history), steps.regions)


def _sampled_states(network: Network, batch: Batch, masks: Tensor, settings: McDropout) -> EncoderStates:
    """Encode B * T posts with dropout masks in the top layers; the layers below run once for each post."""
    start, times = max(0, len(network.encoder.layers) - settings.encoder_layers), settings.passes
    tensors = network.tensors(batch)
    lower, repeated = network.encoder.lower(tensors, start), tensors.map(lambda one: one.repeat_interleave(times, 0))
    words = network.encoder.upper(lower.repeat_interleave(times, 0), repeated, start, masks)
    regions = network.encode_regions(tensors).repeat_interleave(times, 0)
    return network.encoder_states(words, regions, repeated, batch.words.repeat(times))
