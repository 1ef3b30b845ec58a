"""`unco simulate-variants`: the paper's variants on real posts, against a simulated MLLM."""

from collections.abc import Sequence

from rich.console import Console

from unco.evals.ab.experiment import Experiment, simulated_experiment
from unco.evals.ab.run import ArmRun, run_arms, variant_arms
from unco.evals.ab.table import show_arms, show_outcomes
from unco.evals.data.data_paths import DataPaths
from unco.evals.simulation import Profile


def simulate_variants(
    paths: DataPaths,
    names: Sequence[str],
    posts: int,
    profile: Profile,
    seed: int,
    console: Console,
    family: str = "qwen2.5-vl",
    checkpoint: str | None = None,
) -> list[ArmRun]:
    """Run variants over the first posts of test; print their table and what the simulated MLLM did.

    Args:
        paths: Twitter-FMNERG, whose types the shipped model gives out; read as Twitter-GMNER's.
        names: variants to run.
        posts: how many.
        profile: how the simulated MLLM errs.
        seed: of the simulated MLLM's random choices.
        console: to print to.
        family: of models in whose frame it writes boxes.
        checkpoint: small model; None = the shipped one.

    Raises:
        DataError: the data cannot be read.
        SettingsError: there is no such variant or family.
    """
    with simulated_experiment(paths, "test", posts, profile, seed, family, checkpoint, "gmner") as experiment:
        runs = run_arms(variant_arms(names), experiment)
        show_arms(runs, console)
        show_outcomes(runs, console)
        show_simulation(experiment, console)
    return runs


def show_simulation(experiment: Experiment, console: Console) -> None:
    """Print how the simulated MLLM errs, and what it did; nothing where a real one was asked."""
    if experiment.simulation is None or experiment.profile is None:
        return
    console.print(f"profile: {experiment.profile.model_dump_json(exclude_defaults=True)}", soft_wrap=True)
    counts = {"answers given again": 0} | dict(sorted(experiment.simulation.counts.items()))
    console.print(f"simulated MLLM: {counts}", soft_wrap=True)
