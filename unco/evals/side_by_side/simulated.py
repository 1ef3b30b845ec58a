"""`unco simulate-variants`: the paper's variants on real posts, against a simulated MLLM."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from unco.evals.side_by_side.posts import small_model_of
from unco.evals.side_by_side.run import VariantRun, run_variants
from unco.evals.side_by_side.table import show_outcomes, show_variants
from unco.evals.simulation import Profile, simulate
from unco.evals.sources import Sources, by_scheme, make_look, read_split
from unco.small_model.checkpoint import SHIPPED, from_pretrained
from unco.small_model.looks import entity_names
from unco.tools.cache import Cache
from unco.tools.connection import Terms
from unco.tools.llm import Mllm
from unco.tools.prices import Price, Prices

PRICES = Prices(version="simulated", models=(Price(pattern="^simulated", input=2.5, output=10.0),))
"""US dollars for a million tokens: what a hosted model of 2024 took (gpt-4o)."""


def simulate_variants(
    sources: Sources,
    names: Sequence[str],
    posts: int,
    profile: Profile,
    seed: int,
    console: Console,
    family: str = "qwen2.5-vl",
    checkpoint: Path | None = None,
) -> list[VariantRun]:
    """Run variants over the first posts of test, print the table, and what the simulated MLLM did.

    Args:
        sources: Twitter-FMNERG, in whose types the shipped model speaks; read as Twitter-GMNER's.
        names: of variants.
        posts: how many.
        profile: how the simulated MLLM errs.
        seed: of its dice.
        console: to print to.
        family: in whose frame it writes boxes.
        checkpoint: small model; None = the shipped one.

    Raises:
        DataError: the data cannot be read.
        SettingsError: there is no such variant or family.
    """
    predictor = from_pretrained(checkpoint or SHIPPED, "gmner")
    config = predictor.network.config
    gold = read_split(sources, config.label_scheme, "test")[:posts]
    read_as = by_scheme(gold, config, "gmner")["gmner"]
    look = make_look(sources, entity_names(read_split(sources, config.label_scheme, "train")))
    with TemporaryDirectory() as temporary, simulate(read_as, family, profile, seed) as simulation:
        folder, number = Path(temporary), count()

        def make_llm() -> Mllm:
            cache = Cache(folder / f"cache{next(number)}")
            terms, timeout_s = Terms(prices=PRICES), 2.0  # it answers at once, or never
            return Mllm(simulation.url, simulation.model, cache=cache, terms=terms, timeout_s=timeout_s)

        extractor = small_model_of(predictor, look, gold, folder / "pictures")
        types = [label.name for label in predictor.labels]
        runs = run_variants(names, read_as, extractor, make_llm, folder / "pictures", types)
        show_variants(runs, console)
        show_outcomes(runs, console)
        console.print(f"profile: {profile.model_dump_json(exclude_defaults=True)}", soft_wrap=True)
        counts = {"answers given again": 0} | dict(sorted(simulation.counts.items()))
        console.print(f"simulated MLLM: {counts}", soft_wrap=True)
    return runs
