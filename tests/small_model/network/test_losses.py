"""The training losses, against numbers worked out by hand."""

from math import log, sqrt

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unco.small_model.decoding.symbols import ILLEGAL_LOGIT
from unco.small_model.network.losses import debiasing_loss, region_loss, tag_loss, token_loss


def test_token_loss_is_the_mean_over_real_steps() -> None:
    log_probs = torch.log(torch.tensor([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [1 / 3, 1 / 3, 1 / 3]]]))
    symbols = torch.tensor([[0, 1, -100]])
    assert float(token_loss(log_probs, symbols)) == pytest.approx(-(log(0.5) + log(0.8)) / 2, abs=1e-6)


def test_smoothing_spreads_over_legal_symbols_only() -> None:
    log_probs = torch.tensor([[[log(0.75), log(0.25), ILLEGAL_LOGIT]]])
    spread = -(log(0.75) + log(0.25)) / 2  # two legal symbols, not three
    expected = 0.9 * -log(0.75) + 0.1 * spread
    assert float(token_loss(log_probs, torch.tensor([[0]]), smoothing=0.1)) == pytest.approx(expected, abs=1e-6)


def test_region_loss_is_the_divergence_over_k_regions_and_none() -> None:
    # K = 2 candidates and "not groundable"; the second step has no target and does not count
    logits = torch.log(torch.tensor([[[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]]))
    target = torch.tensor([[[0.6, 0.4, 0.0], [0.0, 0.0, 0.0]]])
    expected = 0.6 * log(0.6 / 0.5) + 0.4 * log(0.4 / 0.3)
    assert float(region_loss(logits, target)) == pytest.approx(expected, abs=1e-6)


def test_a_name_that_is_not_in_the_picture_is_learned_at_the_last_slot() -> None:
    logits = torch.log(torch.tensor([[[0.5, 0.3, 0.2]]]))
    assert float(region_loss(logits, torch.tensor([[[0.0, 0.0, 1.0]]]))) == pytest.approx(-log(0.2), abs=1e-6)


def test_without_targets_the_region_loss_is_zero() -> None:
    assert float(region_loss(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3))) == 0.0


def test_region_loss_of_padded_slots_has_finite_gradients() -> None:
    logits = torch.tensor([[[0.3, -torch.inf, 0.1]]], requires_grad=True)
    region_loss(logits, torch.tensor([[[1.0, 0.0, 0.0]]])).backward()  # type: ignore[no-untyped-call]  # torch has no types here
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


WORDS = torch.tensor([[[2.0, 0.0], [0.0, 2.0], [3.0, 0.0]]])
"""Three words; the mean of the first two is (1, 1), whose cosine with (1, 0) is 1 / sqrt(2)."""
REGIONS = torch.tensor([[[1.0, 0.0], [1.0, 1.0], [0.0, 5.0], [-1.0, 0.0]]])
"""Cosines with (1, 1): 1 / sqrt(2), 1, 1 / sqrt(2), -1 / sqrt(2); with (1, 0): 1, 1 / sqrt(2), 0, -1."""
HALF = 1 / sqrt(2)


def loss_of(spans: list[list[int]], overlaps: list[list[float]], margin: float = 0.5) -> float:
    return float(debiasing_loss(WORDS, torch.tensor([spans]), REGIONS, torch.tensor([overlaps]), margin))


def test_one_positive_and_one_negative() -> None:
    # D+ = 1 - 1/sqrt(2), D- = 0, margin 0.5 * (1 - 0.2)
    expected = (1 - HALF) - 0.0 + 0.5 * 0.8
    assert loss_of([[0, 2]], [[0.9, 0.2, -1.0, -1.0]]) == pytest.approx(expected, abs=1e-6)


def test_a_pair_that_is_far_enough_apart_costs_nothing() -> None:
    # anchor (1, 0): D+ = 0, D- = 1 - (-1) = 2, and 0 - 2 + 0.5 < 0
    assert loss_of([[2, 3]], [[0.9, -1.0, -1.0, 0.0]]) == 0.0


