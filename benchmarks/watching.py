"""How soon `unco watch` sees that posts have changed, and how often it is wrong, on a data set.

The reference is dev, the stream is test in random order: as it is, and changed. False alarms are counted on random
splits as well. Pictures are simulated from the gold boxes; nobody is asked, so that outcomes are not watched.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import typer
from rich.console import Console
from rich.table import Table

from unco.evals.data.twitter_gmner import read_gmner
from unco.evals.watch.features import reference_of
from unco.evals.watch.watch import Watch
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.gold_inputs import SimulatedRegionsInput, build_inputs, entity_names
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.prediction import Prediction
from unco.tools.extraction.policy import PolicyReference
from unco.types import Entity, GoldPost, Result, Thresholds

SHUFFLES = 20
ORDERS, SPLITS = 200, 400
"""Of false alarms."""
BEFORE, CHANGED = 500, 600
"""Posts as they are, and posts that are changed, behind them or alone."""


def measure_watching(data: Path, most: int | None = None) -> tuple[Table, Table]:
    """Measure alarms in `SHUFFLES` orders of each stream, and false alarms.

    Args:
        data: folder of Twitter-GMNER.
        most: posts of each split; None = all.
    """
    train, dev, test = (read_gmner(data, split)[:most] for split in ("train", "dev", "test"))
    builder, predictor = SimulatedRegionsInput(entity_names(train)), from_pretrained()
    capitals = [replace(post, tokens=tuple(token.upper() for token in post.tokens)) for post in test[:CHANGED]]
    reference = results(dev, predictor, builder)
    as_they_are = results(test, predictor, builder)
    streams = {
        "as they are": list[Result](),
        "all capitals": results(capitals, predictor, builder),
        "every second post of train, which the model knows": results(train[1 : 2 * CHANGED : 2], predictor, builder),
        "51 types in place of 4": results(test[:CHANGED], from_pretrained(scheme="fmnerg"), builder),
    }
    counts, thresholds = reference_of(reference, predictor.thresholds), predictor.thresholds
    table = Table("posts", "alarms", "within 300", "median", "last", f"within 300, after {BEFORE} as they are")
    for name, changed in streams.items():
        at_once = alarms(counts, thresholds, changed or as_they_are)
        late = alarms(counts, thresholds, changed, as_they_are[:BEFORE]) if changed else []
        soon, times = within(at_once), sorted(one for one in at_once if one is not None)
        shown = (f"{median(times):.0f}", str(times[-1])) if times else ("", "")
        table.add_row(name, of(len(times)), of(soon), *shown, of(within(late)) if changed else "")
    return table, measure_false_alarms(reference, as_they_are, thresholds)


def measure_false_alarms(dev: Sequence[Result], test: Sequence[Result], thresholds: Thresholds) -> Table:
    """Count alarms where nothing changes: test in many orders, and random splits, which are alike by their making."""
    both, counts, half = [*dev, *test], reference_of(dev, thresholds), len(dev) // 2
    streams = {
        "test, against dev": (_alarm(counts, thresholds, test, (), seed) for seed in range(ORDERS)),
        "dev and test split anew": (_split(both, len(dev), thresholds, seed) for seed in range(SPLITS)),
        "one half of dev against the other": (_split(dev, half, thresholds, seed) for seed in range(SPLITS)),
    }
    table = Table("posts", "alarms", "of")
    for name, places in streams.items():
        found = [place is not None for place in places]
        table.add_row(name, str(sum(found)), str(len(found)))
    return table


def _split(posts: Sequence[Result], reference: int, thresholds: Thresholds, seed: int) -> int | None:
    """Find the alarm of all but the first posts of an order, against these."""
    mixed = random.Random(seed).sample(posts, len(posts))
    return _alarm(reference_of(mixed[:reference], thresholds), thresholds, mixed[reference:], (), seed)


def results(posts: Sequence[GoldPost], predictor: Predictor, builder: SimulatedRegionsInput) -> list[Result]:
    """Run the small model; what is watched are the uncertainties alone."""
    return [
        Result(" ".join(post.tokens), post.tokens, _entities(found), None, predictor.thresholds, "")
        for post, found in zip(posts, predictor.predict(build_inputs(builder, posts)), strict=True)
    ]


def _entities(found: Sequence[Prediction]) -> tuple[Entity, ...]:
    return tuple(
        Entity(place, one.span, "", 0, 0, one.type, None, one.uncertainty, one.nats) for place, one in enumerate(found)
    )


def alarms(
    reference: PolicyReference, thresholds: Thresholds, stream: Sequence[Result], before: Sequence[Result] = ()
) -> list[int | None]:
    """Find after how many posts of a stream each of its orders raises an alarm; an alarm before counts as none."""
    return [_alarm(reference, thresholds, stream, before, seed) for seed in range(SHUFFLES)]


def _alarm(
    reference: PolicyReference, thresholds: Thresholds, stream: Sequence[Result], before: Sequence[Result], seed: int
) -> int | None:
    shuffled, watch = random.Random(seed).sample(stream, len(stream)), Watch(reference, thresholds)
    for result in (*before, *shuffled):
        if watch.add(result) is not None:
            return watch.posts - len(before)
    return None


def within(places: Sequence[int | None], posts: int = 300) -> int:
    """Count the alarms within so many posts; one that came too early, before a change, is none."""
    return sum(place is not None and 0 < place <= posts for place in places)


def of(count: int) -> str:
    """Write a count of the orders."""
    return f"{count} of {SHUFFLES}"


def main(data: Path, most: int | None = None) -> None:
    """Print the tables for a folder of Twitter-GMNER."""
    for table in measure_watching(data, most):
        Console().print(table)


if __name__ == "__main__":
    typer.run(main)
