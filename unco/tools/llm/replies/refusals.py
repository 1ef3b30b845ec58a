"""Remembers refusals that no form of a request helped against, so that not every question searches for one."""

import time
from collections.abc import Callable

from unco.fork_locks import ForkLock

FORGOTTEN_AFTER_S = 600.0
"""Seconds; an endpoint may be mended while a process runs for weeks."""

_BELIEVED = 2
"""Searches in vain; one may have met a question that is bad in itself."""

_KEPT = 1000
"""Refusals; a server may quote each question in its own."""

_LENGTH = 300


class InVain:
    """How often a search for a form was in vain, by what was refused. Of one process; safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none.

        Args:
            clock: seconds, never running backwards.
        """
        self._found: dict[tuple[object, ...], tuple[int, float]] = {}
        self._clock = clock
        self._lock = ForkLock()

    def note(self, *refused: object, words: str) -> None:
        """Note that a search was in vain after this first refusal."""
        key = _key(refused, words)
        with self._lock:
            count, _ = self._found.pop(key, (0, 0.0))
            self._found[key] = (count + 1, self._clock())
            if len(self._found) > _KEPT:
                del self._found[next(iter(self._found))]

    def is_known(self, *refused: object, words: str) -> bool:
        """Return whether searches after such a refusal were in vain, the last of them not long ago."""
        count, last = self._found.get(_key(refused, words), (0, 0.0))
        return count >= _BELIEVED and self._clock() - last < FORGOTTEN_AFTER_S


def _key(refused: tuple[object, ...], words: str) -> tuple[object, ...]:
    """Leave out words with digits: numbers of requests, sizes and times differ from one refusal to the next."""
    same = (word for word in words.split() if not any(char.isdigit() for char in word))
    return (*refused, " ".join(same)[:_LENGTH])
