"""Choice of a batch: which queued posts run together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.errors import SettingsError
from unco.small_model.batching import Batching, choose_batch, split_by_length


@pytest.mark.parametrize(
    ("lengths", "chosen"),
    [
        ([5], [0]),
        ([5, 5, 5, 5, 5], [0, 1, 2, 3]),  # most_posts
        ([5, 30, 6, 9], [0, 2, 3]),  # 4 x 30 words are too many
        ([30, 5, 31, 6], [0, 2]),  # the oldest decides which lengths
        ([200, 5], [0]),  # longer than a batch may be, so alone
        ([5, 200], [0]),
    ],
)
def test_lengths_near_the_oldest_go_together(lengths: list[int], chosen: list[int]) -> None:
    assert choose_batch(lengths, Batching(most_posts=4, most_words=64)) == chosen


@given(st.lists(st.integers(1, 300), min_size=1, max_size=80), st.integers(1, 40), st.integers(1, 2000))
def test_a_batch_keeps_its_bounds_and_the_oldest_is_in_it(lengths: list[int], posts: int, words: int) -> None:
    chosen = choose_batch(lengths, Batching(most_posts=posts, most_words=words))
    assert chosen[0] == 0
    assert len(set(chosen)) == len(chosen) <= posts
    assert len(chosen) == 1 or len(chosen) * max(lengths[place] for place in chosen) <= words


@given(st.lists(st.integers(1, 300), min_size=1, max_size=40))
def test_no_post_starves(lengths: list[int]) -> None:
    left, batches = list(enumerate(lengths)), 0
    while left:
        chosen = choose_batch([length for _, length in left], Batching(most_posts=4, most_words=100))
        left = [post for place, post in enumerate(left) if place not in chosen]
        batches += 1
        assert all(post >= batches for post, _ in left)  # each batch takes the oldest


@pytest.mark.parametrize("wrong", [{"most_posts": 0}, {"most_words": 0}, {"queue": 0}, {"wait": -1}, {"wait": 1e9}])
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=f"{next(iter(wrong))}="):
        Batching(**wrong)


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 8), st.integers(0, 100))
def test_posts_are_split_into_batches_that_cost_no_more_than_chunks_in_order_of_length(
    lengths: list[int], most: int, call: int
) -> None:
    batches = split_by_length(lengths, most, call)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= most for batch in batches)
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    chunks = [order[start : start + most] for start in range(0, len(order), most)]
    cost, plain = (sum(call + len(one) * max(lengths[i] for i in one) for one in way) for way in (batches, chunks))
    assert cost <= plain


def test_short_and_long_posts_are_read_apart_where_a_call_costs_little() -> None:
    assert split_by_length([30, 3, 29, 2], most=4, call=8) == [[3, 1], [2, 0]]
    assert split_by_length([30, 3, 29, 2], most=4, call=1000) == [[3, 1, 2, 0]]
