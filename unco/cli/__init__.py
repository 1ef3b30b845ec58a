"""The command line: it parses arguments and calls the library. Importing a file here adds its commands to `app`."""

from unco.cli import (
    batch,
    comparing,
    corpus,
    endpoint,
    evaluate,
    interop,
    posts,
    prompts,
    report,
    small_model,
    tuning,
    upkeep,
)
from unco.cli.app import app, guarded, main

__all__ = [
    "app",
    "batch",
    "comparing",
    "corpus",
    "endpoint",
    "evaluate",
    "guarded",
    "interop",
    "main",
    "posts",
    "prompts",
    "report",
    "small_model",
    "tuning",
    "upkeep",
]
