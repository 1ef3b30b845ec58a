"""A run that dropped doubtful entities: scored with and without, kept in files, shown apart, put before a person."""

import json
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from tests.command_line import exit_code
from tests.tiny import extraction
from unco.corpus.tally import Tally
from unco.evals.evaluate.evaluate import evaluate_run
from unco.evals.evaluate.serialize import to_dict
from unco.evals.evaluate.show import show_evaluation
from unco.evals.formats.gold_lines import write_gold_lines
from unco.evals.formats.prediction_lines import predicted_of, read_prediction_lines, write_prediction_lines
from unco.evals.report.data import report_data
from unco.evals.review.export import export_queue, export_run
from unco.nodes.collect import result_of
from unco.show import show_result
from unco.tools.pictures.annotate import annotate
from unco.types import Box, GoldEntity, GoldPost, Result, Span, Thresholds, Uncertainty

Said = tuple[Span, str, Box | None, Uncertainty]
WORDS = ("Ann", "met", "Bo", "in", "Rome")
SURE, DOUBTFUL = Uncertainty(0.1, 0.1, 0.1), Uncertainty(0.5, 0.5, 0.1)
GOLD = [
    GoldPost(str(n), WORDS, (GoldEntity(Span(0, 1), "PER", ()), GoldEntity(Span(4, 5), "LOC", ())), (200, 100))
    for n in range(4)
]


def run() -> list[Result]:
    """Of each post Ann is sure and right, "met" is doubtful and wrong, Bo is sure and wrong."""
    sure: list[Said] = [(Span(0, 1), "PER", None, SURE), (Span(2, 3), "PER", None, SURE)]
    said = [sure[0], (Span(1, 2), "ORG", None, DOUBTFUL), sure[1]]
    found = extraction(WORDS, said, Thresholds(1.0, 1.0, 1.0, drop=0.6))
    return [result_of(found, identity=post.id) for post in GOLD]


def test_scores_are_shown_with_and_without_the_rule() -> None:
    evaluation = evaluate_run(GOLD, [predicted_of(result) for result in run()])
    assert (evaluation.predicted, evaluation.drop and evaluation.drop.dropped) == (8, 4)
    data = to_dict(evaluation)
    after, before = (one["gmner"]["tasks"]["MNER"] for one in (data["schemes"], data["drop"]["without"]))
    assert (after["f1"], before["f1"]) == pytest.approx((2 * 4 / (8 + 8), 2 * 4 / (12 + 8)))
    assert data["drop"]["gained"]["gmner"]["MNER"]["f1"] == pytest.approx(after["f1"] - before["f1"])
    sink = StringIO()
    show_evaluation(evaluation, Console(file=sink, width=160))
    assert "4 entities were dropped as too doubtful" in sink.getvalue()
    assert "Gained by dropping" in sink.getvalue()
    assert evaluate_run(GOLD, [predicted_of(one).with_dropped for one in run()]).drop is None


def test_they_stay_in_prediction_lines(tmp_path: Path) -> None:
    posts = [predicted_of(result) for result in run()]
    write_prediction_lines(posts, tmp_path / "run.jsonl")
    assert [post.dropped for post in read_prediction_lines(tmp_path / "run.jsonl")] == [post.dropped for post in posts]
    assert [one.span for one in posts[0].with_dropped.entities] == [Span(0, 1), Span(1, 2), Span(2, 3)]


def write_results(path: Path) -> Path:
    path.write_text("".join(result.to_json() + "\n" for result in run()), "utf-8")
    return path


def test_an_export_says_what_is_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = write_results(tmp_path / "results.jsonl")
    monkeypatch.setenv("COLUMNS", "200")
    for form, says in (
        ("official", "; 4 dropped entities are not in it"),
        ("jsonl", f"4 posts in {tmp_path / 'out'}\n"),
    ):
        assert exit_code(monkeypatch, "export", str(results), "--to", form, "--out", str(tmp_path / "out")) == 0
        assert says in capsys.readouterr().out
    assert [len(post.dropped) for post in export_run(results, "jsonl", tmp_path / "again.jsonl")] == [1] * 4


def test_a_person_reviews_them_in_their_place(tmp_path: Path) -> None:
    assert export_queue(write_results(tmp_path / "results.jsonl"), tmp_path / "queue.json") == 4
    task = json.loads((tmp_path / "queue.json").read_text("utf-8"))[0]
    shown = task["predictions"][0]["result"]
    assert [one["value"]["text"] for one in shown] == ["Ann", "met", "Bo"]
    assert "dropped, doubt 0.75" in shown[1]["meta"]["text"][0]
    assert "dropped" in task["data"]["review"]


def test_they_are_shown_apart() -> None:
    sink = StringIO()
    show_result(run()[0], Console(file=sink, width=160))
    assert "dropped: met (ORG), doubt 0.750 > 0.600" in sink.getvalue()
    plain = annotate(Image.new("RGB", (640, 40)), result_of(extraction(WORDS, [(Span(0, 1), "PER", None, SURE)])))
    assert annotate(Image.new("RGB", (640, 40)), run()[0]).height > plain.height
    tally = Tally()
    tally.add(run()[0])
    assert "dropped 1" in tally.summary()
    assert tally.attributes == 9


def test_a_report_has_them_all_and_the_level() -> None:
    data = report_data(run(), GOLD)
    assert data["thresholds"]["drop"] == 0.6
    assert [len(post["entities"]) for post in data["posts"]] == [3] * 4
    assert "8 entities and 4 that were dropped as too doubtful" in data["about"]


def test_evaluate_from_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_gold_lines(GOLD, tmp_path / "gold.jsonl")
    files = ("--predictions", str(write_results(tmp_path / "run.jsonl")), "--gold", str(tmp_path / "gold.jsonl"))
    assert exit_code(monkeypatch, "evaluate", *files, "--json") == 0
    assert json.loads(capsys.readouterr().out)["drop"]["dropped"] == 4
