"""Lines of a run that report a post that could not be run: refused where posts are scored, else left out and told."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from unco.errors import DataError

Tell = Callable[[str], None]
"""Is called with a line for the user."""


def failure_of(data: Any) -> str | None:
    """Return why the post of a line could not be run; None = it could."""
    if isinstance(data, dict) and isinstance(data.get("error"), dict):
        return str(data["error"].get("message", "no reason given"))
    return None


def check_run(data: Any, where: str) -> None:
    """Refuse a line of a run that reports a post that could not be run.

    Raises:
        DataError: it is; says why it could not.
    """
    if (why := failure_of(data)) is not None:
        raise DataError(
            f"{where}: this post could not be run: {why}: mend it and run anew, or leave it out, in gold too"
        )


def without_failed(lines: Iterable[tuple[str, Any]], tell: Tell, places: list[int]) -> Iterator[tuple[str, Any]]:
    """Leave out the posts that could not be run, and tell at the end how many there were.

    Args:
        lines: each with its place, for messages.
        tell: is called where there are any.
        places: gets the number of each post that is left, from 1: a post without an id is known by it.

    Raises:
        DataError: there is no other.
    """
    failed = list[str]()
    for place, (where, data) in enumerate(lines, start=1):
        if (why := failure_of(data)) is None:
            places.append(place)
            yield where, data
        else:
            failed.append(f"{where}: {why}")
    if failed and not places:
        raise DataError(f"none of the posts could be run; the first is {failed[0]}")
    if failed:
        many = f"{len(failed):,} of {len(places) + len(failed):,} posts"
        tell(f"{many} could not be run and are left out; the first is {failed[0]}")
