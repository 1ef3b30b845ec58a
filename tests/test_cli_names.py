"""Names that cannot be mixed up, old ones that still work, advice that is given once, and extras that are missing."""

import json
import re
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks.made_corpus import write_corpus
from tests.command_line import exit_code
from tests.scripted import ANN, OWLS, ScriptedLlm, doubt, graph_of, kind, says, spoken
from unco.cli import app, guarded
from unco.context import Context
from unco.corpus.pipeline import Pipeline
from unco.corpus.run import Corpus, run_corpus
from unco.errors import SettingsError
from unco.show import show_result
from unco.state import read_result
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.llm.client import Mllm

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, arguments, env={"COLUMNS": "150"})
    return found.exit_code, found.output + ("" if found.exception is None else str(found.exception))


def test_old_names_work_and_are_not_shown() -> None:
    assert run("runs", "none")[1] == run("training-runs", "none")[1] != ""
    for command in ("train", "score-model", "estimators", "simulate-variants"):
        old, new = (run(command, name, "none", "--out", "o", "--checkpoint", "c")[1] for name in ("--data", "--gold"))
        assert old == new
    code, listed = run("--help")
    assert code == 0
    assert "training-runs" in listed
    assert " runs " not in listed
    assert "--data" not in run("train", "--help")[1]


def test_a_dry_run_needs_no_output_and_a_run_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posts, predictions = write_corpus(tmp_path, 4, unsure=2)
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("UNCO_LLM_MODEL", "gpt-4o")
    given = ("run", str(posts), "--predictions", str(predictions))
    code, printed = run(*given, "--dry-run", "--recall")
    assert code == 0
    assert "6 calls (about span 0, type 2, region 0, recall 4)" in printed
    assert "name the file of results: --out results.jsonl" in run(*given)[1]
    assert "leave --variant out" in run(*given, "--dry-run", "--variant", "one_shot")[1]
    assert "unknown variant 'all'" in run(*given, "--out", str(tmp_path / "o"), "--variant", "all")[1]
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(("variant", "asked"), [("small_only", 0), ("unco", 1), ("correct_all", 6)])
def test_a_run_of_a_variant_asks_as_the_variant_does(variant: str, asked: int, tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 1)
    llm = ScriptedLlm({("type", "Ann Lee"): kind("PER")})
    pipeline = Pipeline(SavedPredictions(predictions), llm, Context(), variant=variant)
    run_corpus(Corpus(posts, tmp_path / "out.jsonl"), pipeline)
    [result] = [read_result(json.loads(line)) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert sum(note.calls for entity in result.entities for note in entity.corrections) <= len(llm.asked)
    assert (len(llm.asked) > 0) == (asked > 0)
    with pytest.raises(SettingsError, match="unknown variant"):
        Pipeline(SavedPredictions(predictions), llm, Context(), variant="none")


def test_the_same_advice_is_given_once() -> None:
    small_model = says((ANN, "ORG", None, doubt("span type")), (OWLS, "ORG", None, doubt("type")))
    result = read_result(graph_of(small_model, Mllm()).invoke({"text": "a"}))
    console = Console(record=True, width=200)
    show_result(result, console)
    shown = console.export_text()
    assert shown.count("unavailable") == 3
    assert "calls are off" not in shown
    assert shown.count("UNCO_LLM_MODEL") == 1


def test_advice_on_endpoints_is_for_runs_without_one() -> None:
    small_model = says((ANN, "ORG", None, doubt("type")))
    result = read_result(graph_of(small_model, ScriptedLlm({("type", "Ann"): spoken()})).invoke({"text": "a"}))
    console = Console(record=True, width=200)
    show_result(result, console)
    assert "UNCO_LLM_MODEL" not in console.export_text()


def test_a_command_without_its_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "accelerate", None)
    monkeypatch.delitem(sys.modules, "unco.training.run", raising=False)
    assert exit_code(monkeypatch, "train", "--gold", "none", "--out", "out") == 3
    assert capsys.readouterr().err == "error: this command needs the package accelerate: pip install 'unco[train]'\n"


def test_what_a_message_says_to_install_can_be_installed_in_any_folder() -> None:
    """`pip install ".[vision]"` works in a checkout alone, and unco may have come as a wheel."""
    sources = [*(ROOT / "unco").rglob("*.py")]
    assert sources
    assert [path.name for path in sources if re.search(r"pip install (-\S+ )?[\"']\.\[", path.read_text("utf-8"))] == []


def test_a_module_of_no_extra_is_a_fault_of_ours() -> None:
    def fails() -> None:
        raise ModuleNotFoundError("No module named 'nowhere'", name="nowhere")

    with pytest.raises(ModuleNotFoundError):
        guarded(fails)
