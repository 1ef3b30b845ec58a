"""What no post can be run with stops a run before its first; a run in which nothing succeeded does not end with 0."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.made_corpus import gold_of, write_corpus
from tests.command_line import Run, exit_code
from tests.tools.test_whole_lines import room_for
from unco.evals.simulation import Profile, simulate

NOWHERE = "http://127.0.0.1:9/v1"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `unco run` on four posts with a question each."""
    write_corpus(tmp_path, 4)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        own = ("--predictions", "predictions.jsonl") if "--predictions" not in arguments else ()
        posts = () if arguments and arguments[0].endswith(".jsonl") else ("posts.jsonl",)
        code = exit_code(monkeypatch, "run", *posts, "--out", "out.jsonl", *arguments, *own)
        return code, *capsys.readouterr()

    return command


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (path / "out.jsonl").read_text().splitlines()]


BROKEN: dict[str, tuple[dict[str, str], tuple[str, ...], int, str]] = {
    "a recording that is not there": ({"RECORDING": "none.jsonl"}, ("--mode", "replay"), 2, "no recording none.jsonl"),
    "a recording that is none": ({"RECORDING": "bad.jsonl"}, ("--mode", "replay"), 2, "bad.jsonl:1: not a recording"),
    "one that new answers cannot go to": ({"RECORDING": "bad.jsonl"}, ("--mode", "record"), 2, "not a recording"),
    "a folder as a recording": ({"RECORDING": "."}, ("--mode", "record"), 2, "is not a file"),
    "a device as a recording": ({"RECORDING": "/dev/full"}, ("--mode", "record"), 2, "is not a file"),
    "no endpoint to ask": ({"LLM_BASE_URL": ""}, ("--mode", "live"), 2, "mode live needs an endpoint"),
    "no model to ask": ({"LLM_MODEL": ""}, ("--mode", "live"), 2, "mode live needs an endpoint"),
    "a settings file that is none": ({"SETTINGS": "bad.jsonl"}, (), 2, "the settings file bad.jsonl"),
    "a prompt that is not there": ({}, ("--type-prompt", "v99"), 2, "no version 'v99'"),
    "no file of facts": ({"KB": "none"}, ("--type-prompt", "v2-kb"), 2, "UNCO_KB names 'none'"),
    "predictions of other posts": ({}, ("--predictions", "other.jsonl"), 2, "has a prediction for none of the posts"),
    "no small model": ({}, ("--predictions", "none.jsonl"), 2, "none.jsonl cannot be read"),
    "no posts": ({}, ("none.jsonl",), 2, "none.jsonl cannot be read"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_it_stops_before_the_first_post(case: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, arguments, expected, message = BROKEN[case]
    (tmp_path / "bad.jsonl").write_text('{"no": "recording"}\n')
    other = [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text().splitlines()]
    moved = [second | {"id": first["id"]} for first, second in zip(other, other[1:] + other[:1], strict=True)]
    (tmp_path / "other.jsonl").write_text("".join(json.dumps(line) + "\n" for line in moved))
    for name, value in ({"LLM_BASE_URL": NOWHERE, "LLM_MODEL": "qwen2.5-vl"} | own).items():
        monkeypatch.setenv(f"UNCO_{name}", value)
    code, _, errors = run(*arguments)
    assert (code, "error: " in errors, "Traceback" in errors) == (expected, True, False)
    assert message in errors.replace("\n", " ")
    assert [path.name for path in tmp_path.glob("out.jsonl*")] == []


@pytest.mark.parametrize(
    ("name", "then"),
    [("out.csv", "export --to csv"), ("out.XLSX", "csv"), ("out.parquet", "pandas"), ("out.jsonl.gz", "--out -")],
)
def test_results_are_not_named_as_what_they_are_not(name: str, then: str, run: Run, tmp_path: Path) -> None:
    code, _, errors = run("--out", name)
    assert code == 2
    assert f"{name} is named as something else: name the file out.jsonl;" in errors.replace("\n", " ")
    assert then in errors.replace("\n", " ")
    assert not (tmp_path / name).exists()


def test_a_run_that_an_error_ended_before_its_first_line_leaves_what_was_there(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("mine\n")
    code, _, errors = run("--type-prompt", "v1")
    assert (code, "is there already" in errors) == (2, True)
    assert (tmp_path / "out.jsonl").read_text() == "mine\n"


def test_a_run_without_an_endpoint_that_names_no_mode_is_the_small_models_alone(run: Run) -> None:
    assert run()[0] == 0


@pytest.mark.parametrize("missing", ["LLM_MODEL", "LLM_BASE_URL"])
def test_half_an_endpoint_asks_nobody_and_the_summary_says_why(
    missing: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ({"LLM_BASE_URL": NOWHERE, "LLM_MODEL": "qwen2.5-vl"} | {missing: ""}).items():
        monkeypatch.setenv(f"UNCO_{name}", value)
    code, _, errors = run()
    assert code == 0
    assert "the first question without an answer: calls are off; there is no MLLM to ask: set UNCO_LLM" in errors


def test_a_model_that_only_the_command_names_is_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with simulate(gold_of(4), "gpt-4o") as simulation:
        monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
        code, _, errors = run("--model", simulation.model)
    assert (code, "unanswered 0, calls 4" in errors) == (0, True)
    assert "without an answer" not in errors


def test_posts_that_stay_open_come_with_the_reason(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_LLM_BASE_URL", NOWHERE)
    monkeypatch.setenv("UNCO_LLM_MODEL", "qwen2.5-vl")
    code, _, errors = run("--patience", "0")
    assert code == 3
    assert "the first question without an answer: " in errors
    assert "4 posts lack an answer" in errors


def test_posts_that_all_cannot_be_run_are_written_and_end_with_3(run: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"text": 7}\nno json\n')
    for arguments in ((), ("--resume",)):
        code, _, errors = run("odd.jsonl", *arguments)
        assert (code, "none of 2 posts could be run" in errors) == (3, True)
        assert all("error" in line for line in lines(tmp_path))


def test_one_post_that_could_be_run_is_enough(run: Run, tmp_path: Path) -> None:
    first = (tmp_path / "posts.jsonl").read_text().splitlines()[0]
    (tmp_path / "some.jsonl").write_text(f"no json\n{first}\n")
    assert run("some.jsonl")[0] == 0
    assert run("some.jsonl", "--resume")[0] == 0


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (Profile(refusal=1), 3),  # answers that cannot be read, each of them
        (Profile(), 0),
    ],
)
def test_answers_that_cannot_be_read_all_of_them_end_with_3(
    profile: Profile, expected: int, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulate(gold_of(4), "gpt-4o", profile) as simulation:
        monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
        monkeypatch.setenv("UNCO_LLM_MODEL", simulation.model)
        code, _, errors = run()
    assert code == expected
    assert ("none of 4 questions got an answer that can be read" in errors) == bool(expected)
    assert len(lines(tmp_path)) == 4


def test_what_a_privacy_rule_forbids_was_not_to_succeed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = '[{model: qwen2.5-vl, base_url: "http://mllm.example/v1"}]'
    (tmp_path / "settings.yaml").write_text(f"models: {models}\nprivacy: {{span: local, type: local, region: local}}\n")
    monkeypatch.setenv("UNCO_SETTINGS", "settings.yaml")
    assert run()[0] == 0


def test_a_miss_keeps_what_was_written_and_resume_goes_on_at_the_post_with_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNCO_RECORDING", "asked.jsonl")
    with simulate(gold_of(4), "gpt-4o") as simulation:
        monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
        monkeypatch.setenv("UNCO_LLM_MODEL", simulation.model)
        assert run("--mode", "record")[0] == 0
    expected, recorded = lines(tmp_path), (tmp_path / "asked.jsonl").read_text()
    _remove_outputs(tmp_path)
    _keep(tmp_path / "asked.jsonl", lambda user: "3" not in user)
    code, _, errors = run("--mode", "replay")
    assert (code, "error: post 4: no recording matches this type/v1. Nearest is number" in errors) == (3, True)
    assert [line["id"] for line in lines(tmp_path)] == [line["id"] for line in expected[:3]]
    (tmp_path / "asked.jsonl").write_text(recorded)
    assert run("--mode", "replay", "--resume")[0] == 0
    assert [line["entities"][0]["type"] for line in lines(tmp_path)] == ["PER"] * 4  # type: ignore[index]


def _remove_outputs(folder: Path) -> None:
    for path in folder.glob("out.jsonl*"):
        path.unlink()


def _keep(recording: Path, wanted: Callable[[str], bool]) -> None:
    """Keep the recorded questions with a wanted post."""
    kept = [line for line in recording.read_text().splitlines() if wanted(_post_of(json.loads(line)))]
    recording.write_text("".join(f"{line}\n" for line in kept))


def _post_of(record: dict[str, dict[str, str]]) -> str:
    return record["request"]["user"].split("<post>")[1].split("</post>")[0]


def test_a_full_disk_leaves_whole_lines(run: Run, tmp_path: Path) -> None:
    assert run()[0] == 0
    whole = (tmp_path / "out.jsonl").read_bytes()
    _remove_outputs(tmp_path)
    ends = [number for number, byte in enumerate(whole, start=1) if byte == ord("\n")]
    with room_for(ends[1] + 50):
        code, _, errors = run()
    assert (code, "make room, then go on with --resume" in errors) == (3, True)
    assert (tmp_path / "out.jsonl").read_bytes() == whole[: ends[1]]
    assert run("--resume")[0] == 0
    assert (tmp_path / "out.jsonl").read_bytes() == whole
