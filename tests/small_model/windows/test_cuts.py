"""A post is cut where a text most likely begins; runs in which that is looked for overlap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import tiny_tokenizer
from unco.small_model.windows.cuts import Windows, cut_windows, in_runs, overlapping


@pytest.mark.parametrize(
    ("log_odds", "most", "windows"),
    [
        ([0.0, -1.0, -1.0, -1.0], 9, [(0, 4)]),  # nothing begins: no cut
        ([0.0, -1.0, 1.0, -1.0], 9, [(0, 2), (2, 4)]),
        ([0.0, -3.0, -1.0, -2.0], 6, [(0, 2), (2, 4)]),  # 8 pieces: the cut that costs least
        ([0.0, -8.0, -9.0, 4.0], 4, [(0, 1), (1, 3), (3, 4)]),
        ([0.0, 0.0, 0.0, 0.0], 1, [(0, 1), (1, 2), (2, 3), (3, 4)]),  # a word of 2 pieces is not cut
    ],
)
def test_the_cuts_have_the_largest_sum(log_odds: list[float], most: int, windows: Windows) -> None:
    assert cut_windows([2, 2, 2, 2], log_odds, most) == windows


@given(st.lists(st.integers(1, 24), min_size=1, max_size=60), st.integers(24, 160))
def test_runs_overlap_and_reach_the_end(pieces: list[int], most: int) -> None:
    runs = overlapping(pieces, most)
    assert (runs[0][0], runs[-1][1]) == (0, len(pieces))
    assert all(sum(pieces[start:stop]) <= most for start, stop in runs)
    assert all(before[0] < after[0] <= before[1] for before, after in zip(runs, runs[1:], strict=False))


@given(st.lists(st.sampled_from(["a", "abcdefgh", "z" * 24]), min_size=1, max_size=60), st.integers(24, 160))
def test_each_word_is_judged_also_where_a_run_holds_few(words: list[str], most: int) -> None:
    found = in_runs([tuple(words)], tiny_tokenizer(), most, lambda runs: [[1.0] * len(run) for run in runs])
    assert found == [[1.0] * len(words)]
