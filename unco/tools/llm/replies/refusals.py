"""Remembers refusals that no form of a request helped against, so that not every question searches for one."""

import re

from unco.fork_locks import ForkLock

_VARIES = re.compile(r"\S*\d\S*")
"""Words that differ from one refusal to the next: numbers of requests, sizes, times."""

_BELIEVED = 2
"""Searches in vain; one may have met a question that is bad in itself."""


class InVain:
    """How often a search for a form was in vain, by what was refused. Of one process; safe for threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: dict[tuple[object, ...], int] = {}
        self._lock = ForkLock()

    def note(self, *refused: object, words: str) -> None:
        """Note that a search was in vain after this first refusal."""
        key = _key(refused, words)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1

    def is_known(self, *refused: object, words: str) -> bool:
        """Return whether searches after such a refusal were in vain."""
        return self._counts.get(_key(refused, words), 0) >= _BELIEVED


def _key(refused: tuple[object, ...], words: str) -> tuple[object, ...]:
    return (*refused, " ".join(_VARIES.sub("", words).split()))
