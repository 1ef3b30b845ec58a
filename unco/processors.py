"""How many processors this process may use: those that the system gives it, and no more than a container's share."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
"""Where Linux shows the groups that processes belong to, with the share of the processors that each may use."""

OWN_GROUP = Path("/proc/self/cgroup")


def processors() -> int:
    """Count them; at least 1. A share is rounded down: threads that wait by spinning would use it up."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min((given, *_shares()))))


def _shares() -> Iterator[float]:
    """Give the shares of all groups that this process is in, in processors; none where nothing is limited."""
    for group in _groups():
        with suppress(OSError, ValueError, ZeroDivisionError):
            limit, _, period = (group / "cpu.max").read_text().partition(" ")
            yield int(limit) / int(period)  # "max 100000" is no limit
    with suppress(OSError, ValueError, ZeroDivisionError):
        limit, period = ((GROUPS / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        if int(limit) > 0:
            yield int(limit) / int(period)


def _groups() -> Iterator[Path]:
    """Give the folder of this process's group, and those that it is in turn a part of."""
    with suppress(OSError):
        for line in OWN_GROUP.read_text().splitlines():
            if line.startswith("0::/"):
                own = GROUPS / line.removeprefix("0::/")
                yield from (own, *(folder for folder in own.parents if folder.is_relative_to(GROUPS)))
