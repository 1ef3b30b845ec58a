"""`unco simulate-variants`: the paper's variants on real posts, against a simulated MLLM."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from unco.evals.ab.experiment import Experiment, simulated_experiment
from unco.evals.ab.run import ArmRun, run_arms, variant_arms
from unco.evals.ab.table import show_arms, show_outcomes
from unco.evals.formats.detect_format import read_gold, training_names
from unco.evals.simulation import Profile


def simulate_variants(
    data: Path,
    boxes: Path | None,
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
        data: gold posts, as of `unco compare`; those of Twitter-FMNERG are read in Twitter-GMNER's types.
        boxes: folder of the VOC files, where it is not xml/ in the folder; None = it is.
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
    gold = read_gold(data, "test", boxes)[:posts]
    names_known = training_names(data)
    with simulated_experiment(gold, names_known, profile, seed, family, checkpoint, "gmner") as experiment:
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
