"""The benchmark's made-up results are ones that a report can be made of; opening it in a browser is for its own run."""

from benchmarks.report_page import as_result
from benchmarks.scores import GMNER, made_up_run
from unco.evals.report.data import report_data


def test_made_up_results_make_a_report() -> None:
    gold, predictions = made_up_run(50, GMNER)
    data = report_data([as_result(post) for post in predictions], gold)
    entities = [entity for post in data["posts"] for entity in post["entities"]]
    assert len(entities) == sum(len(post.entities) for post in predictions)
    changed = [note for entity in entities for note in entity["notes"] if note["outcome"] == "changed"]
    assert len(changed) == sum(bool(post.entities) for post in predictions), "the first of each post"
    assert data["scores"]["GMNER"]["f1"] > 0.4
