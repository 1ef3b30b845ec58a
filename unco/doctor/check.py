"""Result of a check."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "fault", "skipped"]
"""`ok`: works. `warning`: works, and not as well as it could. `fault`: does not work. `skipped`: not wanted here."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check."""

    name: str
    state: State
    found: str
    """What was found; never contains an API key."""
    advice: str = ""
    """What to do about it; empty = nothing."""


def healthy(checks: Sequence[Check]) -> bool:
    """Return whether no check found a fault."""
    return all(check.state != "fault" for check in checks)
