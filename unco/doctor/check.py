"""What a check found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "fault", "skipped"]
"""`ok`: works. `warning`: works, and not as well as it could. `fault`: does not work. `skipped`: not wanted here."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    """What there is; no key, ever."""
    advice: str = ""
    """What to do about it; empty = nothing."""


def healthy(checks: Sequence[Check]) -> bool:
    """Whether there is no fault."""
    return all(check.state != "fault" for check in checks)
