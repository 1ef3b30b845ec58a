"""The README says what is true: its code runs, its drawing is the graph's, its scores are the checkpoint's."""

import json
import re
from pathlib import Path

import pytest
import yaml

from unco.graph.entity import build_entity_graph
from unco.small_model.fingerprint import SHIPPED
from unco.tools.llm.client import Mllm
from unco.tools.settings_file import CallSettings
from unco.training.model_card import read_report, score_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS)
def test_python_in_the_readme_runs(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert ("des moines Tribune" if "run_post" in code else "Eileen Collins") in printed


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_python_in_the_docs_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page one after another, as a reader types them; what they would fetch is fetched at first use."""
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert blocks
    exec(compile("\n".join(blocks), page.name, "exec"), {})


def test_there_is_python_in_the_readme() -> None:
    assert len(BLOCKS) == 3


def test_the_drawing_is_the_graph() -> None:
    drawn = build_entity_graph(Mllm()).get_graph().draw_mermaid()
    edges = {line.strip() for line in drawn.splitlines() if "-->" in line or "-.->" in line}
    (shown,) = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)
    assert {line.strip() for line in shown.splitlines() if "-->" in line or "-.->" in line} == edges


def test_the_scores_are_those_of_the_shipped_checkpoint() -> None:
    report = read_report(json.loads((SHIPPED / "config.json").read_text("utf-8")))
    assert score_table(report) in README


def test_the_settings_file_of_the_docs_is_one() -> None:
    text = (ROOT / "docs" / "calls.md").read_text("utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    settings = CallSettings.model_validate(yaml.safe_load(example))
    assert [model.model for model in settings.models] == ["Qwen2.5-VL-7B-Instruct", "gpt-4o"]
    assert (settings.privacy.longest_side, settings.budget.usd) == (1024, 20)
