"""The command that chooses thresholds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app, keep_inputs
from unco.cli.experiment_options import (
    Boxes,
    Checkpoint,
    Detector,
    Family,
    Mode,
    Pictures,
    Posts,
    Profile,
    RegionFiles,
    Scheme,
    Seed,
    Split,
)
from unco.cli.posts import Labels
from unco.errors import SettingsError

Number = float | None
Version = Annotated[str, typer.Option(help="Version of the corrector's prompt.")]


@app.command(rich_help_panel="Evaluation")
def tune(
    gold: Annotated[Path | None, typer.Option(help="Posts to record answers about: as of `unco compare`.")] = None,
    paths: Annotated[Path | None, typer.Option(help="Instead of --gold: answers recorded before.")] = None,
    record: Annotated[Path | None, typer.Option(help="Keep the answers recorded now, for other thresholds.")] = None,
    out: Annotated[Path, typer.Option(help="The policy to write.")] = Path("policy.yaml"),
    check: Annotated[Path | None, typer.Option(help="A policy to try on these posts, instead of choosing.")] = None,
    against: Annotated[Path | None, typer.Option(help="A policy to compare the one of --check with.")] = None,
    method: Annotated[
        str,
        typer.Option(help="joint, gain, call-rate, conformal, risk or ltt (needs MAPIE); checkpoint: leave them."),
    ] = "joint",
    task: Annotated[str, typer.Option(help="Score that counts: GMNER, MNER or EEG.")] = "GMNER",
    share: Annotated[Number, typer.Option(help="call-rate: share of attributes to ask about.")] = None,
    calls: Annotated[Number, typer.Option(help="call-rate: calls for 1,000 posts.")] = None,
    usd: Annotated[Number, typer.Option(help="call-rate: US dollars for 1,000 posts.")] = None,
    alpha: Annotated[float, typer.Option(help="conformal, risk, ltt: most that may be kept wrong.")] = 0.05,
    delta: Annotated[float, typer.Option(help="risk, ltt: chance that the promise is broken.")] = 0.05,
    asked: Annotated[float, typer.Option(help="ltt: most of the attributes that may be asked about.")] = 0.3,
    drop: Annotated[
        bool,
        typer.Option("--drop", help="Choose also above which doubt entities are dropped, by the F1 of --task."),
    ] = False,
    recall_share: Annotated[
        Number, typer.Option(help="Ask this share of posts about missed entities, where one was nearly found.")
    ] = None,
    floor: Annotated[float, typer.Option(help="Record nothing at or below this uncertainty: saves calls.")] = -1.0,
    confidence: Annotated[
        bool, typer.Option(help="Record how sure the answers are, and choose how much belief a change needs.")
    ] = False,
    split: Split = "dev",
    boxes: Boxes = None,
    pictures: Pictures = None,
    region_files: RegionFiles = None,
    detector: Detector = None,
    posts: Posts = None,
    checkpoint: Checkpoint = None,
    scheme: Scheme = None,
    labels: Labels = None,
    span_prompt: Version = "v1",
    type_prompt: Version = "v1",
    region_prompt: Version = "v1",
    mode: Mode = None,
    profile: Profile = None,
    family: Family = "qwen2.5-vl",
    seed: Seed = 1,
) -> None:
    """Choose thresholds on labelled posts, and write them to a policy file."""
    from unco.context import Context
    from unco.evals.ab.open_experiment import ExperimentChoices
    from unco.evals.tuning.methods import TuningGoal, equal_thresholds
    from unco.evals.tuning.run import AnswerSource, run_check, run_tuning

    for written in (out, record):
        keep_inputs(written, gold, paths)
    experiment = None
    if gold is not None:
        rest = (scheme, mode, profile, family, seed, labels, region_files, detector)
        experiment = ExperimentChoices(gold, split, boxes, pictures, posts, checkpoint, *rest)
    asked_for = 0.0 if confidence else None
    context = Context(
        span_prompt=span_prompt,
        type_prompt=type_prompt,
        region_prompt=region_prompt,
        span_accept=asked_for,
        type_accept=asked_for,
        region_accept=asked_for,
        recall_threshold=None if recall_share is None else 1.0,  # near misses are recorded, and nobody asked about them
        strict_pictures=True,  # thresholds are not chosen by scores that lack a picture here and there
    )
    answers = AnswerSource(
        paths=paths, experiment=experiment, context=context, floor=equal_thresholds(floor), record=record
    )
    if against is not None and check is None:
        raise SettingsError("--against names a policy to compare with the one of --check: give both")
    if check is not None:
        run_check(answers, check, Console(), against)
        return
    wanted = TuningGoal(
        method=method,  # type: ignore[arg-type]  # TuningGoal refuses what is no method, and no task
        task=task,  # type: ignore[arg-type]
        share=share,
        calls=calls,
        usd=usd,
        alpha=alpha,
        delta=delta,
        asked=asked,
        drop=drop,
        recall_share=recall_share,
    )
    run_tuning(answers, wanted, out, Console())


@app.command(rich_help_panel="Evaluation")
def watch(
    run: Annotated[Path, typer.Argument(help="Results of unco, one a line, in the order in which posts came.")],
    policy: Annotated[Path, typer.Option(help="A policy of `unco tune`.")] = Path("policy.yaml"),
    learn: Annotated[bool, typer.Option("--learn", help="Write into the policy that posts look like these.")] = False,
    posts_between_false_alarms: Annotated[
        float, typer.Option(help="Mean number of posts until a false alarm, at least.")
    ] = 60_000,
) -> None:
    """Tell, without labels, whether posts still look like those of a policy; ends with 1 on an alarm."""
    from unco.evals.watch.run import run_learn, run_watch

    if learn:
        run_learn(run, policy, Console())
    elif run_watch(run, policy, posts_between_false_alarms, Console()):
        raise typer.Exit(1)
