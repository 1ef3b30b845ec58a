"""Progress bar of a run, on the terminal's error stream, so that results can go through a pipe."""

from collections.abc import Iterator
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


@contextmanager
def progress_bar(total: int | None, console: Console) -> Iterator[OnPost]:
    """Draw a bar with rate, time left, routed share, cache hits, cost and failures.

    Args:
        total: posts in all; None = not known before.
        console: to draw on; nothing is drawn where it is no terminal.
    """
    columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(), TextColumn("{task.fields[summary]}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("posts", total=total, summary="")

        def on_post(tally: Tally) -> None:
            progress.update(task, completed=tally.before + tally.posts, summary=tally.summary())

        yield on_post
