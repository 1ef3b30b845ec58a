"""What the paper published, from `tables.yaml`."""

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
    """One row of a table."""

    name: str
    gmner: F1s = NONE
    """On Twitter-GMNER."""
    fmnerg: F1s = NONE
    """On Twitter-FMNERG."""
    arm: str | None = None
    """What is run for it."""
    mllm: str | None = None
    """Pattern of the MLLM's name that it was measured with; None = any."""
    not_run: str = ""
    """Why it is not run."""

    @model_validator(mode="after")
    def _run_or_not(self) -> "Row":
        if (self.arm is None) != bool(self.not_run):
            raise ValueError(f"{self.name}: give an arm, or say why it is not run")
        return self


class Table(_Strict):
    """One table."""

    name: str
    title: str
    place: str
    """In the paper."""
    rows: tuple[Row, ...]
    above: tuple[tuple[str, str, Task], ...]
    """What the paper draws from it: (row that is above, row that is below, task)."""

    @model_validator(mode="after")
    def _rows_exist(self) -> "Table":
        names = {row.name for row in self.rows if row.arm is not None}
        for above, below, _ in self.above:
            if not {above, below} <= names:
                raise ValueError(f"{self.name}: {above!r} and {below!r} must both be rows that are run")
        return self


class Published(_Strict):
    """All of them."""

    tables: tuple[Table, ...]
    table6: dict[str, dict[Attribute, float]]
    """By data set: share of entities of which an attribute went to its corrector, in percent."""
    fig3: dict[str, dict[Attribute, float]]
    """By data set: points of AUROC that MRD adds to MC dropout."""
    fig4: dict[str, dict[Attribute, float]]
    """By data set: the best thresholds on dev."""


@cache
def published() -> Published:
    """Read the data file."""
    return Published.model_validate(yaml.safe_load(DATA.read_text("utf-8")))
