"""Long posts are read in windows: each word in one, cut where a text most likely begins, or else at sentences."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import TINY, tiny_network, tiny_tokenizer
from unco.small_model.batch import Array, Batch
from unco.small_model.decoding.states import EncoderStates
from unco.small_model.model_input import ModelInput
from unco.small_model.network.model import Network
from unco.small_model.windows.reader import Read, Reader, Window
from unco.small_model.words import word_pieces

WORDS = st.lists(st.sampled_from(["go", "owls", ".", "a", "verylongword"]), min_size=1, max_size=120)
Encoded = list[tuple[int, ...]]


@cache
def reader(post_starts: int = 0, room: int = 126) -> Reader:
    """A reader of a network with room for so many pieces; `post_starts` units say where a text begins."""
    network = tiny_network(config=replace(TINY, post_starts=post_starts, positions=room + 2))
    return Reader(network, tiny_tokenizer(), 32)


def windows_of(reader: Reader, *posts: ModelInput) -> list[tuple[int, int, int]]:
    return [(*window,) for window, _ in reader.read(posts, lambda read: [None] * len(read.posts))]


def by_sentence(words: Sequence[str]) -> list[tuple[int, int]]:
    """Windows of a model that does not say where a text begins."""
    return [(start, stop) for _, start, stop in windows_of(reader(), ModelInput(tuple(words)))]


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> Encoded:
    """Words of the posts of each batch that is encoded from now on."""
    batches, encode = Encoded(), Network.encode

    def spy(self: Network, batch: Batch) -> EncoderStates:
        batches.append(tuple(batch.words.tolist()))
        return encode(self, batch)

    monkeypatch.setattr(Network, "encode", spy)
    return batches


def begin_at(monkeypatch: pytest.MonkeyPatch, *places: int) -> None:
    """Let a text begin at these words of every run."""

    def log_odds(_: Network, words: Array) -> Array:
        return np.array([5.0 if place in places else -5.0 for place in range(len(words))])

    monkeypatch.setattr(Network, "log_odds_of_starts", log_odds)


@given(WORDS, WORDS, st.sampled_from([24, 41, 60, 126]), st.sampled_from([0, 32]), st.booleans())
def test_windows_cover_every_word_once(
    words: list[str], others: list[str], room: int, units: int, captioned: bool
) -> None:
    post = ModelInput(tuple(words), caption="a b" if captioned and room == 126 else "")
    windows = windows_of(reader(units, room), ModelInput(tuple(others)), post)
    for index, read in enumerate((others, words)):
        here = [(start, stop) for one, start, stop in windows if one == index]
        assert [place for start, stop in here for place in range(start, stop)] == list(range(len(read)))
        owners = word_pieces(tuple(read), tiny_tokenizer()).word
        assert all(sum(start <= owner < stop for owner in owners) <= room for start, stop in here)


@pytest.mark.parametrize(("next_one", "begins"), [("RT", True), ("cd", True), (".", False)])
def test_a_retweet_and_a_word_after_an_end_begin_a_window(next_one: str, begins: bool) -> None:
    words = ["ab"] * 18 + ["!", next_one] + ["cd"] * 17
    assert (by_sentence(words)[0][1] == 19) is begins


def test_a_post_that_fits_is_read_whole() -> None:
    words = ["ab", "."] * 20
    assert by_sentence(words) == [(0, 40)]
    assert len(by_sentence([*words, *words])) > 1


def test_a_window_leaves_room_for_the_caption() -> None:
    post = ModelInput(("ab",) * 32, caption="a " * 80)
    assert len(windows_of(reader(), replace(post, caption=""))) == 1
    assert len(windows_of(reader(), post)) == 2, "of 128 positions, 67 are the caption's and the marks'"


def test_a_long_post_is_cut_where_a_text_most_likely_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    begin_at(monkeypatch, 9, 30)
    posts = [ModelInput(("ab",) * count) for count in (25, 5, 14)]
    assert sorted(windows_of(reader(32), *posts)) == [(0, 0, 9), (0, 9, 25), (1, 0, 5), (2, 0, 14)]


def test_a_post_in_which_no_text_begins_is_encoded_once(monkeypatch: pytest.MonkeyPatch, encoded: Encoded) -> None:
    begin_at(monkeypatch)
    posts = [ModelInput(("ab",) * count) for count in (22, 5, 23)]
    assert len(windows_of(reader(32), *posts)) == 3
    assert encoded == [(5, 22, 23)]


def test_a_post_that_is_cut_is_encoded_whole_and_in_windows(monkeypatch: pytest.MonkeyPatch, encoded: Encoded) -> None:
    begin_at(monkeypatch, 9)
    assert sorted(windows_of(reader(32), ModelInput(("ab",) * 22), ModelInput(("ab",) * 5))) == [
        (0, 0, 9),
        (0, 9, 22),
        (1, 0, 5),
    ]
    assert encoded == [(5, 22), (9, 13)]


def test_beginnings_are_looked_for_in_the_words_alone(monkeypatch: pytest.MonkeyPatch, encoded: Encoded) -> None:
    begin_at(monkeypatch)
    assert windows_of(reader(32), ModelInput(("ab",) * 22, caption="a b")) == [(0, 0, 22)]
    assert encoded == [(22,), (22,)], "the layers did not learn from words beside a caption"


def test_a_post_says_the_same_of_itself_as_a_run_of_its_words() -> None:
    run = ("ab", "cd") * 11
    (alone,) = reader(32).states([run])
    found = dict(reader(32).read([ModelInput(run), ModelInput(("ab",))], Read.log_odds))
    log_odds = reader(32).network.runtime().log_odds_of_starts(alone)
    assert log_odds is not None
    assert found[Window(0, 0, 22)] == pytest.approx(log_odds.tolist(), abs=1e-4)


def test_short_posts_are_not_asked_where_a_text_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[int]()

    def log_odds(_: Network, words: Array) -> Array:
        asked.append(len(words))
        return np.full(len(words), -5.0)

    monkeypatch.setattr(Network, "log_odds_of_starts", log_odds)
    windows_of(reader(32), *(ModelInput(("ab",) * count) for count in (20, 21, 25, 3)))
    assert sorted(asked) == [21, 25], "40 pieces are never cut"
