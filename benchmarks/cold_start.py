"""Benchmark the cold start: importing the package, and the first result of `unco extract`, in new processes."""

import subprocess
import sys
from collections.abc import Callable

from benchmarks.timing import Measured, measure
from unco.demo.posts import read_posts


def run_python(*arguments: str) -> Callable[[], object]:
    """Make a task that runs this interpreter in a new process."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def measure_cold_start(rounds: int = 5) -> list[Measured]:
    """Measure cold starts, with the bare interpreter as the lower bound."""
    post = read_posts()[0]
    extract = ["-m", "unco.cli", "extract", "--json", "--text", post.text]
    tasks = {
        "python -c pass": run_python("-c", "pass"),
        "import unco": run_python("-c", "import unco"),
        "import torch": run_python("-c", "import torch"),
        "unco extract, text alone": run_python(*extract),
        "unco extract, text and picture": run_python(*extract, "--image", str(post.image)),
    }
    return measure(tasks, rounds)
