"""Arms on a user's own posts, pictures and endpoint: live, recorded, and replayed without a socket."""

from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from unco.errors import DataError, RecordingMiss, SettingsError, Unavailable
from unco.evals.ab.arm import parse_arm
from unco.evals.ab.compare import compare_arms, to_dict
from unco.evals.ab.experiment import Experiment, real_experiment
from unco.evals.ab.open_experiment import ExperimentChoices, open_experiment
from unco.evals.ab.run import run_arm
from unco.evals.ab.show_comparison import show_comparison
from unco.evals.formats.gold_lines import write_gold_lines
from unco.evals.simulation import simulate
from unco.types import Box, GoldEntity, GoldPost, Span

POSTS = [
    GoldPost("a", ("Ann", "Lee", "joins", "NASA"), (
        GoldEntity(Span(0, 2), "PER", (Box(10, 10, 90, 90),)), GoldEntity(Span(3, 4), "ORG", ())), (100, 100)),
    GoldPost("b", ("Oslo", "is", "cold"), (GoldEntity(Span(0, 1), "LOC", ()),), (100, 100)),
]  # fmt: skip
ARMS = [parse_arm("variant=small_only"), parse_arm("type_threshold=-1,region_threshold=-1")]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for post in POSTS:
        Image.new("RGB", (100, 100), "white").save(tmp_path / "photos" / f"{post.id}.png")
    return tmp_path / "photos"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UNCO_RECORDING", str(tmp_path / "recording.jsonl"))
    for name in ("UNCO_LLM_BASE_URL", "UNCO_LLM_MODEL", "UNCO_SETTINGS", "UNCO_POLICY"):
        monkeypatch.delenv(name, raising=False)


def test_what_was_recorded_is_compared_again_without_an_endpoint(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with simulate(POSTS, "gemini") as simulation:
        monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
        monkeypatch.setenv("UNCO_LLM_MODEL", simulation.model)
        first = compare_arms(ARMS, real_experiment(POSTS, photos, mode="record"))
        answers = simulation.counts["answers"]
    assert answers == first.runs[1].usage.asked > 0
    monkeypatch.delenv("UNCO_LLM_BASE_URL")
    again = compare_arms(ARMS, real_experiment(POSTS, photos, mode="replay"))
    assert [run.report for run in again.runs] == [run.report for run in first.runs]
    assert again.runs[1].usage.calls == answers
    assert again.runs[1].usage.asked == 0
    assert again.others[0].flips is not None


def test_a_detector_looks_at_the_posts_pictures(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[str | None] = []
    monkeypatch.setattr("unco.tools.extraction.tool.chosen_provider", named.append)
    choices = ExperimentChoices(photos.parent / "gold.jsonl", pictures=photos, mode="off", detector="ssd")
    write_gold_lines(POSTS, choices.gold)
    with open_experiment(choices) as experiment:
        experiment.small_model(None, None)
    assert named == ["ssd"]


def test_an_arm_may_ask_for_what_another_arm_has_cached(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Money and tokens are counted as if nothing had been cached, so the second arm does not look cheap for it."""
    same = [parse_arm("type_threshold=-1"), parse_arm("type_threshold=-1,estimator=learned")]
    with simulate(POSTS, "gemini") as simulation:
        monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
        monkeypatch.setenv("UNCO_LLM_MODEL", simulation.model)
        one, other = compare_arms(same, real_experiment(POSTS, photos)).runs
    assert one.usage.asked > 0
    assert other.usage.asked == 0
    assert other.tokens == one.tokens > 0


def test_what_is_missing_is_reported_before_anything_is_asked(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="no MLLM to ask"):
        real_experiment(POSTS, photos)
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    (photos / "b.png").unlink()
    with pytest.raises(DataError, match="no picture for 1 of 2 posts; the first is 'b'"):
        real_experiment(POSTS, photos)
    strange = [GoldPost("c", ("x",), (GoldEntity(Span(0, 1), "DRAGON", ()),), None)]
    with pytest.raises(DataError, match="the types DRAGON, which the small model does not know"):
        real_experiment(strange, None)


@pytest.fixture
def recorded(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """An experiment that is replayed; the last question of the second arm is not in the recording."""
    with simulate(POSTS, "gemini") as simulation:
        monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
        monkeypatch.setenv("UNCO_LLM_MODEL", simulation.model)
        compare_arms(ARMS, real_experiment(POSTS, photos, mode="record"))
    monkeypatch.delenv("UNCO_LLM_BASE_URL")
    recording = tmp_path / "recording.jsonl"
    recording.write_text("".join(recording.read_text(encoding="utf-8").splitlines(True)[:-1]), encoding="utf-8")
    return real_experiment(POSTS, photos, mode="replay")


def test_arms_with_unanswered_questions_are_not_compared(recorded: Experiment) -> None:
    with pytest.raises(RecordingMiss, match=r"arm 'type_.*': 1 of \d questions \(.*%\) got no answer; --allow-misses"):
        compare_arms(ARMS, recorded)


def test_unless_it_is_wanted_and_then_their_share_is_said(
    recorded: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    found = compare_arms(ARMS, recorded, allow_misses=True)
    small, asking = to_dict(found)["arms"]
    assert (small["questions"], small["unanswered"], asking["unanswered"]) == (0, 0, 1)
    assert asking["questions"] == asking["calls"] + 1 > 1
    show_comparison(found, recorded, Console(width=200))
    assert f"arm 2: 1 of {asking['questions']} questions" in capsys.readouterr().out


def test_a_single_arm_of_a_table_stops_at_a_miss(recorded: Experiment) -> None:
    with pytest.raises(RecordingMiss, match="no recording matches"):
        run_arm(ARMS[1], recorded)


def test_an_endpoint_that_gives_no_answer_is_no_arm_either(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("UNCO_LLM_MODEL", "gpt-4o")
    with pytest.raises(Unavailable, match="--allow-misses") as caught:
        compare_arms(ARMS, real_experiment(POSTS, photos))
    assert caught.value.reason in ("unreachable", "breaker")


def test_a_recording_that_is_not_there_is_named(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_LLM_MODEL", "gpt-4o")
    with pytest.raises(DataError, match="there is no recording"):
        compare_arms(ARMS, real_experiment(POSTS, photos, mode="replay"), allow_misses=True)
