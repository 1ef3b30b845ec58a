"""What recall added to a run: how much of it is right, and whether the MLLM's confidence knew which."""

from collections.abc import Sequence
from dataclasses import dataclass

from unco.evals.metrics.correction_effects import gold_with_span
from unco.evals.metrics.uncertainty import auroc
from unco.types import GoldPost, Result


@dataclass(frozen=True, slots=True)
class Added:
    """Entities that recall added."""

    count: int
    right: int
    """Of right words and type."""
    auroc: float | None
    """Chance that a wrong one is more doubtful than a right one; ties count half. None = there are not both kinds."""


def count_added(gold: Sequence[GoldPost], results: Sequence[Result]) -> Added:
    """Count the entities that recall added to posts, in the same order."""
    pairs = [
        (entity.uncertainty.doubt, (item := gold_with_span(post, entity)) is None or item.type != entity.type)
        for post, result in zip(gold, results, strict=True)
        for entity in result.all_entities
        if entity.found_by == "recall"
    ]
    doubts, wrong = [doubt for doubt, _ in pairs], [flag for _, flag in pairs]
    return Added(len(pairs), len(pairs) - sum(wrong), auroc(doubts, wrong))
