"""Measure the peak memory of a process that loads a checkpoint and reads posts, each in a new process."""

import re
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.posts import typical_posts
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.config import named_estimator
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.predictor import Predictor

MEBI = 1 << 20
BYTES = 1 if sys.platform == "darwin" else 1024
"""Unit of `ru_maxrss`."""


def peak_of_process(estimator: str, posts: int, folder: Path = SHIPPED) -> float:
    """Measure the largest resident size of a new process, in MiB.

    Args:
        estimator: by name.
        posts: read in one call; 0 = the checkpoint is loaded and nothing read.
        folder: of the checkpoint.
    """
    command = [sys.executable, "-m", "benchmarks.peak_memory", estimator, str(posts), str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak_on_device(predictor: Predictor, posts: int) -> float:
    """Measure the most memory that tensors took on CUDA during one call, weights included, in MiB."""
    import torch

    torch.cuda.reset_peak_memory_stats()
    predictor.predict(typical_posts(posts))
    return torch.cuda.max_memory_allocated() / MEBI


def main() -> None:
    """Print this process's own peak."""
    estimator, posts, folder = sys.argv[1:]
    predictor = from_pretrained(Path(folder)).with_estimator(named_estimator(estimator))
    if int(posts):
        predictor.predict(typical_posts(int(posts)))
    sys.stdout.write(str(_own_peak() / MEBI))


def _own_peak() -> int:
    """Read this process's peak in bytes; on Linux `ru_maxrss` includes the parent's, so VmHWM is read."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8")) if status.exists() else None
    return int(found[1]) * 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES


if __name__ == "__main__":
    main()
