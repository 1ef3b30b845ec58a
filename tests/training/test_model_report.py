"""A model's report: what it says of a split, and what it costs."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.tiny import fitted_predictor, gold_post
from unco.evals.data.gold_types import by_scheme
from unco.evals.metrics.paper import score
from unco.small_model.config import ESTIMATORS
from unco.small_model.gold_inputs import SimulatedRegionsInput, text_only
from unco.small_model.predictor import Predictor
from unco.training.estimator_report import normalised, region_quality, report_predictions
from unco.training.model_report import make_split_inputs, predict_text, report_split
from unco.training.show_report import report_rows

POSTS = [gold_post(str(number)) for number in range(3)]


def test_a_split_is_decoded_four_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """By both heads without and with pictures, and those with clutter, too; and by the decoder alone."""
    predictor, build_input = fitted_predictor(), SimulatedRegionsInput(("Blue Owls", "Ann Lee"))
    gold = by_scheme(POSTS, predictor.network.config, "tiny")
    split = make_split_inputs(POSTS, build_input)
    plain = predictor.with_estimator(ESTIMATORS["confidence"])
    text, pictures = plain.predict(split.text), plain.predict(split.pictures)
    decoded: list[Sequence[object]] = []
    predict_each = Predictor.predict_each

    def counted(self: Predictor, posts: Sequence[object], settings: Sequence[object]) -> object:
        decoded.append(posts)
        return predict_each(self, posts, settings)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(Predictor, "predict_each", counted)
    report = report_split(predictor, {"ann lee"}, split, predict_text(predictor, split.text, gold), gold)
    assert len(decoded) == 4
    assert report.schemes.keys() == gold.keys()
    assert report.schemes["tiny"].f1 == pytest.approx(score(POSTS, text, "MNER").f1, abs=1e-4)
    assert report.gmner == pytest.approx(score(POSTS, pictures, "GMNER").f1, abs=1e-4)
    doubts = [normalised(found, pictures, plain.estimator) for found in (text, pictures)]
    assert report.estimators["confidence"] == report_predictions(POSTS, *doubts)
    in_clutter = plain.predict(split.in_clutter)
    assert report.clutter is not None
    assert report.clutter.gmner == pytest.approx(score(POSTS, in_clutter, "GMNER").f1, abs=1e-4)
    assert report.clutter.confidence == region_quality(POSTS, normalised(in_clutter, in_clutter, plain.estimator))
    rows = report_rows(report)
    shown = [name for name in rows if "GMNER" in name or "groundable or not" in name or "region" in name]
    assert sum("in clutter" in name for name in shown) == 8


def test_confidence_is_of_the_heads_that_choose() -> None:
    """Else the uncertainty of one head would be compared with the confidence of another."""
    both = replace(fitted_predictor(), heads="both")
    posts = [text_only(post) for post in POSTS]
    same = replace(ESTIMATORS["confidence"], heads="both")
    assert predict_text(both, posts, ["tiny"]).doubted == both.with_estimator(same).predict(posts)
