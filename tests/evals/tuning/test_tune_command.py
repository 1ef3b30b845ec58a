"""`unco tune` from a data folder to a policy that `unco extract` uses, with the shipped model and a simulated MLLM."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.command_line import exit_code
from tests.training.made_data import write_data
from unco.cli import app
from unco.evals.ab.open_experiment import ExperimentChoices, open_experiment
from unco.evals.formats.detect_format import read_gold
from unco.evals.formats.gold_lines import write_gold_lines
from unco.evals.tuning.recorded.paths import read_paths
from unco.tools.extraction.policy import read_policy
from unco.types import Post


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, and what one run left there."""
    folder = tmp_path_factory.mktemp("tuning")
    write_data(folder / "data", fine=True)
    files = ["--record", str(folder / "paths.jsonl"), "--out", str(folder / "policy.yaml")]
    ended = CliRunner().invoke(app, ["tune", *simulated(folder), *files], env={"COLUMNS": "150"})
    assert ended.exit_code == 0, ended.output
    assert "The MLLM is simulated" in ended.output
    assert "one threshold moved, the others as chosen" in ended.output
    assert "use it with `unco extract --policy" in ended.output
    return folder


def simulated(folder: Path) -> list[str]:
    """Where answers come from: a simulated MLLM that never errs."""
    profile = folder / "profile.yaml"
    profile.write_text("{}", "utf-8")
    return ["--gold", str(folder / "data"), "--profile", str(profile)]


def run(folder: Path, *arguments: str) -> str:
    common = ["tune", "--paths", str(folder / "paths.jsonl")]
    ended = CliRunner().invoke(app, [*common, *arguments], env={"COLUMNS": "150"})
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_what_was_recorded_is_used_again_without_a_call(folder: Path) -> None:
    first, recording = read_policy(folder / "policy.yaml"), read_paths(folder / "paths.jsonl")
    assert len(recording.posts) == 4
    assert first.mllm.simulated == "{}", "it never errs"
    assert first.mllm.models == ("simulated-qwen2.5-vl",)
    assert first.checkpoint is not None
    assert first.checkpoint.name == "tweets-minilm"
    run(folder, "--out", str(folder / "again.yaml"))
    assert read_policy(folder / "again.yaml") == first
    shown = run(folder, "--method", "call-rate", "--share", "0.5", "--out", str(folder / "rate.yaml"))
    assert "call rate: 50.0 %" in shown


@pytest.mark.parametrize("form", ["folder", "lines"])
def test_posts_in_the_four_types_are_recorded_too(form: str, tmp_path: Path) -> None:
    """From a folder of Twitter-GMNER as from JSON Lines; the names that distract are those of its train, or its own."""
    write_data(tmp_path / "data", fine=False)
    gold = tmp_path / "data"
    if form == "lines":
        gold = tmp_path / "gold.jsonl"
        write_gold_lines(read_gold(tmp_path / "data", "dev"), gold)
    (tmp_path / "profile.yaml").write_text("{}", "utf-8")
    choices = ExperimentChoices(gold, "dev", posts=2, profile=tmp_path / "profile.yaml")
    with open_experiment(choices) as experiment:
        assert [entity.type for entity in experiment.gold[0].entities] == ["PER", "ORG", "LOC", "OTHER"]
        assert len(experiment.inputs) == 2
        assert experiment.small_model(None, None)(Post(experiment.gold[0].tokens)).entities is not None


def test_a_policy_is_checked_on_its_own_and_on_other_posts(folder: Path) -> None:
    policy = str(folder / "policy.yaml")
    assert "these are the posts and the checkpoint that the policy was made with" in run(folder, "--check", policy)
    common = ["tune", *simulated(folder), "--split", "test", "--posts", "3", "--check", policy]
    ended = CliRunner().invoke(app, common, env={"COLUMNS": "150"})
    assert ended.exit_code == 0, ended.output
    assert "warning: the policy was made for other data: 4 posts with the hash" in ended.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "either answers recorded before (--paths) or posts to record"),
        (["--gold", "data", "--paths", "paths.jsonl"], "either answers recorded before (--paths) or posts to record"),
        (["--gold", "data"], "no MLLM to ask: set UNCO_LLM_BASE_URL"),
        (["--paths", "policy.yaml"], "policy.yaml:1: not JSON"),
        (["--paths", "paths.jsonl", "--method", "best"], "no method 'best'"),
        (["--paths", "paths.jsonl", "--method", "risk", "--alpha", "2"], "alpha must lie between 0 and 1"),
        (["--paths", "paths.jsonl", "--check", "paths.jsonl"], "the policy paths.jsonl cannot be read"),
        (["--gold", "data", "--floor", "3"], "floor: the span threshold must lie in [0, 1]"),
    ],
)
def test_bad_arguments_are_one_line(
    arguments: list[str],
    says: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert exit_code(monkeypatch, "tune", *arguments, "--out", "none.yaml") == 2
    assert says in capsys.readouterr().err
    assert not (folder / "none.yaml").exists()


def test_a_floor_saves_calls(folder: Path) -> None:
    files = ["--floor", "0.5", "--record", str(folder / "few.jsonl"), "--out", str(folder / "few.yaml")]
    ended = CliRunner().invoke(app, ["tune", *simulated(folder), *files], env={"COLUMNS": "150"})
    assert ended.exit_code == 0, ended.output
    counts = [
        sum(len(answers) for post in read_paths(folder / name).posts for answers in post.answers)
        for name in ("few.jsonl", "paths.jsonl")
    ]
    assert counts[0] < counts[1]
    assert any("Nothing was recorded" in note for note in read_policy(folder / "few.yaml").notes)


def test_extract_uses_the_policy(folder: Path) -> None:
    arguments = ["extract", "--text", "Ann Lee met Owls here", "--policy", str(folder / "policy.yaml")]
    ended = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert ended.exit_code == 0, ended.output
    assert "chosen by the answers of a simulated MLLM" in ended.output
    thresholds = read_policy(folder / "policy.yaml").thresholds
    assert f"ask > {thresholds.type:.3f}" in ended.output or thresholds.type == -1
