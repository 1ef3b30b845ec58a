"""`unco run` as a process of its own: its arguments and its environment."""

import os
import sys
from pathlib import Path


def command(posts: Path, predictions: Path, out: Path, *more: str) -> list[str]:
    run = [sys.executable, "-m", "unco.cli", "run", str(posts), "--out", str(out), "--predictions", str(predictions)]
    return [*run, *more]


def environment(url: str, model: str, cache: Path) -> dict[str, str]:
    return os.environ | {"UNCO_LLM_BASE_URL": url, "UNCO_LLM_MODEL": model, "UNCO_CACHE_DIR": str(cache)}
