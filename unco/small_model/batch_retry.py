"""A batch that fails is run again post by post, so that a failing post fails alone."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from unco.small_model.model_input import ModelInput

if TYPE_CHECKING:
    from unco.small_model.predictor import Prediction

Predict = Callable[[Sequence[ModelInput]], "list[list[Prediction]]"]
"""Entities of each post, in the order of the posts."""


def run_batch(predict: Predict, posts: Sequence[ModelInput]) -> "list[list[Prediction] | Exception]":
    """Entities of each post, or why there are none.

    What is no `Exception` (a `SystemExit`, say) is told to all posts as a `RuntimeError`: raised at the caller's, it
    would end the caller's program.

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
        told = RuntimeError(f"the small model was stopped by {error!r}")
        told.__cause__ = error
        return [told for _ in posts]
    # Not within `except`: there the exception, and with it the batch's tensors, would still be alive.
    return [result for post in posts for result in run_batch(predict, [post])]
