"""`unco report`: write the page of a run's file."""

from pathlib import Path

from unco.errors import DataError
from unco.evals.formats.checks import numbers_in
from unco.evals.formats.failed_posts import Tell
from unco.evals.formats.results import read_results
from unco.evals.report.data import report_data
from unco.evals.report.page import write_page
from unco.evals.report.pictures import lacking_pictures, small_pictures
from unco.evals.report.plots import save_plots
from unco.types import GoldPost


def write_report(
    run: Path,
    out: Path,
    gold: list[GoldPost] | None = None,
    pictures: Path | None = None,
    plots: Path | None = None,
    tell: Tell = lambda line: None,
) -> int:
    """Write the report page of a run.

    Args:
        run: results of unco, one a line.
        out: the page.
        gold: the same posts; None = nothing is scored.
        pictures: folder of their pictures, to embed in the page; None = boxes on an empty frame.
        plots: folder for the plots as PNG and SVG; None = in the page alone.
        tell: is called with a line about pictures that the folder lacks, and one about posts that could not be run.

    Returns:
        How many posts it shows.

    Raises:
        DataError: the run cannot be read, is not of the gold posts, or something cannot be written.
        PictureError: a picture cannot be read.
        SetupError: matplotlib is not installed, and plots are wanted.
    """
    results = read_results(run, tell if gold is None else None)
    copies = None if pictures is None else small_pictures(results, pictures, numbers_in(run))
    if copies is not None and pictures is not None and (line := lacking_pictures(results, copies, pictures)):
        tell(line)
    data = report_data(results, gold, copies)
    if plots is not None:
        if data["plots"] is None:
            raise DataError("plots show what is right and what is wrong: give the gold posts")
        save_plots(data["plots"], plots, data["warning"])
    write_page(data, out)
    return len(results)
