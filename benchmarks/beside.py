"""Benchmark this checkout beside another one, say the commit before: `python -m benchmarks.beside FOLDER`.

Both run in new processes, in turn, A B A B; the ratios are of pairs, so they hold where the machine's speed drifts.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Annotated

import typer
from PIL import ImageOps
from rich.console import Console
from rich.table import Table

from unco.tools.pictures.decode import open_picture
from unco.types.picture_names import SUFFIXES

HERE = Path(__file__).parents[1]
ONE_SIDE = Path(__file__).with_name("one_side.py")
PICTURES_SIDE = Path(__file__).with_name("pictures_side.py")
TEXT = "Eileen Collins commanded a Space Shuttle for NASA"


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of one checkout took."""

    wall: float
    """Seconds, as a clock sees them."""
    cpu: float
    """Seconds of all its processors."""
    peak: float
    """Bytes."""


def read_in_batches(posts: Sequence[Sequence[str]], size: int, rounds: int) -> Callable[[Path], Run]:
    """Make a task that reads posts in batches of a size; the best of some rounds counts."""
    command = [sys.executable, "-P", str(ONE_SIDE), str(size), str(rounds)]

    def run(checkout: Path) -> Run:
        done = subprocess.run(
            command, input=json.dumps(posts), env=_env(checkout), stdout=subprocess.PIPE, text=True, check=True
        )
        return Run(**json.loads(done.stdout))

    return run


def read_with_pictures(folder: Path) -> Callable[[Path], Run]:
    """Make a task that runs a post with each picture of a folder but the first, which warms up."""
    command = [sys.executable, "-P", str(PICTURES_SIDE), str(folder)]

    def run(checkout: Path) -> Run:
        done = subprocess.run(command, env=_env(checkout), stdout=subprocess.PIPE, text=True, check=True)
        return Run(**json.loads(done.stdout))

    return run


def different_pictures(folders: Sequence[Path], out: Path) -> int:
    """Write each picture in four forms (as it is, mirrored, smaller, lighter), so that none comes twice."""
    paths = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
    for path in paths:
        image = open_picture(str(path)).at_full_size()
        smaller = (round(0.9 * image.width), round(0.9 * image.height))
        forms = (image, ImageOps.mirror(image), image.resize(smaller), image.point(lambda value: min(255, value + 8)))
        for number, form in enumerate(forms):
            form.save(out / f"{number}-{path.stem}.jpg", quality=95)
    return 4 * len(paths)


def first_result(checkout: Path) -> Run:
    """Run `unco extract` once, from the start of the process to its end."""
    began = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "unco", "extract", "--json", TEXT],
        env=_env(checkout),
        cwd=checkout,
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Run(perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def compare(task: Callable[[Path], Run], other: Path, pairs: int) -> list[tuple[Run, Run]]:
    """Run a task in both checkouts in turn, after one pair that does not count."""
    return [(task(other), task(HERE)) for _ in range(pairs + 1)][1:]


def row(name: str, pairs: Sequence[tuple[Run, Run]]) -> list[str]:
    """Describe pairs of runs: medians of both sides, and of the ratios."""
    cells = [name]
    for field, unit, scale in (("wall", "s", 1.0), ("cpu", "s", 1.0), ("peak", "MiB", 2.0**-20)):
        theirs, ours = ([scale * getattr(pair[side], field) for pair in pairs] for side in (0, 1))
        ratio = median(their / our for their, our in zip(theirs, ours, strict=True))
        cells.append(f"{median(theirs):.2f} / {median(ours):.2f} {unit}, {ratio:.2f} x")
    return cells


def texts_of(file: Path | None, posts: int) -> list[list[str]]:
    """Return posts as words: of a file with a text on each line, or made-up ones of mixed lengths."""
    from benchmarks.batching import made_up_posts

    lines = made_up_posts(posts) if file is None else file.read_text("utf-8").splitlines()
    return [line.split() for line in lines if line.strip()][:posts]


def main(
    other: Annotated[Path, typer.Argument(help="The other checkout.")],
    texts: Annotated[Path | None, typer.Option(help="Posts, one on each line; default: made-up ones.")] = None,
    posts: Annotated[int, typer.Option(help="How many are read.")] = 128,
    pairs: Annotated[int, typer.Option(help="How often each side runs.")] = 5,
    rounds: Annotated[int, typer.Option(help="How often a run reads the posts; the best counts.")] = 3,
    pictures: Annotated[
        list[Path] | None, typer.Option(help="Folders of pictures: posts with them are run, and nothing else.")
    ] = None,
) -> None:
    """Print the other side's figure, this side's, and the ratio: above 1, this side needs less."""
    with TemporaryDirectory() as folder:
        tasks = _tasks(texts_of(texts, posts), rounds) if pictures is None else _with_pictures(pictures, Path(folder))
        table = Table("", "time", "processor time", "peak memory", title=f"{other.resolve().name} / this, ratio")
        for name, task in tasks.items():
            table.add_row(*row(name, compare(task, other.resolve(), pairs)))
    Console().print(table)


def _with_pictures(folders: Sequence[Path], out: Path) -> dict[str, Callable[[Path], Run]]:
    count = different_pictures(folders, out)
    return {f"{count - 1} posts with pictures, 16 at once": read_with_pictures(out)}


def _tasks(words: Sequence[Sequence[str]], rounds: int) -> dict[str, Callable[[Path], Run]]:
    return {
        f"{len(words)} posts, one by one": read_in_batches(words, 1, rounds),
        f"{len(words)} posts, in batches of 32": read_in_batches(words, 32, rounds),
        "unco extract TEXT, a new process": first_result,
    }


def _env(checkout: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(checkout)}


if __name__ == "__main__":
    typer.run(main)
