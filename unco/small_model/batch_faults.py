"""A batch that fails is run again in parts, so that a failing post fails alone and lack of memory fails nobody."""

from collections.abc import Callable, Sequence
from traceback import clear_frames
from typing import TYPE_CHECKING

from unco.errors import SetupError
from unco.small_model.model_input import ModelInput

if TYPE_CHECKING:
    from unco.small_model.predictor import Prediction

Predict = Callable[[Sequence[ModelInput]], "list[list[Prediction]]"]
"""Entities of each post, in the order of the posts."""

NO_MEMORY = ("out of memory", "can't allocate memory")
"""How torch says it, of a GPU and of the machine."""


def run_batch(predict: Predict, posts: Sequence[ModelInput]) -> "list[list[Prediction] | Exception]":
    """Entities of each post, or why there are none.

    When memory runs out the batch is halved; after any other exception its posts are run one by one. What is no
    `Exception` (a `SystemExit`, say) is told to all posts as a `RuntimeError`: raised at the caller's, it would end
    the caller's program.

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
        size = _size_of_parts(error, len(posts))
        if size == len(posts):
            return [_told(error, posts[0])]
    except BaseException as error:
        return [_caused(RuntimeError(f"the small model was stopped by {error!r}"), error) for _ in posts]
    # Not within `except`: there the exception, and with it the batch's tensors, would still be alive.
    parts = (posts[start : start + size] for start in range(0, len(posts), size))
    return [result for part in parts for result in run_batch(predict, part)]


def _size_of_parts(error: Exception, posts: int) -> int:
    """How many posts to try together next."""
    if not _is_lack_of_memory(error):
        return 1
    clear_frames(error.__traceback__)
    return (posts + 1) // 2


def _told(error: Exception, post: ModelInput) -> Exception:
    if not _is_lack_of_memory(error):
        return error
    told = SetupError(
        f"the small model ran out of memory on one post of {len(post.words)} words and {len(post.regions)} regions: "
        f"free memory on its device, or hand the post in in parts ({error})"
    )
    return _caused(told, error)


def _caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def _is_lack_of_memory(error: Exception) -> bool:
    """Of a GPU (`torch.OutOfMemoryError` is a `RuntimeError`) or of the machine."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(saying in words for saying in NO_MEMORY)
    )
