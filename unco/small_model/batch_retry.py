"""Retry of a failed batch, post by post, so that a failing post fails alone."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from unco.small_model.model_input import ModelInput

if TYPE_CHECKING:
    from unco.small_model.uncertainty.prediction import Prediction

Predict = Callable[[Sequence[ModelInput]], "list[list[Prediction]]"]
"""Predicts the entities of each post, in the order of the posts."""


def run_batch(predict: Predict, posts: Sequence[ModelInput]) -> "list[list[Prediction] | Exception]":
    """Predict the entities of each post; a post that fails gets its exception instead.

    An error that is no `Exception` (a `SystemExit`, say) becomes a `RuntimeError` for all posts: raised in the caller's
    thread, it would end the caller's program.

    Args:
        predict: runs a batch.
        posts: the batch.
    """
    try:
        results = predict(posts)
        if len(results) != len(posts):
            raise RuntimeError(f"the small model gave {len(results)} results for {len(posts)} posts")
        return list(results)
    except Exception as error:
        if len(posts) == 1:
            return [error]
    except BaseException as error:
        stopped = RuntimeError(f"the small model was stopped by {error!r}")
        stopped.__cause__ = error
        return [stopped for _ in posts]
    # Not within `except`: there the exception, and with it the batch's tensors, would still be alive.
    return [result for post in posts for result in run_batch(predict, [post])]
