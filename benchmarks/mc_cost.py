"""Benchmark Monte Carlo dropout beside a deterministic prediction, and beside decoding T times over."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.posts import typical_posts
from benchmarks.roofline import Lengths, multiply_adds, weight_bytes
from benchmarks.timing import Measured, measure
from unco.errors import SettingsError
from unco.small_model.batch import Array, Batch, encode_post, make_batch
from unco.small_model.config import ESTIMATORS, Heads, McDropout, Scheme
from unco.small_model.decoding.greedy import Decoded, decode_greedily
from unco.small_model.decoding.symbols import END
from unco.small_model.network.model import Network
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.mc_dropout import run_passes
from unco.small_model.uncertainty.mean_probabilities import MeanProbabilities, mean_probabilities
from unco.small_model.uncertainty.span_signals import span_signals
from unco.small_model.uncertainty.training_names import TrainingNames
from unco.small_model.uncertainty.type_signals import type_signals
from unco.training.calibrate import can_estimate

PASSES = McDropout().passes
DETERMINISTIC, NAIVE = "deterministic", f"naive: encode and decode {PASSES} times more"
POSTS = 8
"""Least number of posts that are timed, in batches of the wanted size."""


@dataclass(frozen=True, slots=True)
class Case:
    """A network and its batches, with the texts that seed the dropout masks."""

    network: Network
    heads: Heads
    batches: tuple[tuple[Batch, tuple[str, ...]], ...]
    known: tuple[TrainingNames, Scheme] | None = None
    """Training names that the estimator `learned` compares with, and the types that it gives out."""


def make_case(predictor: Predictor, size: int, device: torch.device) -> Case:
    """Prepare typical posts in batches of one size on the device: tokenizing is not timed."""
    network = deepcopy(predictor.network.in_torch).to(device).eval()
    posts = [encode_post(post, predictor.tokenizer) for post in typical_posts(max(size, POSTS))]
    chunks = [posts[start : start + size] for start in range(0, len(posts), size)]
    features = network.config.visual_features
    batches = [
        (make_batch(chunk, predictor.tokenizer, features), tuple(" ".join(post.words) for post in chunk))
        for chunk in chunks
    ]
    known = (predictor.training_names, predictor.scheme) if predictor.training_names else None
    return Case(network, predictor.heads, tuple(batches), known)


@torch.inference_mode()
def deterministic(case: Case) -> list[Decoded]:
    """Encode and decode without uncertainty."""
    return [_decode(case.network, batch, case.heads) for batch, _ in case.batches]


@torch.inference_mode()
def estimated(case: Case, name: str) -> list[MeanProbabilities]:
    """Encode, decode, and compute the distributions of an estimator, by its name in `ESTIMATORS`."""
    estimator, network = ESTIMATORS[name], case.network
    means = []
    for batch, keys in case.batches:
        encoded = network.encode(batch)
        decoded = decode_greedily(network, encoded, case.heads)
        ran = run_passes(network, batch, encoded, decoded, keys, estimator.sampling)
        means.append(mean_probabilities(decoded, ran, estimator.heads))
        if estimator.span == "learned":
            span_signals(decoded)
        if estimator.type == "learned":
            if case.known is None:
                raise SettingsError(f"the checkpoint was not fitted for the estimator {name!r}")
            type_signals(case.known[0], network.word_states(encoded), decoded, case.known[1], network.multiply)
    return means


@torch.inference_mode()
def naive(case: Case, training: Network) -> list[Array]:
    """Predict once, then T times more with dropout on, encoder and all; average the symbols' distributions.

    The passes may end at different steps: the shorter ones count as zeros there.

    Args:
        case: network and batches.
        training: the same network in training mode.
    """
    deterministic(case)
    means = []
    for batch, _ in case.batches:
        found = [_decode(training, batch, case.heads).probabilities for _ in range(PASSES)]
        length = max(symbols.shape[1] for symbols in found)
        rows = [np.pad(symbols, ((0, 0), (0, length - symbols.shape[1]), (0, 0))) for symbols in found]
        means.append(np.mean(rows, 0))
    return means


def _decode(network: Network, batch: Batch, heads: Heads) -> Decoded:
    encoded = network.encode(batch)
    return decode_greedily(network, encoded, heads)


def mc_tasks(case: Case, estimators: Sequence[str]) -> dict[str, Callable[[], object]]:
    """Make the tasks: the deterministic prediction, estimators by name, and the naive way."""
    training = deepcopy(case.network).train()
    tasks: dict[str, Callable[[], object]] = {DETERMINISTIC: lambda: deterministic(case)}
    for name in estimators:
        tasks[name] = lambda name=name: estimated(case, name)  # type: ignore[misc]
    tasks[NAIVE] = lambda: naive(case, training)
    return {name: synchronised(task, case.network.device) for name, task in tasks.items()}


def synchronised(task: Callable[[], object], device: torch.device) -> Callable[[], object]:
    """Wrap a task so that it ends when the device has done its work."""

    def run() -> object:
        result = task()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return result

    return run


def devices() -> list[torch.device]:
    """List the devices: the processor, and CUDA where there is one."""
    return [torch.device(name) for name in ("cpu", *(["cuda"] if torch.cuda.is_available() else []))]


def lengths(case: Case) -> list[Lengths]:
    """Measure the lengths of each post, as the network decodes it."""
    found = []
    for (batch, _), decoded in zip(case.batches, deterministic(case), strict=True):
        steps = (decoded.symbols != END).sum(1) + 1
        columns = (batch.piece_mask.sum(1), batch.words, batch.region_mask.sum(1), steps)
        found += [Lengths(*row) for row in np.stack(columns, 1).tolist()]
    return found


def describe_roofline(case: Case) -> str:
    """Describe the roofline of decoder dropout: its least cost over a deterministic prediction."""
    config, found = case.network.config, lengths(case)
    steps = [post.steps for post in found]
    reading = weight_bytes(config).ratio
    products = multiply_adds(config, found, PASSES).ratio
    return (
        f"{sum(steps) / len(steps):.1f} symbols a post, {max(steps)} at most; floor of T = {PASSES} in the decoder: "
        f"{products:.2f} x by multiply-adds, {reading:.2f} x by weights read"
    )


def savings(rows: Sequence[Measured]) -> list[str]:
    """Compute how much less extra time than the naive way each row takes, over the deterministic row."""
    base = rows[0].seconds
    wasted = next(row.seconds for row in rows if row.name == NAIVE) - base
    return [f"{wasted / (row.seconds - base):.1f} x less" if row.seconds > base else "-" for row in rows]


def measure_mc_cost(
    predictor: Predictor, sizes: Sequence[int] = (1, 8, 32), rounds: int = 7
) -> list[tuple[str, list[Measured], str]]:
    """Measure title, rows and roofline for each device and batch size; `learned` only where it was fitted."""
    names = ("learned", "mc_decoder", "mc_encoder")
    estimators = [name for name in names if can_estimate(predictor, ESTIMATORS[name], predictor.scheme)]
    found = []
    for device in devices():
        for size in sizes:
            case = make_case(predictor, size, device)
            title = f"Monte Carlo dropout, {device.type}, batches of {size}, {max(size, POSTS)} posts"
            found.append((title, measure(mc_tasks(case, estimators), rounds), describe_roofline(case)))
    return found
