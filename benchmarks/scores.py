"""Benchmark scoring: a test split's worth of made-up posts under all protocols, with intervals and types."""

from collections.abc import Callable
from functools import partial
from random import Random

from benchmarks.timing import Measured, measure
from unco.evals.evaluate.run_scores import score_run
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.metrics.protocols import PROTOCOLS
from unco.small_model.label_schemes import COARSE_OF
from unco.types import Box, GoldEntity, GoldPost, Span

POSTS = 1500
WORDS = 16
SIZE = (600, 450)
GMNER = ("PER", "LOC", "ORG", "OTHER")
FMNERG = tuple(COARSE_OF)

Run = tuple[list[GoldPost], list[PredictedPost]]


def made_up_run(posts: int, types: tuple[str, ...], seed: int = 0) -> Run:
    """Make up gold and predictions: about as many entities as the data sets have, a third predicted wrongly."""
    rng = Random(seed)
    gold, predictions = [], []
    for number in range(posts):
        starts = sorted(rng.sample(range(0, WORDS - 2, 2), rng.choice((0, 1, 1, 2, 2, 3))))
        entities = tuple(_entity(start, rng.choice(types), rng) for start in starts)
        gold.append(GoldPost(str(number), tuple("w" * WORDS), entities, SIZE))
        found = tuple(_predicted(entity, rng.choice(types), rng) for entity in entities)
        candidates = tuple(box for entity in entities for box in entity.boxes)
        predictions.append(PredictedPost(str(number), found, candidates=candidates))
    return gold, predictions


def measure_scores(posts: int = POSTS, rounds: int = 5) -> list[tuple[str, list[Measured]]]:
    """Measure title and rows, for the 4 types and for the 51, which are scored in the 8 and the 4 as well."""
    kinds = {"4 types": GMNER, "51 types, and the 8 and 4 that follow": FMNERG}
    return [
        (f"{posts} posts scored, {name}", measure(_tasks(made_up_run(posts, types)), rounds))
        for name, types in kinds.items()
    ]


def _tasks(run: Run) -> dict[str, Callable[[], object]]:
    return {
        "all protocols": lambda: [score_run(*run, protocol) for protocol in PROTOCOLS],
        **{f"{protocol} alone": partial(score_run, *run, protocol) for protocol in PROTOCOLS},
    }


def _entity(start: int, kind: str, rng: Random) -> GoldEntity:
    boxes = tuple(_box(rng) for _ in range(rng.choice((0, 0, 0, 1, 1, 2))))
    return GoldEntity(Span(start, start + rng.choice((1, 2))), kind, boxes)


def _predicted(entity: GoldEntity, other: str, rng: Random) -> Predicted:
    region = entity.boxes[0] if entity.boxes and rng.random() < 0.7 else rng.choice((None, _box(rng)))
    span = entity.span if rng.random() < 0.85 else Span(entity.span.start, entity.span.start + 3)
    return Predicted(span, entity.type if rng.random() < 0.85 else other, region)


def _box(rng: Random) -> Box:
    x1, y1 = rng.uniform(0, 400), rng.uniform(0, 300)
    return Box(x1, y1, x1 + rng.uniform(20, 200), y1 + rng.uniform(20, 150))
