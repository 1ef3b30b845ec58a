"""What is learned about the gain of a question: from answers that depend on something, and from some that do not."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from tests.tiny import extraction
from unco.cli import app
from unco.errors import DataError, SettingsError
from unco.evals.tuning.expected import CALLS, expected
from unco.evals.tuning.gain.against import against
from unco.evals.tuning.gain.cases import cases_of
from unco.evals.tuning.gain.choose import LearnedGain, at_gain, choose_gain
from unco.evals.tuning.make_policy import make_policy
from unco.evals.tuning.methods import TuningGoal, choose
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recorded.paths import About, Answered, PostPaths, Recording, read_paths, write_paths
from unco.evals.tuning.recorded.replay import replay
from unco.tools.extraction.known_names import pack_names, unpack_names
from unco.tools.extraction.policy import Policy, read_policy
from unco.types import ALWAYS, Correction, GoldEntity, GoldPost, Span, Thresholds, Uncertainty

TYPES = Thresholds(1.0, ALWAYS, 1.0)
"""Types alone were asked about."""
NAMES = {True: "Ann", False: "Zed"}
WORD = Span(0, 1)


def post(number: int, draw: Random, right: dict[bool, float]) -> PostPaths:
    """The small model is right as often as it says; the MLLM by what it knows of the name."""
    known, uncertainty = draw.random() < 0.5, draw.random()
    own, answer = draw.random() > uncertainty, draw.random() < right[known]
    tokens = (NAMES[known], "sings")
    found = extraction(tokens, [(WORD, "PER", None, Uncertainty(0.0, uncertainty, 0.0))], Thresholds(1.0, 0.3, 1.0))
    gold = "PER" if own else "ORG"
    after = gold if answer else ("ORG" if own else "PER")
    note = Correction("type", "kept" if after == "PER" else "changed", "PER", after, uncertainty, 0.3, calls=1)
    wanted = GoldPost(str(number), tokens, (GoldEntity(WORD, gold, ()),), None)
    return PostPaths(str(number), found, ((Answered(WORD, "PER", note),),), wanted)


@cache
def recorded(known: float, others: float, count: int = 600, seed: int = 0) -> Recording:
    draw = Random(seed)
    posts = tuple(post(number, draw, {True: known, False: others}) for number in range(count))
    return Recording(About(floor=TYPES, known_names=("Ann",)), posts)


@cache
def learned(recording: Recording) -> LearnedGain:
    return choose_gain(recording, outcomes_of(recording), "MNER")


@cache
def policy_of(recording: Recording, method: str) -> Policy:
    outcomes = outcomes_of(recording)
    chosen = choose(recording, outcomes, TuningGoal(method=method, task="MNER"))  # type: ignore[arg-type]
    under = at_gain(recording, chosen.gain)
    return make_policy(under, outcomes_of(under), chosen)


def test_who_knows_half_of_the_names_is_asked_about_these() -> None:
    recording = recorded(0.95, 0.1)
    found = learned(recording)
    assert found.gain is not None
    assert any("known name (+" in sentence for sentence in found.gain.learned)
    under = at_gain(recording, found.gain)
    asked = {
        name: [one for paths in under.posts if paths.extraction.tokens[0] == name for one in paths.extraction.entities]
        for name in NAMES.values()
    }
    shares = {
        name: sum(
            len(paths.extraction.routed(paths.extraction.entities[0]))
            for paths in under.posts
            if paths.extraction.tokens[0] == name
        )
        / len(asked[name])
        for name in asked
    }
    assert shares["Zed"] < 0.1 < 0.3 < shares["Ann"]


def test_on_other_posts_it_is_better_than_the_joint_sweep_with_no_more_calls() -> None:
    recording, other = recorded(0.95, 0.1), recorded(0.95, 0.1, seed=1)
    found = against(other, policy_of(recording, "gain"), policy_of(recording, "joint"))
    assert found["MNER above the other"].low > 0
    assert found["calls against the other's"].low < 1


def test_of_answers_whose_errors_depend_on_nothing_it_learns_nothing_and_says_so() -> None:
    recording = recorded(0.8, 0.8)
    found, joint = learned(recording), policy_of(recording, "joint")
    assert found.gain is None
    assert "nothing was learned" in found.why
    same = policy_of(recording, "gain")
    assert same.thresholds == joint.thresholds
    assert same.gain is None
    assert against(recorded(0.8, 0.8, seed=1), same, joint)["calls against the other's"].low == 1.0


def test_the_replay_and_the_figures_of_the_policy_are_those_of_its_thresholds() -> None:
    recording = recorded(0.95, 0.1)
    found = learned(recording)
    under = at_gain(recording, found.gain)
    results = replay(under, replace(found.thresholds, span=1.0, region=1.0))
    calls = sum(result.usage.calls for result in results)
    expectation = expected(outcomes_of(under), found.thresholds)
    assert expectation[CALLS].value == pytest.approx(calls / len(results))
    notes = [note for result in results for note in result.entities[0].corrections]
    assert all((note.uncertainty > note.threshold) == (note.outcome != "skipped") for note in notes)


def test_a_type_that_cannot_be_judged_teaches_nothing() -> None:
    recording = recorded(0.9, 0.9, count=1)
    (paths,) = recording.posts
    elsewhere = replace(paths, gold=GoldPost("0", paths.extraction.tokens, (), None))
    cases = cases_of(replace(recording, posts=(elsewhere,)), unpack_names(pack_names(["Ann"])))
    assert not cases.taught.any()


def test_too_few_posts_and_a_recording_without_answers_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        learned(recorded(0.9, 0.1, count=20))
    silent = recorded(0.9, 0.1)
    silent = replace(silent, posts=tuple(replace(paths, answers=((),)) for paths in silent.posts))
    silent = replace(silent, about=replace(silent.about, floor=Thresholds(1.0, 1.0, 1.0)))
    with pytest.raises(DataError, match="nobody was asked"):
        learned(silent)


def test_types_of_a_users_own_are_not_learned_about() -> None:
    recording = recorded(0.95, 0.1, count=100)
    own = replace(recording.posts[0], extraction=replace(recording.posts[0].extraction, own_labels=True))
    with_own = replace(recording, posts=(own, *recording.posts[1:]))
    with pytest.raises(SettingsError, match="leave out --labels"):
        choose_gain(with_own, outcomes_of(with_own), "MNER")
    assert at_gain(with_own, learned(recorded(0.95, 0.1)).gain).posts[0] == own, "the graph does not follow it either"


def test_with_levels_to_drop_above_nothing_is_said_to_be_held_out() -> None:
    recording = recorded(0.95, 0.1)
    goal = TuningGoal(method="gain", task="MNER", drop=True)
    chosen = choose(recording, outcomes_of(recording), goal)
    assert chosen.gain is not None
    assert chosen.held_out is None


def test_the_command_learns_compares_and_says_what_it_learned(tmp_path: Path) -> None:
    dev, test = tmp_path / "dev.jsonl", tmp_path / "test.jsonl"
    write_paths(recorded(0.95, 0.1), dev)
    write_paths(recorded(0.95, 0.1, seed=1), test)
    assert read_paths(dev) == recorded(0.95, 0.1)
    for method in ("gain", "joint"):
        shown = run("--paths", dev, "--method", method, "--task", "MNER", "--out", tmp_path / f"{method}.yaml")
        assert ("learned: type" in shown) == (method == "gain")
    assert read_policy(tmp_path / "gain.yaml").gain is not None
    shown = run("--paths", test, "--check", tmp_path / "gain.yaml", "--against", tmp_path / "joint.yaml")
    assert "calls against the other's" in shown


def run(*arguments: object) -> str:
    ended = CliRunner().invoke(app, ["tune", *map(str, arguments)], env={"COLUMNS": "150"})
    assert ended.exit_code == 0, ended.output
    return ended.output
