"""The command line: arguments only; the work is done elsewhere. Each file adds its commands to `app`."""

from unco.cli import (
    batch,
    cache,
    comparing,
    corpus,
    doctor,
    evaluate,
    frames,
    interop,
    kb,
    posts,
    prompts,
    report,
    simulation,
    small_model,
    tuning,
)
from unco.cli.app import app, guarded, main

__all__ = [
    "app",
    "batch",
    "cache",
    "comparing",
    "corpus",
    "doctor",
    "evaluate",
    "frames",
    "guarded",
    "interop",
    "kb",
    "main",
    "posts",
    "prompts",
    "report",
    "simulation",
    "small_model",
    "tuning",
]
