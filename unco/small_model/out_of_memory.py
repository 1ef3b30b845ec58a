"""Out-of-memory handling: a batch is halved until it fits; if one item does not fit, the error says what to do."""

from collections.abc import Callable, Sequence
from traceback import clear_frames
from typing import TypeVar

from unco.errors import SetupError

Item = TypeVar("Item")
Result = TypeVar("Result")

OUT_OF_MEMORY_PHRASES = ("out of memory", "can't allocate memory")
"""Phrases of torch's out-of-memory errors, for GPU and CPU."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that GPU memory (a `RuntimeError` of torch) or main memory ran out."""
    message = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(phrase in message for phrase in OUT_OF_MEMORY_PHRASES)
    )


def run_in_parts(
    run: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], describe: Callable[[Item], str]
) -> list[Result]:
    """Run all items at once; if memory runs out, run each half alone.

    Args:
        run: gives a result for each item.
        items: at least one.
        describe: names an item, for the message.

    Raises:
        SetupError: there is not enough memory for one of them.
    """
    try:
        return run(items)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        if len(items) == 1:
            raise SetupError(
                f"the small model ran out of memory on {describe(items[0])}: free memory on its device, or hand the "
                f"post in in parts ({error})"
            ) from error
        clear_frames(error.__traceback__)
    # Not within `except`: there the exception, and with it the batch's tensors, would still be alive.
    half = (len(items) + 1) // 2
    return [*run_in_parts(run, items[:half], describe), *run_in_parts(run, items[half:], describe)]