def test_the_margin_is_that_of_the_negative_and_shrinks_with_its_overlap() -> None:
    far, near = (loss_of([[0, 2]], [[0.9, overlap, -1.0, -1.0]]) for overlap in (0.0, 0.4))
    assert far - near == pytest.approx(0.5 * 0.4, abs=1e-6)
    assert loss_of([[0, 2]], [[0.6, 0.2, -1.0, -1.0]]) == loss_of([[0, 2]], [[0.9, 0.2, -1.0, -1.0]])


def test_the_mean_is_over_all_pairs_of_several_positives_and_negatives() -> None:
    # anchor (1, 0); positives 0 (D = 0) and 1 (D = 1 - 1/sqrt(2)); negatives 2 (D = 1, margin 0.9) and 3 (D = 2, 1.0)
    # pairs: (0,2) 0 - 1 + 0.9 < 0; (1,2) 1 - h - 1 + 0.9; (0,3) < 0; (1,3) 1 - h - 2 + 1 < 0
    expected = (0.9 - HALF) / 4
    assert loss_of([[2, 3]], [[0.7, 0.8, 0.1, 0.0]], margin=1.0) == pytest.approx(expected, abs=1e-6)


def test_the_sum_of_eq_8_is_over_all_pairs_of_a_post_and_the_mean_over_posts() -> None:
    # the same pairs: those that cost something are (1,2) with 0.9 - h, and with a margin of 2 also (0,2) with 0.8,
    # (1,2) with 1.8 - h, (0,3) with 0, (1,3) with 1 - h
    spans, overlaps = torch.tensor([[[2, 3]]]), torch.tensor([[[0.7, 0.8, 0.1, 0.0]]])
    one = debiasing_loss(WORDS, spans, REGIONS, overlaps, 1.0, sum_of_pairs=True)
    wide = debiasing_loss(WORDS, spans, REGIONS, overlaps, 2.0, sum_of_pairs=True)
    assert float(one) == pytest.approx(0.9 - HALF, abs=1e-6)
    assert float(wide) == pytest.approx(0.8 + (1.8 - HALF) + (1.0 - HALF), abs=1e-6)
    beside = torch.cat([overlaps, torch.full_like(overlaps, -1.0)])  # a post without pairs
    words, spans, regions = (torch.cat([part, part]) for part in (WORDS, spans, REGIONS))
    two = debiasing_loss(words, spans, regions, beside, 1.0, sum_of_pairs=True)
    assert float(two) == pytest.approx((0.9 - HALF) / 2, abs=1e-6)


def test_an_iou_of_exactly_one_half_is_a_negative() -> None:
    # the second candidate is D- = 0 with the margin 0.5 * (1 - 0.5)
    assert loss_of([[0, 2]], [[0.9, 0.5, -1.0, -1.0]]) == pytest.approx((1 - HALF) + 0.25, abs=1e-6)
    assert loss_of([[0, 2]], [[0.9, 0.51, -1.0, -1.0]]) == 0.0  # now both are positive: no pair


def test_an_entity_without_a_positive_does_not_dilute_the_mean() -> None:
    one = loss_of([[0, 2]], [[0.9, 0.2, -1.0, -1.0]])
    both = loss_of([[0, 2], [2, 3]], [[0.9, 0.2, -1.0, -1.0], [0.1, 0.2, 0.0, 0.5]])
    assert one == pytest.approx(both)


def test_padding_of_entities_and_candidates_changes_nothing() -> None:
    bare = debiasing_loss(WORDS, torch.tensor([[[0, 2]]]), REGIONS[:, :2], torch.tensor([[[0.9, 0.2]]]), 0.5)
    padded = loss_of([[0, 2], [-1, -1]], [[0.9, 0.2, -1.0, -1.0], [-1.0] * 4])
    assert padded == pytest.approx(float(bare))


