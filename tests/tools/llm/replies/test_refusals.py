"""Refusals that no form helped against are remembered for a while, few of them, each for what was refused."""

import time

from unco.tools.llm.replies.refusals import FORGOTTEN_AFTER_S, InVain


def test_two_searches_in_vain_are_believed_until_they_are_forgotten() -> None:
    now = 0.0
    found = InVain(lambda: now)
    for number in range(2):
        assert not found.is_known("http://a", 400, words="Bad request 0")
        found.note("http://a", 400, words=f"Bad request {number}")
    assert found.is_known("http://a", 400, words="Bad request 7")
    assert not found.is_known("http://b", 400, words="Bad request 7")
    now = FORGOTTEN_AFTER_S
    assert not found.is_known("http://a", 400, words="Bad request 7")
    found.note("http://a", 400, words="Bad request 8")
    assert found.is_known("http://a", 400, words="Bad request 9")


def test_the_oldest_of_many_are_dropped() -> None:
    found = InVain()
    for _ in range(2):
        found.note("old", words="x")
    for number in range(1000):
        found.note(number, words="x")
    assert not found.is_known("old", words="x")


def test_long_words_without_blanks_take_no_time() -> None:
    start = time.monotonic()
    InVain().note(400, words="\u4e2d" * 200_000)
    assert time.monotonic() - start < 2
