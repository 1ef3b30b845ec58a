"""The numbers that the paper published, from `tables.yaml`."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from unco.evals.metrics.paper import Task
from unco.types import Attribute

DATA = Path(__file__).with_name("tables.yaml")

F1s = tuple[float | None, float | None, float | None]
"""GMNER, MNER, EEG in percent; None = not published."""

NONE: F1s = (None, None, None)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Row(_Strict):
    """One row of one of the paper's tables."""

    name: str
    gmner: F1s = NONE
    """F1 on Twitter-GMNER."""
    fmnerg: F1s = NONE
    """F1 on Twitter-FMNERG."""
    arm: str | None = None
    """The arm that is run for it, as in `unco compare`."""
    debiased: bool | None = None
    """Whether it is of a small model trained with debiasing (MRD), or without; None = of whichever is at hand."""
    mllm: str | None = None
    """Pattern of the name of the MLLM that the row was measured with; None = any."""
    not_run: str = ""
    """Why it is not run."""
    note: str = ""
    """What a reader of our figures should know."""

    @model_validator(mode="after")
    def _run_or_not(self) -> "Row":
        if (self.arm is None) != bool(self.not_run):
            raise ValueError(f"{self.name}: give an arm, or say why it is not run")
        return self


class Table(_Strict):
    """One of the paper's tables."""

    name: str
    title: str
    place: str
    """Its number and section in the paper."""
    rows: tuple[Row, ...]
    above: tuple[tuple[str, str, Task], ...]
    """The paper's conclusions from it: (row that is above, row that is below, task)."""

    @model_validator(mode="after")
    def _rows_exist(self) -> "Table":
        names = {row.name for row in self.rows if row.arm is not None}
        for above, below, _ in self.above:
            if not {above, below} <= names:
                raise ValueError(f"{self.name}: {above!r} and {below!r} must both be rows that are run")
        return self


class Sweep(_Strict):
    """Table 7 on one data set: GMNER F1 in percent at 0.1, 0.2, ... 1.0."""

    gamma: tuple[float, ...]
    """By the weight of the debiasing loss."""
    margin: tuple[float, ...]
    """By lambda."""


class Published(_Strict):
    """All published tables and figures."""

    tables: tuple[Table, ...]
    table4: dict[str, dict[str, tuple[int, int, int]]]
    """By data set and row: counts of train, dev and test."""
    table6: dict[str, dict[Attribute, float]]
    """By data set: share of entities whose attribute went to its corrector, in percent."""
    table7: dict[str, Sweep]
    """By data set."""
    fig3: dict[str, dict[Attribute, float]]
    """By data set: AUROC points that MRD adds to MC dropout."""
    fig4: dict[str, dict[Attribute, float]]
    """By data set: the best thresholds on dev."""


@cache
def published() -> Published:
    """Read the data file."""
    return Published.model_validate(yaml.safe_load(DATA.read_text("utf-8")))
