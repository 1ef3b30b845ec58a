"""Benchmark plain `transformers`: `generate` once, then T times with dropout on, with the same weights.

Their passes drop units in the encoder too, so they stand beside our `mc_encoder`; they decode anew, ours are
fed what was decoded. What `generate` cannot do (pointers, legal symbols, regions) is left out on their side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from benchmarks.mc_cost import PASSES, Case, deterministic, estimated, make_case, synchronised
from benchmarks.timing import Measured, measure
from unco.small_model.batch import Batch
from unco.small_model.decoding.symbols import FIRST_TYPE, START
from unco.small_model.network.model import Network
from unco.small_model.network.weight_conversion import bart_config, bart_weights
from unco.small_model.predictor import Predictor

WORDS = 16
"""Number of words of a typical post, which a pointer chooses from."""
BIAS = 20.0
"""Bias added to the score of `<s>`, since random weights would find nothing, or anything."""


@dataclass(frozen=True, slots=True)
class WeightPair:
    """One set of random weights, as a model of `transformers` and as a network of ours."""

    model: Any
    network: Network


def make_pair(predictor: Predictor) -> WeightPair:
    """Make a BART of the sizes of a predictor's network, and a network with its weights, biased to names."""
    from transformers import BartConfig, BartForConditionalGeneration

    config = predictor.network.config
    settings: dict[str, Any] = {"vocab_size": config.vocabulary, "d_model": config.hidden, "dropout": config.dropout}
    for side in ("encoder", "decoder"):
        settings[f"{side}_layers"] = getattr(config, f"{side}_layers")
        settings[f"{side}_attention_heads"], settings[f"{side}_ffn_dim"] = config.heads, config.feed_forward
    torch.manual_seed(0)
    model = BartForConditionalGeneration(BartConfig(max_position_embeddings=config.positions, **settings))
    sizes = bart_config(model.config.to_dict())
    # As few symbols to choose from as we have: thirty thousand word pieces would cost them more than the decoder does.
    symbols = FIRST_TYPE + len(config.labels) + WORDS
    model.lm_head = torch.nn.Linear(config.hidden, symbols, bias=False)
    model.register_buffer("final_logits_bias", torch.zeros(1, symbols))
    network = Network(
        replace(sizes, labels=config.labels, dropout=config.dropout, bio_loss=0.0)
    )  # generates as they do
    network.load_state_dict({**network.state_dict(), **bart_weights(model.model.state_dict(), network.config)})
    return WeightPair(model.train(False), bias_to_names(network))


def bias_to_names(network: Network) -> Network:
    """Bias a random network to start names until the words are used up."""
    with torch.no_grad():
        network.decoder.special_out.bias[START] += BIAS
    return network.eval().requires_grad_(False)


@torch.inference_mode()
def generate(model: Any, batch: Batch, steps: int) -> torch.Tensor:
    """Decode greedily with a cache, for as many steps as our decoder takes: (B, 1 + steps)."""
    generated: torch.Tensor = model.generate(
        input_ids=torch.from_numpy(batch.piece_ids),
        attention_mask=torch.from_numpy(batch.piece_mask).long(),
        do_sample=False,
        num_beams=1,
        use_cache=True,
        min_new_tokens=steps,
        max_new_tokens=steps,
    )
    return generated


def generate_again(model: Any, case: Case, steps: Sequence[int], passes: int) -> None:
    """Generate once deterministically, then some passes in training mode."""
    for training in (False, *[True] * passes):
        model.train(training)
        for (batch, _), length in zip(case.batches, steps, strict=True):
            generate(model, batch, length)
    model.eval()


def transformers_tasks(predictor: Predictor, size: int) -> dict[str, Callable[[], object]]:
    """Make the tasks: ours and theirs on the processor, without and with T passes."""
    pair, device = make_pair(predictor), torch.device("cpu")
    case = make_case(replace(predictor, network=pair.network, heads="decoder"), size, device)
    steps = [decoded.symbols.shape[1] for decoded in deterministic(case)]
    tasks: dict[str, Callable[[], object]] = {
        "ours, deterministic": lambda: deterministic(case),
        f"ours, T = {PASSES} in the decoder": lambda: estimated(case, "mc_decoder"),
        f"ours, T = {PASSES} in encoder and decoder": lambda: estimated(case, "mc_encoder"),
        "transformers' generate": lambda: generate_again(pair.model, case, steps, 0),
        f"transformers' generate, and {PASSES} times more": lambda: generate_again(pair.model, case, steps, PASSES),
    }
    return {name: synchronised(task, device) for name, task in tasks.items()}


def measure_transformers(
    predictor: Predictor, sizes: Sequence[int] = (1, 8, 32), rounds: int = 5
) -> list[tuple[str, list[Measured]]]:
    """Measure title and rows for each batch size."""
    return [
        (f"Beside transformers, batches of {size}", measure(transformers_tasks(predictor, size), rounds))
        for size in sizes
    ]
