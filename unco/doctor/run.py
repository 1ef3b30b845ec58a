"""All checks, and how they are shown."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unco.doctor.check import Check, State
from unco.doctor.endpoint import check_endpoints
from unco.doctor.machine import (
    check_cache,
    check_checkpoint,
    check_extras,
    check_python,
    check_torch,
    check_writing,
)
from unco.show import visible

COLOURS: dict[State, str] = {"ok": "green", "warning": "yellow", "fault": "red", "skipped": "dim"}


def examine() -> list[Check]:
    """Look at everything; the cache is read only where its folder is there to be written to."""
    writing = check_writing()
    cache = [check_cache()] if writing.state == "ok" else []
    return [
        check_python(),
        check_torch(),
        check_checkpoint(),
        *check_extras(),
        writing,
        *cache,
        *check_endpoints(),
    ]


def show_checks(checks: list[Check], console: Console) -> None:
    """A row for each check; what an endpoint said is shown as text, whatever is in it."""
    table = Table("check", "state", "found", "what to do", title="unco doctor")
    for check in checks:
        state = Text(check.state, COLOURS[check.state])
        table.add_row(Text(visible(check.name)), state, Text(visible(check.found)), Text(check.advice))
    console.print(table)
