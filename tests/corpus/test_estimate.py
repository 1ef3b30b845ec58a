"""What a run would ask and cost, counted without asking anybody."""

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.made_corpus import write_corpus
from tests.scripted import ScriptedLlm
from unco.context import Context
from unco.corpus.choices import Choices
from unco.corpus.estimate import estimate
from unco.corpus.posts import read_posts
from unco.corpus.start import start
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.llm.client import Mllm


def test_an_estimate_asks_nobody(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 10, unsure=2)
    posts.write_text(posts.read_text() + '{"text": "unknown"}\nnonsense\n')
    llm = ScriptedLlm()
    found = asyncio.run(estimate(read_posts(posts), SavedPredictions(predictions), llm, Context()))
    assert (found.posts, found.failed, found.entities) == (12, 2, 20)
    assert found.routed == {"span": 0, "type": 5, "region": 0}
    assert (found.calls, found.max_usd, llm.asked) == (5, None, [])
    priced = Mllm("http://127.0.0.1:9/v1", "gpt-4o")
    usd = asyncio.run(estimate(read_posts(posts), SavedPredictions(predictions), priced, Context())).max_usd
    assert usd is not None
    assert 0.05 < usd < 1


def test_an_estimate_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posts, predictions = write_corpus(tmp_path, 4, unsure=2)
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("UNCO_LLM_MODEL", "gpt-4o")
    console = Console(record=True, width=200)
    start(posts, tmp_path / "out.jsonl", False, True, Context(), Choices(predictions), console)
    printed = console.export_text()
    assert "4 posts (0 cannot be run), 8 entities" in printed
    assert "2 calls (about span 0, type 2, region 0); cost at most $" in printed
    assert not (tmp_path / "out.jsonl").exists()
