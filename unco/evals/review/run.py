"""`unco review`: work through a run's queue on a page of this machine."""

from contextlib import suppress
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.text import Text

from unco.errors import DataError
from unco.evals.review.page.server import served
from unco.evals.review.session import ReviewSession
from unco.show import print_line


def run_review(run: Path, out: Path, pictures: Path | None, by: str, console: Console) -> None:
    """Serve the page until all posts are done, or Ctrl-C.

    Raises:
        InputError, SetupError: as of `ReviewSession`; or the pictures' folder is not there.
    """
    if pictures is not None and not pictures.is_dir():
        raise DataError(f"{pictures} is no folder: --pictures names the one that holds the posts' pictures")
    session = ReviewSession(run, out, partial(print_line, console=console))
    try:
        if left := session.progress.left:
            with suppress(KeyboardInterrupt), served(session, pictures, by) as (address, wait):
                console.print(Text(f"{left} posts to look at: open {address}"), soft_wrap=True)
                console.print("Ctrl-C ends; the same command goes on", soft_wrap=True)
                while not wait(0.5):
                    pass
        progress = session.progress
    finally:
        session.close()
    console.print(Text(f"{progress.done} posts done, {progress.left} left, in {out}"), soft_wrap=True)
    if progress.done:
        console.print(Text(f"as gold posts: unco import-review {out} --out gold.jsonl"), soft_wrap=True)
