"""`unco reproduce`: run the wanted tables and figures of the paper and write one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from unco.errors import SettingsError
from unco.evals.ab.experiment import Experiment
from unco.evals.formats.json_text import write_lines, write_text
from unco.evals.paper.counts import count_data
from unco.evals.paper.curves import threshold_curves
from unco.evals.paper.curves_page import fig4_page, save_curves
from unco.evals.paper.page import fig3_page, page_head, table6_page, table_page
from unco.evals.paper.published import published
from unco.evals.paper.reproduce import RunCache, data_set_of, reproduce_table
from unco.evals.paper.routed import aurocs, routed_shares
from unco.evals.paper.trained_models import TrainedModel
from unco.evals.paper.training_pages import table4_page, table7_page
from unco.state import RESULT

PARTS = ("table1", "table2", "table3", "table4", "table5", "table6", "table7", "fig3", "fig4", "fig6")
"""Tables and figures that can be reproduced."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What tables need beside the posts and the MLLM."""

    data: Path | None = None
    """Folder of the data set, whose posts are counted; None = there is none."""
    boxes: Path | None = None
    """Folder of the VOC files, where it is not xml/ in the folder."""
    trained: tuple[TrainedModel, ...] = ()
    """How small models were trained, the experiment's own first; empty = not known."""


def reproduce(
    parts: Sequence[str], experiment: Experiment, split: str, out: Path | None = None, sources: Sources | None = None
) -> str:
    """Run the wanted tables and figures and write a page.

    Args:
        parts: of `PARTS`.
        experiment: posts, small model, MLLM.
        split: of the data, for the page.
        out: folder for the page, `reproduction.md`, and a file of results for each run; None = written nowhere.
        sources: for Tables 4 and 7, and rows of small models that were trained with debiasing, or without.

    Raises:
        SettingsError: there is no such table or figure.
        DataError: the folder cannot be written.
    """
    if unknown := sorted(set(parts) - set(PARTS)):
        raise SettingsError(f"cannot reproduce {', '.join(unknown)}: there is {', '.join(PARTS)}")
    sources = sources or Sources()
    runs = RunCache(experiment, str(experiment.make_llm().model), sources.trained)
    pages = [_page(part, runs, sources) for part in PARTS if part in parts and part != "fig4"]
    curves = threshold_curves(runs) if "fig4" in parts else []
    if curves:
        pages.append(fig4_page(curves, experiment))
    small_model = sources.trained[0].name if sources.trained else runs.of("variant=small_only").results[0].model
    page = page_head(runs, small_model, split) + "".join(pages)
    if out is not None:
        _write(page, runs, out)
        if curves and find_spec("matplotlib"):
            save_curves(curves, out / "fig4.png", experiment.simulation is not None)
    return page


def _page(part: str, runs: RunCache, sources: Sources) -> str:
    match part:
        case "table4":
            if sources.data is None or not sources.data.is_dir():
                raise SettingsError("table4 counts the posts of a data set: give its folder with --gold")
            return table4_page(count_data(sources.data, sources.boxes))
        case "table7":
            return table7_page(runs.trained, data_set_of(runs.experiment.types))
        case "table6":
            return table6_page(routed_shares(runs.of("variant=unco")), runs.experiment)
        case "fig3" | "fig6":
            return fig3_page(aurocs(runs), runs.experiment, part)
    return table_page(reproduce_table(next(table for table in published().tables if table.name == part), runs))


def _write(page: str, runs: RunCache, out: Path) -> None:
    write_text(page, out / "reproduction.md")
    for number, run in enumerate(runs.finished.values(), start=1):
        write_lines(out / f"run-{number}.jsonl", [RESULT.dump_python(result, mode="json") for result in run.results])
