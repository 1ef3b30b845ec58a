"""An experiment of the six drawn posts, a small model that is wrong where it is unsure, and a simulated MLLM."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from tests.evals.simulated_posts import drawn_posts, small_model
from unco.evals.ab.experiment import PRICES, Experiment
from unco.evals.ab.posts import inputs_with_blank_pictures
from unco.evals.simulation import Profile, simulate
from unco.evals.simulation.model import Simulation
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.types import Extraction, Label, Post

TYPES = ("PER", "LOC", "ORG", "MISC")
LABELS = tuple(Label(name, f"what is called {name}") for name in TYPES)


def llm_of(simulation: Simulation, folder: Path, number: int = 0, timeout_s: float = 30.0) -> Mllm:
    """A client with a cache of its own; a busy machine answers after seconds, a simulation that hangs never does."""
    cache, terms = Cache(folder / f"cache{number}"), Terms(prices=PRICES)
    return Mllm(simulation.url, simulation.model, cache=cache, terms=terms, timeout_s=timeout_s)


@contextmanager
def drawn_experiment(folder: Path, profile: Profile | None = None, seed: int = 3) -> Iterator[Experiment]:
    posts = drawn_posts(folder)
    extractor = small_model(posts)

    def with_their_pictures(post: Post) -> Extraction:
        """The experiment's pictures are blank ones of the same sizes; boxes are the same in them."""
        return replace(extractor(replace(post, text=" ".join(post.text))), labels=LABELS)

    gold, number = [post.gold for post in posts], count()
    with simulate(gold, "qwen2.5-vl", profile, seed) as simulation:
        yield Experiment(
            gold=tuple(gold),
            inputs=tuple(inputs_with_blank_pictures(gold, folder / "blank")),
            types=TYPES,
            small_model=lambda checkpoint, estimator: with_their_pictures,
            make_llm=lambda: llm_of(simulation, folder, next(number)),
            simulation=simulation,
            profile=profile or Profile(),
        )
