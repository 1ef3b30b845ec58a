"""`unco probe-frame`: probe the box frame of the endpoint's model, show it, and save it for later runs."""

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unco.errors import SettingsError
from unco.evals.frame_probe.probe import LEAST_MEAN_IOU, Probe, probe_frame
from unco.tools.box_frames.saved import save_frame
from unco.tools.llm.client import Mllm


def run_probe(llm: Mllm, console: Console, save: bool = True, out: Path | None = None) -> Probe:
    """Probe the box frame of a client's model.

    Args:
        llm: with an endpoint and a model; one without a cache, else old answers would be read again.
        console: to print the table to.
        save: whether later runs should find the frame.
        out: JSON file for the table.

    Raises:
        SettingsError: no endpoint or model; or no frame reaches mean IoU 0.5, and nothing is saved.
        EndpointError: the endpoint cannot be reached, or refuses.
    """
    if not (llm.configured and llm.model):
        raise SettingsError(
            "there is no MLLM to probe: give --base-url and --model, or UNCO_LLM_BASE_URL and UNCO_LLM_MODEL"
        )
    probe = probe_frame(lambda request: llm.ask(request, "live"), llm.model)
    console.print(table(probe))
    if out is not None:
        found = {
            "model": probe.model,
            "frame": probe.winner,
            "imitates": probe.imitates,
            "scores": [asdict(score) for score in probe.scores],
        }
        out.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    if probe.winner is None:
        raise SettingsError(
            f"no frame reaches mean IoU {LEAST_MEAN_IOU} for {llm.model!r}, so nothing was saved: does the model see "
            "pictures, and does it answer with boxes?"
        )
    if save:
        path = save_frame(llm.base_url, llm.model, probe.winner)
        console.print(Text(f"saved in {path}: {llm.model} speaks {probe.winner}"), soft_wrap=True)
    return probe


def table(probe: Probe) -> Table:
    """Make a table of the frames, the best first."""
    way = "answers in the frame that it is told" if probe.imitates else "has a frame of its own"
    title = f"{probe.calls} questions to {probe.model}, which {way}"
    shown = Table("frame", "mean IoU, own words", "all words", "boxes read, own words", title=title)
    for score in probe.scores:
        shown.add_row(score.frame, f"{score.own:.3f}", f"{score.every:.3f}", f"{score.read} of {score.asked}")
    return shown
