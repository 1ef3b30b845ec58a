"""The quality of uncertainties against numbers worked out by hand."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.evals.evaluate.scoring import NotScored
from unco.evals.evaluate.uncertainty_report import UncertaintyQuality, report_uncertainty
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.metrics.risk_coverage import area_under_risk, risk_coverage
from unco.evals.metrics.uncertainty import Bin, auroc, calibration_error, reliability_bins, strict_auroc
from unco.small_model.gold_inputs import entity_names
from unco.types import Box, GoldEntity, GoldPost, Span, Uncertainty

CASES = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]), st.booleans()), min_size=1, max_size=30)


def test_ties_count_half_or_nothing() -> None:
    uncertainties, wrong = [0.1, 0.2, 0.2, 0.9], [False, False, True, True]
    assert auroc(uncertainties, wrong) == 3.5 / 4
    assert strict_auroc(uncertainties, wrong) == 3 / 4
    assert (auroc([0.5] * 4, wrong), strict_auroc([0.5] * 4, wrong)) == (0.5, 0.0)
    assert strict_auroc([0.5], [True]) is None


@given(CASES)
def test_a_strict_auroc_is_never_above_the_usual_one_and_the_same_without_ties(
    cases: list[tuple[float, bool]],
) -> None:
    uncertainties, wrong = [uncertainty for uncertainty, _ in cases], [flag for _, flag in cases]
    usual, strict = auroc(uncertainties, wrong), strict_auroc(uncertainties, wrong)
    assert (usual is None) == (strict is None)
    if usual is not None and strict is not None:
        assert strict <= usual
        reverse = strict_auroc([-uncertainty for uncertainty in uncertainties], wrong)
        assert reverse is not None
        assert strict + 2 * (usual - strict) + reverse == pytest.approx(1)  # wins, ties, losses


def test_reliability_bins_by_hand() -> None:
    bins = reliability_bins([0.02, 0.08, 0.55, 1.0], [False, True, True, True])
    assert bins == [Bin(0.05, 0.5, 2), Bin(0.55, 1.0, 1), Bin(1.0, 1.0, 1)]
    assert calibration_error([0.02, 0.08, 0.55, 1.0], [False, True, True, True]) == pytest.approx(
        (2 * 0.45 + 0.45 + 0) / 4
    )
    assert reliability_bins([], []) == []
    with pytest.raises(ValueError, match=r"a chance lies in \[0, 1\], got 1.5"):
        reliability_bins([1.5], [True])


def test_risk_and_coverage_by_hand() -> None:
    uncertainties, wrong = [0.9, 0.1, 0.5, 0.2], [True, False, True, False]
    assert risk_coverage(uncertainties, wrong) == [(0.25, 0.0), (0.5, 0.0), (0.75, 1 / 3), (1.0, 0.5)]
    assert area_under_risk(uncertainties, wrong) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert area_under_risk([-uncertainty for uncertainty in uncertainties], wrong) == pytest.approx(
        (1 + 1 + 2 / 3 + 1 / 2) / 4
    )
    assert risk_coverage([0.3] * 4, wrong) == [(1.0, 0.5)]
    assert area_under_risk([0.3] * 4, wrong) == pytest.approx(0.5)
    assert (area_under_risk([], []), risk_coverage([], [])) == (None, [])


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2]), st.booleans()), min_size=1, max_size=5))
def test_the_area_is_the_mean_over_all_orders_of_ties(cases: list[tuple[float, bool]]) -> None:
    areas = []
    for order in permutations(cases):
        flags = [flag for _, flag in sorted(order, key=lambda pair: pair[0])]
        areas.append(sum(sum(flags[:kept]) / kept for kept in range(1, len(flags) + 1)) / len(flags))
    found = area_under_risk([uncertainty for uncertainty, _ in cases], [flag for _, flag in cases])
    assert found == pytest.approx(sum(areas) / len(areas))


FACE = Box(10, 10, 60, 90)
GOLD = [
    GoldPost(
        "1",
        ("Ann", "and", "Bo", "of", "Owls"),
        (GoldEntity(Span(0, 1), "PER", (FACE,)), GoldEntity(Span(2, 3), "PER", ()), GoldEntity(Span(4, 5), "ORG", ())),
        (100, 100),
    )
]


def predicted(start: int, kind: str, region: Box | None, *uncertainties: float) -> Predicted:
    return Predicted(Span(start, start + 1), kind, region, Uncertainty(*uncertainties) if uncertainties else None)


RUN = [
    PredictedPost(
        "1",
        (
            predicted(0, "PER", FACE, 0.1, 0.2, 0.3),
            predicted(2, "ORG", FACE, 0.2, 0.7, 0.3),
            predicted(3, "ORG", None, 0.9, 0.9, 0.9),  # no gold span: only its span is judged
            predicted(4, "ORG", None),  # no uncertainty: not judged at all
        ),
    )
]


def test_each_attribute_each_type_and_seen_and_unseen_names() -> None:
    groups = report_uncertainty(GOLD, RUN, {"ANN"})
    cases = {key: (found.wrong, found.count) for key, found in groups.items() if isinstance(found, UncertaintyQuality)}
    assert cases == {
        ("all", "span"): (1, 3),
        ("all", "type"): (1, 2),
        ("all", "region"): (1, 2),
        ("type ORG", "span"): (1, 2),
        ("type ORG", "type"): (1, 1),
        ("type ORG", "region"): (1, 1),
        ("type PER", "span"): (0, 1),
        ("type PER", "type"): (0, 1),
        ("type PER", "region"): (0, 1),
        ("seen names", "span"): (0, 1),
        ("seen names", "type"): (0, 1),
        ("seen names", "region"): (0, 1),
        ("unseen names", "span"): (1, 2),
        ("unseen names", "type"): (1, 1),
        ("unseen names", "region"): (1, 1),
    }
    span, kind, region = (groups["all", name] for name in ("span", "type", "region"))
    assert isinstance(span, UncertaintyQuality)
    assert span.auroc == 1.0
    assert span.area_under_risk == pytest.approx((0 + 0 + 1 / 3) / 3)
    assert isinstance(kind, UncertaintyQuality)
    assert kind.calibration_error == pytest.approx((0.2 + 0.3) / 2)
    assert isinstance(region, UncertaintyQuality)
    assert (region.auroc, region.strict_auroc) == (0.5, 0.0)  # tied at 0.3


def test_values_above_one_are_ranked_but_no_chances() -> None:
    run = [PredictedPost("1", (predicted(0, "PER", FACE, 1.5, 0.2, 0.3), predicted(3, "ORG", None, 2.0, 0, 0)))]
    found = report_uncertainty(GOLD, run)["all", "span"]
    assert isinstance(found, UncertaintyQuality)
    assert (found.auroc, found.calibration_error, found.bins) == (1.0, None, [])


def test_what_cannot_be_measured_is_reported() -> None:
    bare = [PredictedPost("1", (predicted(0, "PER", None),))]
    assert report_uncertainty(GOLD, bare) == {
        ("all", name): NotScored("no prediction of the kind has an uncertainty") for name in ("span", "type", "region")
    }
    gold = [GoldPost("1", GOLD[0].tokens, (GoldEntity(Span(0, 1), "PER", ()),), None)]
    assert report_uncertainty(gold, RUN)["all", "region"] == NotScored("gold has no boxes")


def test_names_are_words_joined_by_spaces() -> None:
    post = GoldPost("1", ("Ann", "Lee"), (GoldEntity(Span(0, 2), "PER", ()),), None)
    assert entity_names([post]) == ("Ann Lee",)
