"""Counts for Prometheus: requests, posts, attributes and what became of them, calls, tokens, money, time.

With several workers each writes its own files (`PROMETHEUS_MULTIPROC_DIR`), and whichever is asked adds them up. No
label holds what a client may choose: types of a client's own list count as `own list`.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from unco.evals.watch.watch import Watch
from unco.state import Json

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "unco_requests", "Requests, by address and HTTP status; 499 = the client went away.", ["route", "status"],
    registry=REGISTRY,
)  # fmt: skip
SECONDS = Histogram(
    "unco_request_seconds", "Seconds from a request's headers to the end of its answer.", ["route"], buckets=_SECONDS,
    registry=REGISTRY,
)  # fmt: skip
IN_FLIGHT = Gauge(
    "unco_posts_in_flight", "Posts under way now.", registry=REGISTRY, multiprocess_mode="livesum"
)  # fmt: skip
POSTS = Counter("unco_posts", "Posts: with a result, open for a review, or refused.", ["outcome"], registry=REGISTRY)
ROUTED_POSTS = Counter("unco_routed_posts", "Posts of which an attribute was above its threshold.", registry=REGISTRY)
ENTITIES = Counter("unco_entities", "Entities found, by their final type.", ["type"], registry=REGISTRY)
CORRECTIONS = Counter(
    "unco_corrections",
    "Attributes by what became of them; all but `skipped` were routed.",
    ["attribute", "type", "outcome"],
    registry=REGISTRY,
)
UNANSWERED = Counter("unco_unanswered", "Questions without an answer, by the reason.", ["reason"], registry=REGISTRY)
CALLS = Counter("unco_calls", "Replies of the MLLM; `cache` = nobody was asked.", ["source"], registry=REGISTRY)
TOKENS = Counter("unco_tokens", "Tokens of these replies, as providers report them.", ["direction"], registry=REGISTRY)
USD = Counter("unco_usd", "US dollars spent on calls whose price is known.", registry=REGISTRY)
UNPRICED = Counter("unco_unpriced_posts", "Posts whose cost is not known.", registry=REGISTRY)
CALL_SECONDS = Histogram(
    "unco_correction_seconds", "Seconds of the calls about one attribute, where somebody was asked.", ["attribute"],
    buckets=_SECONDS, registry=REGISTRY,
)  # fmt: skip
WATCH_EVIDENCE = Gauge(
    "unco_watch_evidence",
    "Evidence that posts differ from the policy's, by what is watched of a post; a sum of 1 is an alarm.",
    ["watched"], registry=REGISTRY, multiprocess_mode="livemax",
)  # fmt: skip
WATCH_ALARM = Gauge(
    "unco_watch_alarm", "1 = posts differ from the policy's in this, since the alarm.", ["watched"],
    registry=REGISTRY, multiprocess_mode="livemax",
)  # fmt: skip


def count_result(result: Json) -> None:
    """Count a post's result, as plain JSON."""
    types = "own list" if result.get("types") else None
    notes = [
        (types or entity["type"] or "none", note) for entity in result["entities"] for note in entity["corrections"]
    ]
    POSTS.labels("result").inc()
    for entity in result["entities"]:
        ENTITIES.labels(types or entity["type"] or "none").inc()
    for shown, note in notes:
        CORRECTIONS.labels(note["attribute"], shown, note["outcome"]).inc()
        if note["calls"] and not note["cache_hit"]:
            CALL_SECONDS.labels(note["attribute"]).observe(note["seconds"])
    if any(note["outcome"] != "skipped" for _, note in notes):
        ROUTED_POSTS.inc()
    _count_unanswered([note for _, note in notes] + result["questions"])
    _count_usage(result["usage"])


def _count_unanswered(notes: Iterable[Json]) -> None:
    for note in notes:
        if note["reason"] is not None and note["outcome"] in ("failed", "unavailable"):
            UNANSWERED.labels(note["reason"]).inc()


def _count_usage(usage: Json) -> None:
    CALLS.labels("endpoint").inc(usage["asked"])
    CALLS.labels("cache").inc(usage["calls"] - usage["asked"])
    for direction in ("input", "output"):
        TOKENS.labels(direction).inc(usage[f"{direction}_tokens"] or 0)
    USD.inc(usage["cost"] or 0.0)
    if usage["cost"] is None:
        UNPRICED.inc()


def show_watch(watch: Watch) -> None:
    """Set the gauges of a watch; of several workers, each has its own, and the highest value is shown."""
    changed = () if watch.alarm is None else watch.alarm.by
    for name, share in watch.shares().items():
        WATCH_EVIDENCE.labels(name).set(share)
        WATCH_ALARM.labels(name).set(name in changed)


def exposition() -> bytes:
    """Return all counts in Prometheus's text format, of all workers."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return generate_latest(REGISTRY)
    _forget_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _forget_dead(folder: Path) -> None:
    """Forget what workers that were killed had under way."""
    for path in folder.glob("gauge_live*.db"):
        with suppress(ValueError, PermissionError):
            process = int(path.stem.rpartition("_")[2])
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
