"""Precision, recall and F1 of GMNER, MNER and EEG by the paper's rule (Eqs. 12-15).

One gold entity is one unit, however many boxes it has. A region is right when both have none, or when the predicted box
has an IoU strictly above 0.5 with any of the gold boxes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from unco.types import Box, GoldEntity, GoldPost, Span

Task = Literal["GMNER", "MNER", "EEG", "span"]
"""Span + type + region; span + type; span + region; span alone."""

THREE_TASKS: tuple[Task, ...] = ("GMNER", "MNER", "EEG")
"""The tasks of the paper's tables."""


class Triplet(Protocol):
    """Anything predicted that has a span, a type and a region."""

    @property
    def span(self) -> Span:
        """Token span."""

    @property
    def type(self) -> str | None:
        """Entity type; None = not known, and so no gold entity's."""

    @property
    def region(self) -> Box | None:
        """Box, or None for "not in the picture"."""


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of entities, with precision, recall and F1 in [0, 1]; a ratio of nothing is 0."""

    correct: int
    predicted: int
    gold: int

    @property
    def precision(self) -> float:
        """Correct / predicted."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Correct / gold."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = self.predicted + self.gold
        return 2 * self.correct / both if both else 0.0


NO_COUNTS = Score(0, 0, 0)


def region_correct(predicted: Box | None, gold: Sequence[Box]) -> bool:
    """Whether a region is correct (Eq. 13): both none, or an IoU strictly above 0.5 with any gold box."""
    if predicted is None or not gold:
        return predicted is None and not gold
    return any(predicted.iou(box) > 0.5 for box in gold)


def entity_correct(predicted: Triplet, gold: GoldEntity, task: Task) -> bool:
    """Whether the parts of an entity that a task compares are all right (Eqs. 12-14)."""
    return (
        predicted.span == gold.span
        and (task in ("EEG", "span") or predicted.type == gold.type)
        and (task in ("MNER", "span") or region_correct(predicted.region, gold.boxes))
    )


def score(gold: Sequence[GoldPost], predictions: Sequence[Sequence[Triplet]], task: Task) -> Score:
    """Score predictions, aligned with the gold posts; a gold entity is matched at most once (Eq. 15).

    Raises:
        ValueError: the two differ in length.
    """
    return total(count_post(post, entities, task) for post, entities in zip(gold, predictions, strict=True))


def count_post(gold: GoldPost, predicted: Sequence[Triplet], task: Task) -> Score:
    """Count one post: a gold entity is matched at most once, so a prediction that comes twice is wrong once."""
    open_gold, correct = list(gold.entities), 0
    for entity in predicted:
        match = next((item for item in open_gold if entity_correct(entity, item, task)), None)
        if match is not None:
            open_gold.remove(match)
            correct += 1
    return Score(correct, len(predicted), len(gold.entities))


def total(scores: Iterable[Score]) -> Score:
    """Sum up counts: the micro average."""
    counts = [(score.correct, score.predicted, score.gold) for score in scores]
    return Score(*map(sum, zip(*counts, strict=True))) if counts else NO_COUNTS
