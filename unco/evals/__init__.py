"""Evaluation: data sets, scores and the quality of uncertainties. `score` takes JSON-like data and loads no model."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unco.evals.evaluate.serialize import score

__all__ = ["score"]


def __dir__() -> list[str]:
    """Name also what is loaded when it is first used, for `help` and editors."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """Load `score` when it is first used: importing one part of the evals must not load the others."""
    if name == "score":
        from unco.evals.evaluate.serialize import score

        return score
    raise AttributeError(f"module 'unco.evals' has no attribute {name!r}")
