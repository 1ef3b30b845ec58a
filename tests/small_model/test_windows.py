"""Long posts are read in windows: each word in one, cut where a text most likely begins, or else at sentences."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import tiny_tokenizer
from unco.small_model.windows import Windows, choose_windows, cut_windows, in_runs, overlapping
from unco.small_model.words import word_pieces

WORDS = st.lists(st.sampled_from(["go", "owls", ".", "a", "verylongword"]), min_size=1, max_size=120)


def by_sentence(words: Sequence[str], room: int = 500) -> Windows:
    """Windows of a model that does not say where a text begins."""
    return choose_windows([tuple(words)], [room], tiny_tokenizer(), None)[0]


@given(WORDS, st.integers(24, 60), st.booleans())
def test_windows_cover_every_word_once(words: list[str], room: int, says: bool) -> None:
    log_odds = (lambda posts: [[1.0] * len(post) for post in posts]) if says else None
    windows = choose_windows([tuple(words)], [room], tiny_tokenizer(), log_odds)[0]
    assert [index for start, stop in windows for index in range(start, stop)] == list(range(len(words)))
    pieces = word_pieces(tuple(words), tiny_tokenizer()).word
    assert all(sum(start <= owner < stop for owner in pieces) <= room for start, stop in windows)


@pytest.mark.parametrize(
    ("next_one", "begins"),
    [("RT", True), ("cd", True), (".", False)],
)
def test_a_retweet_and_a_word_after_an_end_begin_a_window(next_one: str, begins: bool) -> None:
    words = ["ab"] * 18 + ["!", next_one] + ["cd"] * 17
    assert (by_sentence(words)[0][1] == 19) is begins


def test_a_post_that_fits_is_read_whole() -> None:
    words = ["ab", "."] * 20
    assert by_sentence(words) == [(0, 40)]
    assert len(by_sentence([*words, *words])) > 1


def test_a_long_post_is_cut_where_a_text_most_likely_begins() -> None:
    asked: list[int] = []

    def log_odds(posts: Sequence[tuple[str, ...]]) -> list[list[float]]:
        asked.extend(len(post) for post in posts)
        return [[5.0 if index in (9, 30) else -5.0 for index in range(len(post))] for post in posts]

    posts = [("ab",) * 25, ("ab",) * 5, ("ab",) * 14]
    windows = choose_windows(posts, [500, 500, 500], tiny_tokenizer(), log_odds)
    assert windows == [[(0, 9), (9, 25)], [(0, 5)], [(0, 14)]]
    assert asked == [25]


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
