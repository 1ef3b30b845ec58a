"""How long a newcomer waits: importing the package, and the first result of `unco extract`, each in a new process."""

import subprocess
import sys
from collections.abc import Callable

from benchmarks.timing import Measured, measure
from unco.demo.posts import read_posts


def run_python(*arguments: str) -> Callable[[], object]:
    """A task that runs this interpreter anew."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def measure_cold_start(rounds: int = 5) -> list[Measured]:
    """The bare interpreter is the floor."""
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
