"""Running of all checks, and their table."""

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
from unco.doctor.search import check_search
from unco.show import visible

COLOURS: dict[State, str] = {"ok": "green", "warning": "yellow", "fault": "red", "skipped": "dim"}


def run_checks() -> list[Check]:
    """Run all checks; the cache is read only if its folder can be written to."""
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
        *check_search(),
    ]


def show_checks(checks: list[Check], console: Console) -> None:
    """Print a row for each check; an endpoint's replies are printed as plain text, never as markup."""
    table = Table("check", "state", "found", "what to do", title="unco doctor")
    for check in checks:
        state = Text(check.state, COLOURS[check.state])
        table.add_row(Text(visible(check.name)), state, Text(visible(check.found)), Text(check.advice))
    console.print(table)
