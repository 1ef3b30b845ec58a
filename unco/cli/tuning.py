"""The command that chooses thresholds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app


@app.command()
def tune(
    data: Annotated[Path, typer.Option(help="Folder of Twitter-FMNERG.")],
    out: Annotated[Path, typer.Option(help="The policy to write.")] = Path("policy.yaml"),
    boxes: Annotated[Path | None, typer.Option(help="Folder of the VOC files of Twitter-GMNER v2.0.")] = None,
    split: Annotated[str, typer.Option(help="Choose on dev; check on test.")] = "dev",
    posts: Annotated[int | None, typer.Option(min=1, help="The first so many; default: all.")] = None,
    paths: Annotated[Path | None, typer.Option(help="Answers recorded before; default: record now.")] = None,
    record: Annotated[Path | None, typer.Option(help="Keep the answers recorded now, for other thresholds.")] = None,
    profile: Annotated[Path | None, typer.Option(help="YAML file of how the simulated MLLM errs.")] = None,
    seed: Annotated[int, typer.Option(help="Of its dice.")] = 1,
    checkpoint: Annotated[Path | None, typer.Option(help="Small model; default: the shipped one.")] = None,
    method: Annotated[str, typer.Option(help="joint, call-rate, conformal, risk or ltt (needs MAPIE).")] = "joint",
    task: Annotated[str, typer.Option(help="Whose F1 counts: GMNER, MNER or EEG.")] = "GMNER",
    share: Annotated[float | None, typer.Option(help="call-rate: share of attributes to ask about.")] = None,
    calls: Annotated[float | None, typer.Option(help="call-rate: calls for 1,000 posts.")] = None,
    usd: Annotated[float | None, typer.Option(help="call-rate: US dollars for 1,000 posts.")] = None,
    alpha: Annotated[float, typer.Option(help="conformal, risk, ltt: most that may be kept wrong.")] = 0.05,
    delta: Annotated[float, typer.Option(help="risk, ltt: chance that the promise is broken.")] = 0.05,
    asked: Annotated[float, typer.Option(help="ltt: most of the attributes that may be asked about.")] = 0.3,
    check: Annotated[Path | None, typer.Option(help="A policy to try on these posts, instead of choosing.")] = None,
) -> None:
    """Choose thresholds on labelled posts, from answers of a simulated MLLM, and write them down as a policy."""
    from unco.evals.simulation import read_profile
    from unco.evals.sources import Sources
    from unco.evals.tuning.methods import Wanted
    from unco.evals.tuning.run import run_check, run_tuning
    from unco.evals.tuning.simulated_posts import Simulating

    where = Simulating(Sources(data, boxes), split, posts, read_profile(profile), seed, checkpoint)
    if check is not None:
        run_check(where, paths, record, check, Console())
        return
    wanted = Wanted(
        method=method,  # type: ignore[arg-type]  # Wanted refuses what is no method, and no task
        task=task,  # type: ignore[arg-type]
        share=share,
        calls=calls,
        usd=usd,
        alpha=alpha,
        delta=delta,
        asked=asked,
    )
    run_tuning(where, paths, record, wanted, out, Console())
