"""The commands about the endpoint: find its box frame, serve a simulated one."""

from pathlib import Path

import pytest

from tests.command_line import Run, exit_code
from unco.evals.simulation import simulate
from unco.tools.box_frames.saved import saved_frame


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code, output and errors of a command."""

    def command(*arguments: str) -> tuple[int, str, str]:
        return exit_code(monkeypatch, *arguments), *capsys.readouterr()

    monkeypatch.setenv("COLUMNS", "160")
    return command


def test_probing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with simulate([], "qwen3-vl") as simulation:
        code, out, _ = run("probe-frame", "--model", "mystery-1", "--base-url", simulation.url)
        monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
        monkeypatch.setenv("UNCO_LLM_MODEL", "mystery-2")
        assert run("probe-frame", "--no-save")[0] == 0
        assert saved_frame(simulation.url, "mystery-2") is None
    assert code == 0
    assert "mystery-1 speaks 0-1000" in out
    assert saved_frame(simulation.url, "mystery-1") == "0-1000"


def test_probing_needs_an_endpoint(run: Run) -> None:
    assert run("probe-frame") == (
        2,
        "",
        "error: there is no MLLM to probe: give --base-url and --model, or UNCO_LLM_BASE_URL and UNCO_LLM_MODEL\n",
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--gold", "none.jsonl"], "none.jsonl holds no gold posts"),
        (["--gold", "gold.jsonl", "--family", "llava"], "unknown family 'llava'"),
        (["--gold", "gold.jsonl", "--profile", "profile.yaml"], "right.spam"),
    ],
)
def test_invalid_simulations_are_refused(
    run: Run, arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gold.jsonl").write_text("")
    Path("profile.yaml").write_text("right: {spam: 1, span: 1, type: 1, region: 1}")
    code, out, err = run("simulate-mllm", *arguments)
    assert (code, out) == (2, "")
    assert says in err
