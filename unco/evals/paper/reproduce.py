"""Reproduce the paper's tables: run each row that has an arm, once for all tables that need it."""

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
from unco.evals.paper.trained_models import TrainedModel, with_debiasing
from unco.small_model.config import GMNER_LABELS
from unco.small_model.label_schemes import COARSE_OF

DATA_SETS = {
    "gmner": frozenset(label.name for label in GMNER_LABELS),
    "fmnerg": frozenset(COARSE_OF),
}


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row of one of the paper's tables, with the result measured here."""

    name: str
    paper: F1s
    """In percent, on the data set in whose types the run was."""
    here: dict[Task, Interval] | None
    """F1 in [0, 1]; None = not run."""
    run: ArmRun | None
    note: str
    """Why it was not run, or a remark."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A conclusion of the paper's, that one row of a table is above another, checked here."""

    above: str
    below: str
    task: Task
    paper: float | None
    """Points between the two rows in the paper; None = not published."""
    here: Difference | NotScored
    """The first row minus the second, measured here."""

    @property
    def verdict(self) -> str:
        """Whether the conclusion holds here, in words."""
        if isinstance(self.here, NotScored):
            return f"not scored: {self.here.reason}"
        return {"better": "seen here", "worse": "the reverse is seen here"}.get(self.here.verdict, "within noise here")


@dataclass(frozen=True, slots=True)
class TableResult:
    """The reproduction of one table."""

    table: Table
    rows: tuple[RowResult, ...]
    claims: tuple[Claim, ...]


class RunCache:
    """Runs arms of an experiment, each only once however many tables need it."""

    def __init__(self, experiment: Experiment, model: str, trained: Sequence[TrainedModel] = ()) -> None:
        """Keep the experiment; nothing is run yet.

        Args:
            experiment: posts, small model, MLLM.
            model: the MLLM's name.
            trained: small models, the experiment's own first; empty = how it was trained is not known.
        """
        self.experiment = experiment
        self.model = model
        self.trained = tuple(trained)
        self._known: dict[Arm, ArmRun] = {}

    def of(self, text: str, small_model: TrainedModel | None = None) -> ArmRun:
        """Run an arm, written as in `unco compare`, or return its earlier run.

        Args:
            text: the arm.
            small_model: of `trained`; None = the experiment's own.
        """
        arm = parse_arm(text)
        if small_model is not None and small_model is not self.trained[0]:
            arm = replace(arm, checkpoint=small_model.source)
        arm = replace(arm, name="")  # arms that choose the same are the same, however they are written
        if arm not in self._known:
            self._known[arm] = run_arm(arm, self.experiment)
        return self._known[arm]

    @property
    def finished(self) -> dict[Arm, ArmRun]:
        """All runs that were made so far."""
        return dict(self._known)


def data_set_of(types: Sequence[str]) -> str | None:
    """Find the paper's data set that has these types; None = neither."""
    return next((name for name, known in DATA_SETS.items() if set(types) == known), None)


def reproduce_table(table: Table, runs: RunCache) -> TableResult:
    """Run a table's rows and compare each with the paper's."""
    own = data_set_of(runs.experiment.types)
    rows = tuple(_row(row, own, runs) for row in table.rows)
    ran = {row.name for row in rows if row.run is not None}
    claims = (_claim(*one, rows, runs) for one in table.above if {one[0], one[1]} <= ran)
    return TableResult(table, rows, tuple(claims))


def _row(row: Row, own: str | None, runs: RunCache) -> RowResult:
    paper: F1s = getattr(row, own) if own else NONE
    if row.arm is None:
        return RowResult(row.name, paper, None, None, row.not_run)
    if row.mllm is not None and not re.search(row.mllm, runs.model, re.IGNORECASE):
        return RowResult(row.name, paper, None, None, "another MLLM")
    small_model = None if row.debiased is None else with_debiasing(runs.trained, row.debiased)
    if row.debiased is not None and runs.trained and small_model is None:
        how = "with" if row.debiased else "without"
        return RowResult(
            row.name, paper, None, None, f"needs a small model trained {how} debiasing: --other CHECKPOINT"
        )
    run = runs.of(row.arm, small_model)
    return RowResult(row.name, paper, f1_of(run, runs.experiment), run, row.note)


def _claim(above: str, below: str, task: Task, rows: Sequence[RowResult], runs: RunCache) -> Claim:
    first, second = (next(row for row in rows if row.name == name) for name in (above, below))
    place = THREE_TASKS.index(task)
    published = first.paper[place], second.paper[place]
    points = None if None in published else published[0] - published[1]  # type: ignore[operator]  # just seen
    both = [row.run for row in (second, first) if row.run is not None]
    (against,) = compare(both, runs.experiment).others
    return Claim(above, below, task, points, against.difference[task])
