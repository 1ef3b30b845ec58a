"""Progress bar of a run, on the terminal's error stream, so that results can go through a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from unco.corpus.run import OnPost
from unco.corpus.tally import Tally


class _Rate(ProgressColumn):
    """Column with the current rate, in posts per second."""

    def render(self, task: Task) -> Text:
        """Format the rate."""
        return Text("" if task.speed is None else f"{task.speed:,.1f} posts/s")


class _Waiting(ProgressColumn):
    """Column that says for what the run waits."""

    def __init__(self, waiting: Callable[[], str]) -> None:
        """Name who knows it."""
        super().__init__()
        self._waiting = waiting

    def render(self, task: Task) -> Text:
        """Write it."""
        return Text(self._waiting()[:200], style="yellow")


@contextmanager
def progress_bar(total: int | None, console: Console, waiting: Callable[[], str] = lambda: "") -> Iterator[OnPost]:
    """Draw a bar with rate, time left, routed share, cache hits, cost and failures.

    Args:
        total: posts in all; None = not known before.
        console: to draw on; nothing is drawn where it is no terminal.
        waiting: says for what the run waits now; empty = nothing.
    """
    summary = TextColumn("{task.fields[summary]}")
    columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(), summary, _Waiting(waiting))
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("posts", total=total, summary="")

        def on_post(tally: Tally) -> None:
            progress.update(task, completed=tally.before + tally.posts, summary=tally.summary())

        yield on_post
