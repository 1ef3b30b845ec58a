"""Measure routing by gain against the joint sweep, and a second opinion against none, with simulated answers."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.simulated_answers import Doubts, ReadPosts, read_posts, record
from unco.evals.formats.detect_format import read_gold, training_names
from unco.evals.metrics.bootstrap import Interval
from unco.evals.metrics.correction_effects import count_effects
from unco.evals.simulation import Profile, read_profile
from unco.evals.tuning.expected import CALLS, expected
from unco.evals.tuning.gain.against import against, under_policy
from unco.evals.tuning.make_policy import make_policy
from unco.evals.tuning.methods import Method, TuningGoal, choose
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recorded.paths import Recording
from unco.evals.tuning.recorded.replay import replay
from unco.tools.extraction.policy import Policy

PROFILES = ("types", "names", "boxes", "even")
DEV_SEED, TEST_SEED = 1, 2
DRAWS = ((DEV_SEED, TEST_SEED), (11, 12), (21, 22))
"""Of answers, on dev and on test."""
ANSWER_AUROC = 0.75
SECOND_OPINIONS = {
    "never": Doubts(),
    "always": Doubts(below=2.0),
    "believed below 0.6": Doubts(below=0.6),
    "believed below 0.6; below 0.3 it falls": Doubts(accept=0.3, below=0.6),
}


def main(
    gold: Annotated[Path, typer.Option(help="Folder of Twitter-FMNERG.")],
    boxes: Annotated[Path, typer.Option(help="Folder of the VOC files of Twitter-GMNER.")],
) -> None:
    """Choose on dev and compare on test, for each of the four profiles."""
    names = training_names(gold)
    dev, test = (read_posts(read_gold(gold, split, boxes), names) for split in ("dev", "test"))
    for table in (gain_table(dev, test), second_opinion_table(dev, test)):
        Console().print(table)


def gain_table(dev: ReadPosts, test: ReadPosts) -> Table:
    """Compare the policies of `gain` and of `joint` on the test posts."""
    columns = "profile, draw", "joint", "gain", "F1 above joint", "calls against joint", "what was done"
    table = Table(*columns, title="Routing by gain")
    for name in PROFILES:
        for number, seeds in enumerate(DRAWS, 1):
            table.add_row(f"{name}, {number}", *_gain_row(dev, test, profile_named(name), *seeds))
    return table


def _gain_row(dev: ReadPosts, test: ReadPosts, profile: Profile, dev_seed: int, test_seed: int) -> Iterator[str]:
    recording, elsewhere = record(dev, profile, dev_seed), record(test, profile, test_seed)
    joint, gain = policy_of(recording, "joint"), policy_of(recording, "gain")
    for policy in (joint, gain):
        found = expected(outcomes_of(under_policy(elsewhere, policy)), policy.thresholds.as_thresholds())
        yield f"{100 * found['GMNER'].value:.2f} / {found[CALLS].value:.3f}"
    found = against(elsewhere, gain, joint)
    yield _points(found["GMNER above the other"])
    ratio = found["calls against the other's"]
    yield f"{ratio.value:.3f}, {ratio.low:.3f} to {ratio.high:.3f}"
    yield gain.method


def policy_of(recording: Recording, method: Method) -> Policy:
    """Make the policy of a method."""
    outcomes = outcomes_of(recording)
    chosen = choose(recording, outcomes, TuningGoal(method=method))
    return make_policy(recording, outcomes, chosen)


def second_opinion_table(dev: ReadPosts, test: ReadPosts) -> Table:
    """Count repairs, harm and calls on the test posts with and without a second opinion, under the joint thresholds."""
    title = f"A second opinion, where the MLLM's probabilities know its errors to an AUROC of {ANSWER_AUROC}"
    table = Table("profile", "a change is put again", "repairs", "harm", "GMNER F1", "calls per entity", title=title)
    for name in PROFILES:
        profile = profile_named(name).model_copy(update={"answer_auroc": ANSWER_AUROC})
        thresholds = policy_of(record(dev, profile, DEV_SEED), "joint").thresholds.as_thresholds()
        for setting, doubts in SECOND_OPINIONS.items():
            recording = record(test, profile, TEST_SEED, doubts)
            effects = count_effects(recording.gold, replay(recording, thresholds))
            found = expected(outcomes_of(recording), thresholds)
            scores = f"{100 * found['GMNER'].value:.2f}", f"{found[CALLS].value:.3f}"
            table.add_row(name, setting, str(effects.better), str(effects.worse), *scores)
    return table


def profile_named(name: str) -> Profile:
    """Read one of the profiles that come with unco."""
    return read_profile(Path(str(files("unco.evals.simulation") / "profiles" / f"{name}.yaml")))


def _points(difference: Interval) -> str:
    return f"{100 * difference.value:+.2f}, {100 * difference.low:+.2f} to {100 * difference.high:+.2f}"


if __name__ == "__main__":
    typer.run(main)
