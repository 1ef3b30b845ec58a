"""The command line: arguments only; the work is done elsewhere. Each file adds its commands to `app`."""

from unco.cli import posts, prompts, small_model
from unco.cli.app import app, guarded, main

__all__ = ["app", "guarded", "main", "posts", "prompts", "small_model"]
