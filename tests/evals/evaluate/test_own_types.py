"""Scores, exports and the report of a run whose types are of a user's own list."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.graph.test_own_types import LABELS, SMALL
from tests.scripted import OWLS, TOKENS, ScriptedLlm, graph_of, kind
from unco.context import Context
from unco.evals.evaluate.evaluate import evaluate_run
from unco.evals.evaluate.serialize import to_dict
from unco.evals.formats.detect_format import read_predictions
from unco.evals.report.run import write_report
from unco.evals.review.export import export_queue, export_run
from unco.types import GoldEntity, GoldPost

GOLD = [GoldPost("1", TOKENS, (GoldEntity(OWLS, "Sports Team", ()),), (200, 100))]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Results of a post: the Owls' type is answered, the others' cannot be true."""
    llm = ScriptedLlm({("type", "Blue Owls"): kind("Sports Team"), ("type", "Ann"): kind("PER")})
    post = {"text": " ".join(TOKENS), "id": "1"}
    output = graph_of(SMALL, llm).invoke(post, context=Context(labels=LABELS))
    (tmp_path / "run.jsonl").write_text(json.dumps(output) + "\n", "utf-8")
    return tmp_path / "run.jsonl"


def exported(run: Path, form: str) -> Any:
    export_run(run, form, run.with_name("out.json"), GOLD)
    return json.loads(run.with_name("out.json").read_text("utf-8"))


def test_scores_are_in_the_list(run: Path) -> None:
    found = to_dict(evaluate_run(GOLD, read_predictions(run), uncertainty=True))
    (scheme,) = found["schemes"]
    assert scheme == "own types"
    assert found["schemes"][scheme]["tasks"]["MNER"]["correct"] == 1
    assert "2 of 3 predictions have no type" in " ".join(found["notes"])
    assert "not_scored" in found["uncertainty"]["all"]["type"]
    assert found["uncertainty"]["all"]["span"]["count"] == 3


def test_it_is_exported_with_the_whole_list(run: Path) -> None:
    coco = exported(run, "coco")
    assert coco["categories"][:2] == [{"id": 1, "name": "Sports Team"}, {"id": 2, "name": "town"}]
    assert [one["name"] for one in coco["categories"][2:]] == ["untyped"]
    exported(run, "label-studio")
    config = run.with_name("out.xml").read_text("utf-8")
    assert all(f'value="{name}"' in config for name in ("Sports Team", "town", "untyped"))
    assert export_queue(run, run.with_name("queue.json")) == 1
    (task,) = json.loads(run.with_name("queue.json").read_text("utf-8"))
    assert "Blue Owls" not in task["data"]["review"], "a type that was told is as it was wanted"
    export_run(run, "jsonl", run.with_name("lines.jsonl"))
    posts = read_predictions(run.with_name("lines.jsonl"))
    assert posts == [
        post.__class__(post.id, post.entities, post.tokens, types=post.types) for post in read_predictions(run)
    ]


def test_the_report_shows_it(run: Path) -> None:
    assert write_report(run, run.with_name("report.html"), GOLD) == 1
    page = run.with_name("report.html").read_text("utf-8")
    assert "Sports Team" in page
    assert "untyped" in page
