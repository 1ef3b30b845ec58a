"""Save the report's plots as PNG and SVG files, with matplotlib."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unco.errors import DataError, SetupError


def save_plots(plots: Mapping[Any, dict[str, Any] | None], folder: Path, warning: str = "") -> list[Path]:
    """Draw densities (Figures 3 and 6), reliability and risk against coverage, a row for each attribute.

    Args:
        plots: of `report.densities.plots_of`.
        folder: for `uncertainty.png` and `uncertainty.svg`.
        warning: stands above the plots.

    Raises:
        DataError: they cannot be written.
        SetupError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SetupError("plots need matplotlib: pip install 'unco[plots]'") from error
    rows = [(name, plot) for name, plot in plots.items() if plot is not None]
    figure = Figure(figsize=(12, 3.4 * max(1, len(rows))), layout="constrained")
    for (name, plot), axes in zip(rows, figure.subplots(max(1, len(rows)), 3, squeeze=False), strict=False):
        _density(axes[0], name, plot)
        _reliability(axes[1], plot)
        _risk(axes[2], plot)
    if warning:
        figure.suptitle(warning, color="tab:red", wrap=True)
    written = [folder / f"uncertainty.{kind}" for kind in ("png", "svg")]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in written:
            figure.savefig(path, dpi=120)
    except OSError as error:
        raise DataError(f"plots cannot be written into {folder}: {error}") from error
    return written


def _density(axes: Any, name: str, plot: dict[str, Any]) -> None:
    for kind, colour in (("right", "tab:green"), ("wrong", "tab:red")):
        places = [(place + 0.5) / len(plot[kind]) for place in range(len(plot[kind]))]
        axes.fill_between(places, plot[kind], alpha=0.25, color=colour)
        axes.plot(places, plot[kind], color=colour, label=kind)
    auroc = "" if plot["auroc"] is None else f", AUROC {plot['auroc']:.3f}"
    axes.set(
        title=f"{name}: {plot['wrong_count']} of {plot['count']} wrong{auroc}", xlabel="uncertainty", ylabel="density"
    )
    axes.legend()


def _reliability(axes: Any, plot: dict[str, Any]) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    stated, wrong = ([one[key] for one in plot["bins"]] for key in ("stated", "wrong"))
    axes.scatter(stated, wrong, s=[10 + 200 * one["count"] / plot["count"] for one in plot["bins"]])
    axes.set(title="stated and true chance of being wrong", xlabel="stated", ylabel="true", xlim=(0, 1), ylim=(0, 1))


def _risk(axes: Any, plot: dict[str, Any]) -> None:
    coverage, risk = zip(*plot["curve"], strict=True)
    axes.plot(coverage, risk)
    axes.set(title="wrong among the surest", xlabel="share kept", ylabel="share wrong", xlim=(0, 1), ylim=(0, None))
