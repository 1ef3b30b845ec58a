"""The paper's tables, run here: each row that has an arm, once for all tables that need it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from unco.evals.ab.arm import Arm, parse_arm
from unco.evals.ab.compare import compare, f1_of
from unco.evals.ab.experiment import Experiment
from unco.evals.ab.run import ArmRun, run_arm
from unco.evals.evaluate.compare_runs import Difference
from unco.evals.evaluate.scoring import NotScored
from unco.evals.metrics.bootstrap import Interval
from unco.evals.metrics.paper import THREE_TASKS, Task
from unco.evals.paper.published import NONE, F1s, Row, Table
from unco.small_model.label_schemes import COARSE_OF
from unco.small_model.network.config import GMNER_LABELS

DATA_SETS = {
    "gmner": frozenset(label.name for label in GMNER_LABELS),
    "fmnerg": frozenset(COARSE_OF),
}


@dataclass(frozen=True, slots=True)
class RowFound:
    """A row of the paper's, beside what was measured here."""

    name: str
    paper: F1s
    """In percent, on the data set in whose types the run was."""
    here: dict[Task, Interval] | None
    """F1 in [0, 1]; None = not run."""
    run: ArmRun | None
    note: str
    """Why it was not run, or what is particular about it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the paper draws from a table: one row is above another."""

    above: str
    below: str
    task: Task
    paper: float | None
    """Points between the two in the paper; None = not published as such."""
    here: Difference | NotScored
    """The first minus the second."""

    @property
    def verdict(self) -> str:
        """Whether it is seen here, in words."""
        if isinstance(self.here, NotScored):
            return f"not scored: {self.here.reason}"
        return {"better": "seen here", "worse": "the reverse is seen here"}.get(self.here.verdict, "within noise here")


@dataclass(frozen=True, slots=True)
class TableFound:
    """A whole table."""

    table: Table
    rows: tuple[RowFound, ...]
    shapes: tuple[Shape, ...]


class Runs:
    """Runs of an experiment, each made once however many tables need it."""

    def __init__(self, experiment: Experiment, model: str) -> None:
        """Keep where to run; nothing is run yet.

        Args:
            experiment: posts, small model, MLLM.
            model: the MLLM's name.
        """
        self.experiment = experiment
        self.model = model
        self._known: dict[Arm, ArmRun] = {}

    def of(self, text: str) -> ArmRun:
        """The run of an arm, written as in `unco compare`."""
        arm = replace(parse_arm(text), name="")  # arms that choose the same are the same, however they are written
        if arm not in self._known:
            self._known[arm] = run_arm(arm, self.experiment)
        return self._known[arm]

    @property
    def made(self) -> dict[Arm, ArmRun]:
        """All that were made so far."""
        return dict(self._known)


def data_set_of(types: Sequence[str]) -> str | None:
    """Which of the paper's data sets has these types; None = neither."""
    return next((name for name, known in DATA_SETS.items() if set(types) == known), None)


def reproduce_table(table: Table, runs: Runs) -> TableFound:
    """Run a table's rows and set each beside the paper's."""
    own = data_set_of(runs.experiment.types)
    rows = tuple(_row(row, own, runs) for row in table.rows)
    return TableFound(table, rows, tuple(_shape(above, below, task, rows, runs) for above, below, task in table.above))


def _row(row: Row, own: str | None, runs: Runs) -> RowFound:
    paper: F1s = getattr(row, own) if own else NONE
    if row.arm is None:
        return RowFound(row.name, paper, None, None, row.not_run)
    if row.mllm is not None and not re.search(row.mllm, runs.model, re.IGNORECASE):
        return RowFound(row.name, paper, None, None, "another MLLM")
    run = runs.of(row.arm)
    return RowFound(row.name, paper, f1_of(run, runs.experiment), run, "")


def _shape(above: str, below: str, task: Task, rows: Sequence[RowFound], runs: Runs) -> Shape:
    first, second = (next(row for row in rows if row.name == name) for name in (above, below))
    place = THREE_TASKS.index(task)
    published = first.paper[place], second.paper[place]
    points = None if None in published else published[0] - published[1]  # type: ignore[operator]  # just seen
    both = [row.run for row in (second, first) if row.run is not None]
    (against,) = compare(both, runs.experiment).others
    return Shape(above, below, task, points, against.difference[task])
