"""When memory runs out, less is done at once; when that does not help, it is said what to do."""

from collections.abc import Callable, Sequence
from traceback import clear_frames
from typing import TypeVar

from unco.errors import SetupError

Item = TypeVar("Item")
Result = TypeVar("Result")

NO_MEMORY = ("out of memory", "can't allocate memory")
"""How torch says it, of a GPU and of the machine."""


def lacks_memory(error: BaseException) -> bool:
    """Whether memory ran out, of a GPU (`torch.OutOfMemoryError` is a `RuntimeError`) or of the machine."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(saying in words for saying in NO_MEMORY)
    )


def run_in_parts(
    run: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], describe: Callable[[Item], str]
) -> list[Result]:
    """Results of all items; where memory runs out, each half is run alone.

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
        if not lacks_memory(error):
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
