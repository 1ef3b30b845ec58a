"""Show Figure 4 as a table and, where matplotlib is installed, as a picture."""

from collections.abc import Sequence
from pathlib import Path

from unco.errors import SetupError
from unco.evals.ab.experiment import Experiment
from unco.evals.paper.curves import Curve
from unco.evals.paper.page import aligned
from unco.evals.paper.published import published
from unco.evals.paper.reproduce import data_set_of

STEP = 2
"""Step between the thresholds of the table; the picture shows all."""


def fig4_page(curves: Sequence[Curve], experiment: Experiment) -> str:
    """Write Figure 4 in numbers: GMNER by threshold, each corrector alone."""
    headings = (
        "threshold",
        *(f"{curve.attribute}: {what}" for curve in curves for what in ("GMNER", "calls / entity")),
    )
    rows = [
        (
            f"{curves[0].thresholds[place]:.2f}",
            *(
                cell
                for curve in curves
                for cell in (f"{100 * curve.f1['GMNER'][place]:.2f}", f"{curve.calls[place]:.2f}")
            ),
        )
        for place in range(0, len(curves[0].thresholds), STEP)
    ]
    paper = published().fig4.get(data_set_of(experiment.types) or "", {})
    claims = [
        (
            curve.attribute,
            f"{paper[curve.attribute]:.2f}" if paper else "-",
            f"{curve.thresholds[curve.best]:.2f}",
            *(f"{_gain(curve, place):+.2f}" for place in (0, curve.best, -1)),
        )
        for curve in curves
    ]
    gains = ("", "best threshold, paper", "here", "GMNER gained: asking about all", "best", "nobody asked")
    return (
        "\n## Figure 4, section 3.4: thresholds\n\n"
        f"{aligned(headings, rows)}\n{aligned(gains, claims)}\n"
        "One corrector at a time, nobody asked about the other attributes, from one recording of all answers.\n"
        "Gains are points over the small model alone. The paper's thresholds are of its own small model's\n"
        "uncertainties, which have another scale.\n"
    )


def _gain(curve: Curve, place: int) -> float:
    """Compute the points gained over the small model alone, which is the score at a threshold of 1."""
    return 100 * (curve.f1["GMNER"][place] - curve.f1["GMNER"][-1])


def save_curves(curves: Sequence[Curve], path: Path, simulated: bool) -> None:
    """Draw the three panels; the dotted line is the best threshold.

    Raises:
        SetupError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SetupError("plots need matplotlib: pip install 'unco[plots]'") from error
    figure = Figure(figsize=(12, 4), layout="constrained")
    for axes, curve in zip(figure.subplots(1, len(curves)), curves, strict=True):
        for task, values in curve.f1.items():
            axes.plot(curve.thresholds, [100 * value for value in values], label=task)
        axes.axvline(curve.thresholds[curve.best], color="grey", linestyle=":", linewidth=1)
        axes.set(title=f"{curve.attribute} corrector", xlabel="threshold", ylabel="F1")
        axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    if simulated:
        figure.suptitle("The MLLM is simulated: this is a shape, no result", color="tab:red")
    figure.savefig(path, dpi=120)
