"""The README says what is true: its code prints what it says, its drawing is the graph's, its scores the model's."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from unco.graph.entity import build_entity_graph
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.regions.faces_and_text import vision_installed
from unco.tools.llm.client import Mllm
from unco.tools.settings_file import CallSettings
from unco.training.model_card import read_report, score_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
RUN_ELSEWHERE = {
    "agent_with_tools.py",
    "killed_and_resumed.py",
    "part_of_a_chat.py",
    "review_in_the_graph.py",
    "serve_client.py",
}
"""Examples that need a person or a server: tests of their own run them."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_of_a_page_runs_and_prints_what_it_says(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The blocks of a page one after another, as a reader types them; what they would fetch is fetched at first use."""
    monkeypatch.chdir(ROOT)
    text = page.read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    exec(compile("\n".join(blocks), page.name, "exec"), {})
    printed = capsys.readouterr().out
    if page.name.startswith(("README", "start-")) and vision_installed():
        for said in re.findall(r"```text\n(.*?)```", text, re.DOTALL):
            assert said in printed


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_stands_on_a_page_that_runs_it(example: Path) -> None:
    code = example.read_text("utf-8")
    shown = any(f"```python\n{code}```" in page.read_text("utf-8") for page in PAGES)
    assert shown or example.name in RUN_ELSEWHERE


def test_the_readme_is_short_and_its_pictures_are_small() -> None:
    assert len(README.splitlines()) <= 150
    for page in PAGES:
        for name in re.findall(r'(?:!\[[^\]]*\]\(|src(?:set)?=")([^)"]+)', page.read_text("utf-8")):
            assert (page.parent / name).stat().st_size < 250_000, name


def test_the_drawing_is_the_graph() -> None:
    drawn = build_entity_graph(Mllm()).get_graph().draw_mermaid()
    edges = {line.strip() for line in drawn.splitlines() if "-->" in line or "-.->" in line}
    (shown,) = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)
    assert {line.strip() for line in shown.splitlines() if "-->" in line or "-.->" in line} == edges


def test_the_scores_are_those_of_the_shipped_checkpoint() -> None:
    report = read_report(json.loads((SHIPPED / "config.json").read_text("utf-8")))
    table = score_table(report)
    assert table in (ROOT / "docs" / "measured.md").read_text("utf-8")
    facts = re.findall(r"^\|[^|]*\| (\d[\d.]*) \|", README.partition("## What we measured")[2], re.MULTILINE)
    assert len(facts) >= 4
    assert all(fact in table for fact in facts if float(fact) > 0), "each fact of the README is in the table"


def test_the_settings_file_of_the_docs_is_one() -> None:
    text = (ROOT / "docs" / "calls.md").read_text("utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    settings = CallSettings.model_validate(yaml.safe_load(example))
    assert [model.model for model in settings.models] == ["Qwen2.5-VL-7B-Instruct", "gpt-4o"]
    assert (settings.privacy.longest_side, settings.budget.usd) == (1024, 20)


def test_every_extra_is_named() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    install = README.partition("## Install")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", install)) == set(extras) - {"dev"}
