"""`unco simulate-mllm`: serve a simulated model until it is interrupted."""

from pathlib import Path
from threading import Event

from rich.console import Console

from unco.errors import SettingsError
from unco.evals.formats.detect_format import training_names
from unco.evals.simulation.gold import read_gold
from unco.evals.simulation.profile import read_profile
from unco.evals.simulation.server import simulate


def run_simulation(
    gold: Path,
    family: str,
    profile: Path | None,
    port: int,
    seed: int,
    boxes: Path | None,
    console: Console,
    until: Event | None = None,
) -> None:
    """Serve a simulated model; print how to reach it, and its counts at the end.

    Args:
        gold: see `read_gold`.
        family: model family in whose frame it writes boxes.
        profile: YAML file; None = it never errs.
        port: 0 = any that is free.
        seed: of its random choices.
        boxes: see `read_gold`.
        console: to print to.
        until: when to end; None = when interrupted.

    Raises:
        DataError: the gold posts cannot be read.
        SettingsError: no such family, a broken profile, or a port that is taken.
    """
    posts, errors, names = read_gold(gold, boxes), read_profile(profile), training_names(gold)
    try:
        with simulate(posts, family, errors, seed, port, names) as simulation:
            console.print("This is no model: it knows the gold answers. What it scores measures the plumbing.")
            console.print(f"{len(posts)} gold posts, {simulation.model}, stop with Ctrl-C:", soft_wrap=True)
            console.print(
                f"export UNCO_LLM_BASE_URL={simulation.url} UNCO_LLM_MODEL={simulation.model}", soft_wrap=True
            )
            try:
                (until or Event()).wait()
            except KeyboardInterrupt:
                pass
            console.print(
                ", ".join(f"{name}: {count}" for name, count in sorted(simulation.counts.items())) or "unasked"
            )
    except (OSError, OverflowError) as error:  # taken, or above 65535
        raise SettingsError(f"port {port} cannot be used: {error}") from error
