"""Retry of a failed batch: a failing post fails alone."""

from collections.abc import Callable, Sequence
from typing import Any

from unco.small_model.batch_retry import run_batch
from unco.small_model.model_input import ModelInput

POSTS = [ModelInput((f"word{number}",) * (number + 1)) for number in range(8)]


def says_words(posts: Sequence[ModelInput]) -> list[Any]:
    return [post.words for post in posts]


def with_faults(fault: Callable[[Sequence[ModelInput]], BaseException | None], seen: list[int]) -> Callable[..., Any]:
    """A model that raises where `fault` says so; notes the size of each batch."""

    def predict(posts: Sequence[ModelInput]) -> list[Any]:
        seen.append(len(posts))
        if (error := fault(posts)) is not None:
            raise error
        return says_words(posts)

    return predict


def test_a_batch_that_works_runs_once() -> None:
    seen: list[int] = []
    assert run_batch(with_faults(lambda posts: None, seen), POSTS) == says_words(POSTS)
    assert seen == [8]


def test_a_failing_post_fails_alone() -> None:
    seen: list[int] = []
    results = run_batch(with_faults(lambda posts: ValueError("bad") if POSTS[3] in posts else None, seen), POSTS)
    assert isinstance(results[3], ValueError)
    assert [results[place] for place in range(8) if place != 3] == says_words([*POSTS[:3], *POSTS[4:]])
    assert seen == [8, *[1] * 8]


def test_an_exit_becomes_an_error_of_each_post() -> None:
    seen: list[int] = []
    results = run_batch(with_faults(lambda posts: SystemExit(3), seen), POSTS)
    assert {type(result) for result in results} == {RuntimeError}
    assert all("SystemExit" in str(result) for result in results)
    assert seen == [8]


def test_a_wrong_number_of_results_is_an_error_of_each() -> None:
    results = run_batch(lambda posts: [], POSTS[:2])
    assert [str(result) for result in results] == ["the small model gave 0 results for 1 posts"] * 2
