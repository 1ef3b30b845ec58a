"""Benchmark a network of the paper's size: BART-base, 28 regions with CLIP features; random weights."""

from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.mc_cost import PASSES, Case, describe_roofline, deterministic, devices, estimated, synchronised
from benchmarks.timing import Measured, measure
from benchmarks.transformers_way import bias_to_names
from unco.small_model.batch import GEOMETRY, KINDS, Batch
from unco.small_model.config import ModelConfig
from unco.small_model.network.model import Network

PAPER = ModelConfig(
    bio_loss=0.0,  # as in its recipe: without a trained tagging head there are no drafts
    vocabulary=50265,
    hidden=768,
    heads=12,
    feed_forward=3072,
    encoder_layers=6,
    decoder_layers=6,
    positions=1024,
    norm_eps=1e-5,
    visual_features=512,
)
WORDS, PIECES, REGIONS = 16, 22, 29
"""Lengths of each post."""


def random_batch(config: ModelConfig, posts: int) -> Batch:
    """Make a batch of random posts of one length; the first words have two pieces."""
    word = [-1, *sorted([*range(WORDS), *range(PIECES - WORDS)]), -1]
    shape, boxes = (posts, len(word)), (posts, REGIONS)
    random = np.random.default_rng(0)
    return Batch(
        piece_ids=random.integers(config.vocabulary, size=shape),
        piece_mask=np.ones(shape, bool),
        shapes=np.zeros(shape, np.int64),
        prefixes=np.zeros(shape, np.int64),
        casings=np.zeros(posts, np.int64),
        word_of_piece=np.tile(word, (posts, 1)),
        words=np.full(posts, WORDS),
        geometry=random.random((*boxes, GEOMETRY), np.float32),
        kinds=random.integers(len(KINDS), size=boxes),
        region_texts=np.full((*boxes, 0), -1),
        features=random.standard_normal((*boxes, config.visual_features), np.float32),
        region_mask=np.ones(boxes, bool),
    )


def paper_case(config: ModelConfig, posts: int, device: torch.device) -> Case:
    """Make a random network that is biased to names, and one batch of random posts."""
    torch.manual_seed(0)
    network = bias_to_names(Network(config)).to(device)
    keys = tuple(str(post) for post in range(posts))
    return Case(network, "decoder", ((random_batch(config, posts), keys),))


def measure_paper_size(
    config: ModelConfig = PAPER, sizes: Sequence[int] | None = None, rounds: int = 5
) -> list[tuple[str, list[Measured], str]]:
    """Measure title, rows and roofline: batches of 1 and 32 on CUDA where there is one, else of 1 and 8 on the CPU.

    Args:
        config: sizes of the network.
        sizes: of the batches, instead.
        rounds: how often each is timed.
    """
    device = devices()[-1]
    return [
        (f"The paper's size, {device.type}, {size} posts", *_measure(paper_case(config, size, device), device, rounds))
        for size in sizes or ((1, 32) if device.type == "cuda" else (1, 8))
    ]


def _measure(case: Case, device: torch.device, rounds: int) -> tuple[list[Measured], str]:
    tasks = {
        "deterministic": synchronised(lambda: deterministic(case), device),
        f"T = {PASSES} in the decoder": synchronised(lambda: estimated(case, "mc_decoder"), device),
    }
    return measure(tasks, rounds), describe_roofline(case)
