"""Where paths are recorded: real posts, the real small model, simulated candidates and a simulated MLLM."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from unco.evals.side_by_side.posts import post_inputs, small_model_of
from unco.evals.side_by_side.simulated import PRICES
from unco.evals.simulation import Profile, simulate
from unco.evals.sources import Sources, by_scheme, make_look, read_split
from unco.evals.tuning.every_path import record_paths
from unco.evals.tuning.paths import About, Recorded, data_hash
from unco.prompts import load_prompt
from unco.small_model.checkpoint import SHIPPED, from_pretrained
from unco.small_model.identity import identity_of
from unco.small_model.looks import entity_names
from unco.tools.cache import Cache
from unco.tools.connection import Terms
from unco.tools.llm import Mllm
from unco.tools.small_model import small_model_tool
from unco.types import ATTRIBUTES, Attribute, GoldPost

SCHEME = "gmner"
FAMILY = "qwen2.5-vl"


@dataclass(frozen=True, slots=True)
class Simulating:
    """Which posts, and who answers."""

    sources: Sources
    split: str
    posts: int | None
    """How many, from the first on; None = all."""
    profile: Profile
    """How the simulated MLLM errs."""
    seed: int = 1
    """Of its dice."""
    checkpoint: Path | None = None
    """Small model; None = the shipped one."""


def read_gold_posts(wanted: Simulating) -> list[GoldPost]:
    """The gold posts, in the types that entities are given out in.

    Raises:
        DataError: the data cannot be read.
    """
    config = from_pretrained(wanted.checkpoint or SHIPPED, SCHEME).network.config
    gold = read_split(wanted.sources, config.label_scheme, wanted.split)[: wanted.posts]
    return by_scheme(gold, config, SCHEME)[SCHEME]


def record_simulated(wanted: Simulating) -> Recorded:
    """Record the paths of posts against a simulated MLLM.

    Raises:
        DataError: the data cannot be read.
    """
    predictor = from_pretrained(wanted.checkpoint or SHIPPED, SCHEME)
    config = predictor.network.config
    raw = read_split(wanted.sources, config.label_scheme, wanted.split)[: wanted.posts]
    gold = by_scheme(raw, config, SCHEME)[SCHEME]
    look = make_look(wanted.sources, entity_names(read_split(wanted.sources, config.label_scheme, "train")))
    with TemporaryDirectory() as temporary, simulate(gold, FAMILY, wanted.profile, wanted.seed) as simulation:
        pictures = Path(temporary) / "pictures"
        cache, terms = Cache(Path(temporary) / "cache"), Terms(prices=PRICES)
        llm = Mllm(simulation.url, simulation.model, cache=cache, terms=terms, timeout_s=2.0)
        tool = small_model_tool(small_model_of(predictor, look, raw, pictures))
        posts = asyncio.run(record_paths(post_inputs(gold, pictures), tool, llm))
    about = About(
        checkpoint=identity_of(wanted.checkpoint, SCHEME),
        data_sha256=data_hash(gold),
        stating=stating_prompts(),
        price=PRICES.of(simulation.model),
        simulated=wanted.profile.model_dump_json(exclude_defaults=True),
    )
    return Recorded(about, tuple(posts))


def stating_prompts(version: str = "v1") -> tuple[Attribute, ...]:
    """Attributes whose prompt states the threshold."""
    return tuple(name for name in ATTRIBUTES if load_prompt(name, version).uses("threshold"))
