"""Keeps decisions in a LangGraph store, and finds those about a post's names.

Each memory has `BUCKETS` namespaces, and a name's decisions lie in one of them by its hash. A bucket holds at most
`BUCKET_SIZE`, so a memory is bounded without anybody counting it; the oldest give way.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote

from langgraph.store.base import BaseStore, Op, PutOp, SearchOp

from unco.errors import SettingsError
from unco.tools.extraction.known_names import name_key
from unco.tools.memory.decisions import Decision, decision_from
from unco.tools.memory.weigh import LASTS_DAYS, Found

ROOT = "unco_memory"
"""First part of all namespaces."""

BUCKETS, BUCKET_SIZE = 1024, 64
"""At most 65,536 decisions in one memory: with about 300 bytes each, 20 MB."""

MOST_OF_NAME = 8
"""Decisions about one attribute of one name; no more can change its doubt by much."""

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision, and where the store keeps it."""

    namespace: tuple[str, ...]
    key: str
    decision: Decision


class Memory:
    """One memory in a store; others in the same store do not see it."""

    def __init__(self, store: BaseStore, name: str) -> None:
        """Name the memory; nothing is read yet.

        Args:
            store: any of LangGraph's.
            name: whose memory it is, 1 to 100 characters.

        Raises:
            SettingsError: no such name can be.
        """
        if not 0 < len(name) <= 100:
            raise SettingsError(f"a memory's name has 1 to 100 characters, got {len(name)}")
        self._store = store
        self._name = quote(name, safe="", errors="backslashreplace").replace(".", "%2E")  # a store takes no dots

    def find(self, names: Iterable[str]) -> Found:
        """Find the decisions about names, given as `name_key`."""
        ops = self._searches(names)
        return _by_name(self._store.batch(ops)) if ops else {}

    async def afind(self, names: Iterable[str]) -> Found:
        """Find them without holding the event loop."""
        ops = self._searches(names)
        return _by_name(await self._batch(ops)) if ops else {}

    def add(self, decisions: Sequence[Decision]) -> None:
        """Add decisions; one that is there already, of the same place of the same post, takes its place."""
        if decisions:
            kept = self._store.batch(self._searches(one.name for one in decisions))
            self._store.batch(self._changes(decisions, kept))

    async def aadd(self, decisions: Sequence[Decision]) -> None:
        """Add them without holding the event loop."""
        if decisions:
            kept = await self._batch(self._searches(one.name for one in decisions))
            await self._batch(self._changes(decisions, kept))

    def all(self) -> Iterator[Kept]:
        """Go through all decisions of this memory."""
        return _all_in(self._store, (ROOT, self._name))

    def forget(self, names: Iterable[str] | None = None) -> int:
        """Forget the decisions about some names, or all; return how many there were."""
        wanted = None if names is None else {name_key(name) for name in names}
        gone = [kept for kept in self.all() if wanted is None or kept.decision.name in wanted]
        self._store.batch([PutOp(kept.namespace, kept.key, None) for kept in gone])
        return len(gone)

    def _searches(self, names: Iterable[str]) -> list[Op]:
        buckets = sorted({self._bucket(name) for name in names})
        return [SearchOp(bucket, limit=2 * BUCKET_SIZE) for bucket in buckets]

    def _bucket(self, name: str) -> tuple[str, ...]:
        place = int.from_bytes(sha256(name.encode("utf-8", "backslashreplace")).digest()[:4], "big") % BUCKETS
        return ROOT, self._name, f"{place:04d}"

    def _changes(self, decisions: Sequence[Decision], searched: Sequence[Any]) -> list[Op]:
        """List what to write, and what has to give way to it."""
        there = {(kept.namespace, kept.key): kept.decision for kept in _kept(searched)}
        new = {(self._bucket(one.name), _key(one)): one for one in decisions}
        new = {place: one for place, one in new.items() if not _is_worse(one, there.get(place))}
        left = _within_bounds({**there, **new}, max(one.day for one in decisions))
        gone: list[Op] = [PutOp(*place, None) for place in there if place not in left]
        return gone + [PutOp(*place, one.to_dict(), index=False) for place, one in new.items() if place in left]

    async def _batch(self, ops: Sequence[Op]) -> list[Any]:
        try:
            return await self._store.abatch(ops)
        except NotImplementedError:  # LangGraph's store of one SQLite file has no other way
            return await asyncio.to_thread(self._store.batch, ops)


_Place = tuple[tuple[str, ...], str]


def _within_bounds(decisions: Mapping[_Place, Decision], today: date) -> set[_Place]:
    """Choose those that stay: the newest of each name, then the newest of each bucket, none that is too old."""
    oldest, taken, left = today - timedelta(days=LASTS_DAYS), dict[object, int](), set[_Place]()
    for place, one in sorted(decisions.items(), key=lambda item: item[1].day, reverse=True):
        counted = place[0], (place[0], one.name, one.attribute)
        full = any(taken.get(what, 0) >= most for what, most in zip(counted, (BUCKET_SIZE, MOST_OF_NAME), strict=True))
        if one.day >= oldest and not full:
            left.add(place)
            taken |= {what: taken.get(what, 0) + 1 for what in counted}
    return left


def memories_in(store: BaseStore) -> list[str]:
    """List the names of the memories in a store."""
    namespaces = store.list_namespaces(prefix=(ROOT,), max_depth=2, limit=_PAGE)
    return sorted({unquote(namespace[1]) for namespace in namespaces})


def chosen_memories(store: BaseStore, name: str | None) -> list[tuple[str, Memory]]:
    """Open the memory of a name, or all memories of a store, each with its name.

    Raises:
        SettingsError: there is none of this name; names those that there are.
    """
    there = memories_in(store)
    if name is not None and name not in there:
        raise SettingsError(f"there is no memory {name!r}: there is {', '.join(there) or 'none'}")
    return [(one, Memory(store, one)) for one in (there if name is None else [name])]


def _all_in(store: BaseStore, prefix: tuple[str, ...]) -> Iterator[Kept]:
    offset = 0
    while found := store.search(prefix, limit=_PAGE, offset=offset):
        yield from _kept([found])
        offset += len(found)


def _kept(searched: Iterable[Any]) -> Iterator[Kept]:
    for items in searched:
        for item in items:
            if (decision := decision_from(item.value)) is not None:
                yield Kept(item.namespace, item.key, decision)


def _by_name(searched: Iterable[Any]) -> Found:
    found: dict[str, list[Decision]] = {}
    for kept in _kept(searched):
        found.setdefault(kept.decision.name, []).append(kept.decision)
    return {name: list(islice(sorted(some, key=_newest_first), 2 * MOST_OF_NAME)) for name, some in found.items()}


def _is_worse(new: Decision, old: Decision | None) -> bool:
    """Tell whether an answer would take the place of what a person decided about the same place of the same post."""
    return old is not None and (old.by, new.by) == ("review", "answer")


def _newest_first(one: Decision) -> int:
    return -one.day.toordinal()


def _key(one: Decision) -> str:
    return sha256(f"{one.name}\n{one.attribute}\n{one.post}".encode("utf-8", "backslashreplace")).hexdigest()[:24]
