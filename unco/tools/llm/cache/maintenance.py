"""Maintenance of the cache: count what is in it, find damaged rows, delete old ones."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unco.tools.llm.cache.store import Cache
from unco.tools.llm.request import reply_from

_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Counts and sizes of what a cache holds."""

    replies: int
    damaged: int
    """Rows that are not what was stored; they count as missing and are asked anew."""
    by_model: tuple[tuple[str, int], ...]
    """(name the endpoint gave, replies), the most first."""
    usd: float
    """What the replies of known cost cost when they were asked for."""
    bytes: int
    """On disk, pictures aside."""
    pictures: int
    """Inline pictures that are kept beside the replies."""
    picture_bytes: int


def cache_stats(cache: Cache) -> CacheStats:
    """Count the replies, damaged rows and pictures of a cache.

    Raises:
        SetupError: it cannot be opened.
    """
    models, usd, damaged = Counter[str](), 0.0, 0
    for row in cache.rows():
        reply = _reply(row.text)
        if reply is None:
            damaged += row.text is None
            continue
        models[reply[0]] += 1
        usd += reply[1] or 0.0
    pictures = [path.stat().st_size for path in _pictures(cache)]
    size = sum(path.stat().st_size for path in cache.directory.glob("cache.db*"))
    return CacheStats(models.total(), damaged, tuple(models.most_common()), usd, size, len(pictures), sum(pictures))


def verify_cache(cache: Cache, mend: bool = False) -> list[str]:
    """Return the keys of the damaged rows.

    Args:
        cache: to look through.
        mend: delete them; they are asked anew when they are needed.
    """
    damaged = [row for row in cache.rows() if row.text is None]
    if mend:
        for row in damaged:
            cache.delete(row.number)
    return [row.key for row in damaged]


def prune_cache(cache: Cache, days: float, pictures: bool = False) -> tuple[int, int]:
    """Delete replies that are older than so many days, and such pictures too if asked to.

    A picture that a checkpoint still refers to must be handed in again afterwards.

    Returns:
        How many replies and how many pictures were deleted.
    """
    before = time.time() - days * _DAY_S
    deleted = cache.delete_older(before)
    if not pictures:
        return deleted, 0
    old = [path for path in _pictures(cache) if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return deleted, len(old)


def _reply(text: str | None) -> tuple[str, float | None] | None:
    """Read model and cost of a stored reply; None = the row is something else, such as an endpoint's answer format."""
    try:
        reply = reply_from(json.loads(text or ""))
    except (ValueError, RecursionError):
        return None
    return reply.model, reply.cost


def _pictures(cache: Cache) -> Iterator[Path]:
    return (path for path in (cache.directory / "pictures").glob("*") if path.is_file())