@pytest.mark.parametrize(
    "overlaps",
    [[[0.1, 0.2, 0.0, 0.5]], [[-1.0] * 4], [[0.9, 0.8, 0.7, 0.6]]],
    ids=["no positive", "no picture", "no negative"],
)
def test_without_pairs_the_loss_is_zero_and_its_gradients_finite(overlaps: list[list[float]]) -> None:
    words, regions = WORDS.clone().requires_grad_(), REGIONS.clone().requires_grad_()
    loss = debiasing_loss(words, torch.tensor([[[0, 2]]]), regions, torch.tensor([overlaps]), 0.5)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0.0
    for leaf in (words, regions):
        assert leaf.grad is not None
        assert torch.isfinite(leaf.grad).all()


def test_states_of_zeros_have_finite_gradients() -> None:
    words, regions = torch.zeros(1, 3, 2, requires_grad=True), torch.zeros(1, 2, 2, requires_grad=True)
    debiasing_loss(words, torch.tensor([[[0, 2]]]), regions, torch.tensor([[[0.9, 0.0]]]), 0.5).backward()  # type: ignore[no-untyped-call]
    assert words.grad is not None
    assert regions.grad is not None
    assert torch.isfinite(words.grad).all()
    assert torch.isfinite(regions.grad).all()


@pytest.mark.parametrize(("entities", "candidates"), [(0, 2), (1, 0)])
def test_posts_without_entities_or_pictures_have_no_loss(entities: int, candidates: int) -> None:
    spans, overlaps = torch.zeros(1, entities, 2, dtype=torch.long), torch.zeros(1, entities, candidates)
    assert float(debiasing_loss(WORDS, spans, REGIONS[:, :candidates], overlaps, 0.5)) == 0.0


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4), st.floats(0.01, 50))
def test_the_loss_lies_within_its_bounds_and_scale_does_not_matter(overlaps: list[float], scale: float) -> None:
    table = torch.tensor([[[value if value >= 0 else -1.0 for value in overlaps]]])
    spans = torch.tensor([[[0, 2]]])
    loss = float(debiasing_loss(WORDS, spans, REGIONS, table, 0.5))
    assert 0.0 <= loss <= 2.5  # D lies in [0, 2], the margin in [0, 0.5]
    assert float(debiasing_loss(scale * WORDS, spans, REGIONS, table, 0.5)) == pytest.approx(loss, abs=1e-5)


def test_a_share_of_the_loss_is_the_teachers_where_they_said_something() -> None:
    log_probs = torch.log(torch.tensor([[[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]]))
    taught = torch.tensor([[[0.4, 0.6, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])  # of the second place nothing
    symbols = torch.tensor([[0, 1, -100]])
    first = 0.75 * -log(0.5) + 0.25 * -(0.4 * log(0.5) + 0.6 * log(0.3))
    expected = (first - log(0.8)) / 2  # the third place is padding, whatever is said of it
    assert float(token_loss(log_probs, symbols, 0.0, taught, 0.25)) == pytest.approx(expected, abs=1e-6)
    assert float(tag_loss(log_probs, symbols, taught, 0.25)) == pytest.approx(expected, abs=1e-6)
    assert float(tag_loss(log_probs, symbols)) == pytest.approx(-(log(0.5) + log(0.8)) / 2, abs=1e-6)


def test_what_is_illegal_costs_nothing_where_teachers_leave_it_out() -> None:
    log_probs = torch.tensor([[[log(0.75), log(0.25), ILLEGAL_LOGIT]]])
    taught = torch.tensor([[[0.5, 0.5, 0.0]]])
    expected = -(log(0.75) + log(0.25)) / 2
    assert float(token_loss(log_probs, torch.tensor([[0]]), 0.0, taught, 1.0)) == pytest.approx(expected, abs=1e-6)
