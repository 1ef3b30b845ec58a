"""Time tasks in turn, so that a machine that slows down slows all rows down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of a table: a task and its time."""

    name: str
    seconds: float
    """Median wall time."""


def measure(tasks: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 1) -> list[Measured]:
    """Time tasks in turn, A B C A B C, and give each one's median.

    Args:
        tasks: by name.
        rounds: how often each is timed.
        warm_up: rounds before, not counted.
    """
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(warm_up + rounds):
        for name, task in tasks.items():
            start = perf_counter()
            task()
            if turn >= warm_up:
                times[name].append(perf_counter() - start)
    return [Measured(name, median(values)) for name, values in times.items()]
