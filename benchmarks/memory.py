"""Measure what a memory saves on a stream of posts, with simulated answers: each post once, in a random order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Annotated

import numpy as np
import typer
from langgraph.store.memory import InMemoryStore
from rich.console import Console
from rich.table import Table

from benchmarks.gain import profile_named
from benchmarks.simulated_answers import ReadPosts, read_posts, record
from benchmarks.worth_of_decisions import DAY, worth_table
from unco.evals.formats.detect_format import read_gold, training_names
from unco.evals.metrics.bootstrap import f1_difference, ratio_intervals
from unco.evals.metrics.paper import Score, count_post, total
from unco.evals.simulation import Profile
from unco.evals.tuning.recorded.paths import PostPaths
from unco.evals.tuning.recorded.replay import replay_entities, routing_of
from unco.nodes.collect import result_of
from unco.tools.memory.decisions import decisions_about
from unco.tools.memory.memory import Memory
from unco.tools.memory.weigh import names_of, weigh

SPLITS = ("train", "dev", "test")
POISON = 0.05
"""Share of answers that are wrong on top of the profile's, in the poisoned stream."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one post of the stream."""

    score: Score
    calls: int
    doubtful: int
    """Names with a span or type above its threshold."""
    known: int
    """Those of them that something had been decided about."""


def main(
    gold: Annotated[Path, typer.Option(help="Folder of Twitter-FMNERG.")],
    boxes: Annotated[Path, typer.Option(help="Folder of the VOC files of Twitter-GMNER.")],
    split: Annotated[list[str] | None, typer.Option(help="Splits of the stream; default: all three.")] = None,
    profile: Annotated[list[str] | None, typer.Option(help="Profiles; default: types, names and even.")] = None,
) -> None:
    """Run the stream with and without a memory, by the checkpoint's thresholds."""
    posts = _stream(gold, boxes, tuple(split or SPLITS))
    table = Table(
        *("profile", "calls per post, each fifth", "with a memory", "last fifth / first", "F1 above no memory"),
        *("calls against no memory", "doubtful names decided before"),
        title=f"A memory on {len(posts.gold):,} posts",
    )
    for name in profile or ("types", "names", "even"):
        table.add_row(name, *_row(posts, profile_named(name)))
    table.add_row("even, poisoned", *_row(posts, _poisoned(profile_named("even"))))
    worth = worth_table(posts, {"even": profile_named("even"), "always right": Profile()})
    Console(width=200).print(table, worth)


def _stream(gold: Path, boxes: Path, splits: tuple[str, ...]) -> ReadPosts:
    names = training_names(gold)
    posts = [one for split in splits for one in read_gold(gold, split, boxes)]
    Random(1).shuffle(posts)
    return read_posts(posts, names)


def _poisoned(profile: Profile) -> Profile:
    right = {name: share * (1 - POISON) for name, share in profile.right.model_dump().items()}
    return profile.model_copy(update={"right": profile.right.model_copy(update=right)})


def _row(posts: ReadPosts, profile: Profile) -> list[str]:
    paths = record(posts, profile, seed=1).posts
    without, memory = (_run(paths, one) for one in (None, Memory(InMemoryStore(), "benchmark")))
    fifths = [_fifths(some) for some in (without, memory)]
    f1 = f1_difference([one.score for one in without], [one.score for one in memory])
    calls, before = (np.array([[float(one.calls)] for one in some]) for some in (memory, without))
    share = ratio_intervals(calls, before)[0]
    known, doubtful = sum(one.known for one in memory), sum(one.doubtful for one in memory)
    return [
        *(" ".join(f"{calls:.2f}" for calls in some) for some in fifths),
        f"{fifths[1][-1] / fifths[1][0]:.3f} (without {fifths[0][-1] / fifths[0][0]:.3f})",
        f"{100 * f1.value:+.2f}, {100 * f1.low:+.2f} to {100 * f1.high:+.2f}"
        f" ({100 * total(one.score for one in without).f1:.2f})",
        f"{share.value:.3f}, {share.low:.3f} to {share.high:.3f}",
        f"{known} of {doubtful}",
    ]


def _fifths(done: Sequence[Done]) -> list[float]:
    parts = np.array_split([one.calls for one in done], 5)
    return [float(part.mean()) for part in parts]


def _run(posts: Sequence[PostPaths], memory: Memory | None) -> list[Done]:
    return [_one(post, memory) for post in posts]


def _one(post: PostPaths, memory: Memory | None) -> Done:
    extraction, small = post.extraction, post.extraction
    found = {} if memory is None else memory.find(names_of(small))
    if memory is not None:
        extraction, _ = weigh(small, found, DAY)
    routings = [routing_of(entity, extraction.thresholds_of(entity)) for entity in extraction.entities]
    entities = replay_entities(post, extraction, routings)
    if memory is not None:
        memory.add(decisions_about(tuple(entities), extraction, DAY))
    doubtful = [entity for entity in small.entities if {"span", "type"} & set(small.routed(entity))]
    known = sum(bool(names_of(replace(small, entities=(entity,))) & found.keys()) for entity in doubtful)
    assert post.gold is not None
    score = count_post(post.gold, result_of(extraction, entities).entities, "GMNER")
    calls = sum(note.calls for entity in entities for note in entity.corrections)
    return Done(score, calls, len(doubtful), known)


if __name__ == "__main__":
    typer.run(main)
