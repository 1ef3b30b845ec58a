"""Build the API reference from the docstrings: `python docs/build_reference.py out/api`; `make docs` does it."""

import sys
from pathlib import Path

import pdoc

import unco
import unco.evals

PARTS = (
    "api",
    "context",
    "corpus",
    "environment",
    "errors",
    "evals",
    "graph",
    "nodes",
    "prompts",
    "small_model",
    "state",
)
TOOLS = ("tools", "training")
GRAPH = ("graph.post", "graph.entity", "graph.routes", "graph.variants")
EVALS = (
    "ab",
    "data",
    "evaluate",
    "formats",
    "metrics",
    "on_langsmith",
    "paper",
    "report",
    "review",
    "simulation",
    "tuning",
    "watch",
)
MODULES = (
    "unco",
    *(f"unco.{name}" for name in ("types", *PARTS, *TOOLS, *GRAPH, *(f"evals.{name}" for name in EVALS))),
)
"""A package that says what is public shows no more than that, so some of what lies in it is named here."""


def build(folder: Path) -> None:
    """Write a page a module.

    Args:
        folder: for index.html and the rest.
    """
    for package in (unco, unco.evals):  # names that are loaded at their first use; pdoc does not use them
        for name in package.__all__:
            setattr(package, name, getattr(package, name))
    pdoc.render.configure(docformat="google")
    pdoc.pdoc(*MODULES, output_directory=folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
