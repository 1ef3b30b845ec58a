"""The command line: arguments only; the work is done elsewhere. Each file adds its commands to `app`."""

from unco.cli import cache, kb, posts, prompts, small_model
from unco.cli.app import app, guarded, main

__all__ = ["app", "cache", "guarded", "kb", "main", "posts", "prompts", "small_model"]
