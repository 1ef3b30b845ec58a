"""The command line: arguments only; the work is done elsewhere. Each file adds its commands to `app`."""

from unco.cli import frames, posts, simulation, small_model
from unco.cli.app import app, guarded, main

__all__ = ["app", "frames", "guarded", "main", "posts", "simulation", "small_model"]
