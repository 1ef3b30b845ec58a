"""Tables 4 and 7 as pages of Markdown: the data set's counts, and small models by the settings of debiasing."""

from collections.abc import Mapping, Sequence

from unco.evals.paper.counts import Counts
from unco.evals.paper.page import aligned
from unco.evals.paper.published import Sweep, published
from unco.evals.paper.trained_models import TrainedModel


def table4_page(found: Mapping[str, Counts]) -> str:
    """Write Table 4 beside the counts of a data set's files.

    Args:
        found: by split: train, dev, test.
    """
    paper = published().table4.get("gmner" if found["train"]["types"] == 4 else "fmnerg", {})
    headings = ("", *(f"{whose}: {split}" for whose in ("paper", "here") for split in found))
    rows = [
        (name, *(f"{count:,}" for count in (*paper.get(name, ()), *(counts[name] for counts in found.values()))))
        for name in found["train"]
    ]
    return f"\n## Table 4, appendix B.3: counts of the data set\n\n{aligned(headings, rows)}"


def table7_page(models: Sequence[TrainedModel], data_set: str | None) -> str:
    """Write Table 7 beside what the training runs of small models reported.

    Args:
        models: in any order; gamma 0 is a model trained without debiasing.
        data_set: gmner, fmnerg, or None for another.
    """
    sweep = published().table7.get(data_set or "")
    headings = ("small model", "gamma", "lambda", "paper at this gamma", "paper at this lambda", "here: dev", "test")
    rows = [
        (model.name, f"{model.gamma:g}", f"{model.margin:g}", *_paper(sweep, model), *map(_percent, model.gmner))
        for model in sorted(models, key=lambda model: (model.gamma, model.margin))
    ]
    note = (
        "GMNER F1 in percent. Here: of the small model alone, as its own training run reported it, with the regions "
        "that it was trained with. Train one for each weight and lambda, and name them with --other."
    )
    title = "Table 7, appendix C.4: weight (gamma) and margin (lambda) of debiasing"
    return f"\n## {title}\n\n{aligned(headings, rows)}\n{note}\n"


def _paper(sweep: Sweep | None, model: TrainedModel) -> tuple[str, str]:
    if sweep is None or not model.debiased:
        return "-", "-"
    return _at(sweep.gamma, model.gamma), _at(sweep.margin, model.margin)


def _at(values: Sequence[float], setting: float) -> str:
    """Look up the value at 0.1, 0.2, ... 1.0; "-" between these."""
    place = round(10 * setting) - 1
    exact = 0 <= place < len(values) and abs(10 * setting - place - 1) < 1e-6
    return f"{values[place]:.2f}" if exact else "-"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"
