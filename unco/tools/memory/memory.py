"""Keeps decisions in a LangGraph store, and finds those about a post's names.

Each memory has `BUCKETS` namespaces, and a name's decisions lie in one of them by its hash. A bucket holds at most
`BUCKET_SIZE`, so a memory is bounded without anybody counting it; the oldest give way.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import chain
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
        self._name = quote(name, safe="", errors="surrogatepass").replace(".", "%2E")  # a store takes no dots

    def find(self, names: Iterable[str]) -> Found:
        """Find the decisions about names, given as `name_key`."""
        ops = self._searches(names)
        return _by_name(self._kept(self._store.batch(ops))) if ops else {}

    async def afind(self, names: Iterable[str]) -> Found:
        """Find them without holding the event loop."""
        ops = self._searches(names)
        return _by_name(self._kept(await self._batch(ops))) if ops else {}

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
        buckets = _namespaces(self._store, (ROOT, self._name))
        return self._kept(self._store.batch([SearchOp(bucket, limit=_PAGE) for bucket in buckets]))

    def forget(self, names: Iterable[str] | None = None) -> int:
        """Forget the decisions that hold one of some names, or all; return how many there were."""
        wanted = None if names is None else {name_key(name) for name in names}
        gone = [kept for kept in self.all() if wanted is None or kept.decision.names & wanted]
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
        there = {(kept.namespace, kept.key): kept.decision for kept in self._kept(searched)}
        new = {(self._bucket(one.name), _key(one)): one for one in decisions}
        new = {place: one for place, one in new.items() if not _is_worse(one, there.get(place))}
        old = {place: one for place, one in there.items() if place not in new}
        left = _within_bounds(new | old, max(one.day for one in decisions))
        gone: list[Op] = [PutOp(*place, None) for place in there if place not in left]
        return gone + [PutOp(*place, one.to_dict(), index=False) for place, one in new.items() if place in left]

    def _kept(self, searched: Iterable[Any]) -> Iterator[Kept]:
        """Read what is this memory's; some stores find what only begins alike, or is written in capitals."""
        for item in chain.from_iterable(searched):
            decision = decision_from(item.value) if item.namespace[:2] == (ROOT, self._name) else None
            if decision is not None:
                yield Kept(item.namespace, item.key, decision)

    async def _batch(self, ops: Sequence[Op]) -> list[Any]:
        try:
            return await self._store.abatch(ops)
        except NotImplementedError:  # LangGraph's store of one SQLite file has no other way
            return await asyncio.to_thread(self._store.batch, ops)


_Place = tuple[tuple[str, ...], str]


def _within_bounds(decisions: Mapping[_Place, Decision], today: date) -> set[_Place]:
    """Choose those that stay: the newest of each name, then the newest of each bucket, none that is too old."""
    taken, left = dict[object, int](), set[_Place]()
    for place, one in sorted(decisions.items(), key=lambda item: _gives_way(item[1], today)):
        counted = place[0], (place[0], one.name, one.attribute)
        full = any(taken.get(what, 0) >= most for what, most in zip(counted, (BUCKET_SIZE, MOST_OF_NAME), strict=True))
        if (today - one.day).days <= LASTS_DAYS and not full:
            left.add(place)
            taken |= {what: taken.get(what, 0) + 1 for what in counted}
    return left


def _gives_way(one: Decision, today: date) -> tuple[bool, int, bool]:
    """Order decisions, those first that stay: of one day what a person said, at the end those of a wrong clock."""
    is_far_ahead = (one.day - today).days > LASTS_DAYS
    return is_far_ahead, -one.day.toordinal(), one.by == "answer"


def memories_in(store: BaseStore) -> list[str]:
    """List the names of the memories in a store."""
    named = {namespace[1] for namespace in _namespaces(store, (ROOT,)) if len(namespace) > 1}
    return sorted(unquote(name, errors="surrogatepass") for name in named)


def chosen_memories(store: BaseStore, name: str | None) -> list[tuple[str, Memory]]:
    """Open the memory of a name, or all memories of a store, each with its name.

    Raises:
        SettingsError: there is none of this name; names those that there are.
    """
    there = memories_in(store)
    if name is not None and name not in there:
        raise SettingsError(f"there is no memory {name!r}: there is {', '.join(there) or 'none'}")
    return [(one, Memory(store, one)) for one in (there if name is None else [name])]


def _namespaces(store: BaseStore, prefix: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Go through the namespaces that lie in another one."""
    offset = 0
    while found := store.list_namespaces(prefix=prefix, limit=_PAGE, offset=offset):
        yield from (each for each in found if each[: len(prefix)] == prefix)
        offset += len(found)


def _by_name(all_kept: Iterable[Kept]) -> Found:
    found: dict[str, list[Decision]] = {}
    for kept in all_kept:
        found.setdefault(kept.decision.name, []).append(kept.decision)
    return found


def _is_worse(new: Decision, old: Decision | None) -> bool:
    """Tell whether an answer would take the place of what a person decided about the same place of the same post."""
    return old is not None and (old.by, new.by) == ("review", "answer")


def _key(one: Decision) -> str:
    return sha256(f"{one.name}\n{one.attribute}\n{one.post}".encode("utf-8", "backslashreplace")).hexdigest()[:24]
