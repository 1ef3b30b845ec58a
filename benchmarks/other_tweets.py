"""F1 of a small model on tweets of other sources, and how much it doubts there, beside tweets like its training's."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import typer
from rich.console import Console
from rich.table import Table

from unco.evals.metrics.paper import score
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.model_input import ModelInput
from unco.small_model.uncertainty.prediction import Prediction
from unco.training.examples.other_sources import is_handle, read_four_types
from unco.types import GoldPost


def measure_other_tweets(files: Sequence[Path], checkpoint: Path = SHIPPED) -> Table:
    """Score files of CoNLL text in Twitter-GMNER's four types; types that a file never labels are left out.

    Args:
        files: with types such as `person`, `group` or `creative-work`, see `other_sources.TYPES`.
        checkpoint: folder of a small model with a scheme `gmner`.
    """
    predictor = from_pretrained(checkpoint, scheme="gmner")
    table = Table("tweets", "posts", "F1, handles left out", "F1, handles that are found count as wrong", "span doubt")
    for file in files:
        gold = read_four_types(file)
        found = predictor.predict([ModelInput(post.tokens) for post in gold])
        labelled = {entity.type for post in gold for entity in post.entities}
        known = [[entity for entity in entities if entity.type in labelled] for entities in found]
        doubt = fmean([entity.uncertainty.span for entities in found for entity in entities] or [0.0])
        strict = 100 * score(gold, known, "MNER").f1
        fair = 100 * score(gold, _without_handles(gold, known), "MNER").f1
        table.add_row(f"{file.parent.name}/{file.name}", str(len(gold)), f"{fair:.1f}", f"{strict:.1f}", f"{doubt:.3f}")
    return table


def _without_handles(gold: Sequence[GoldPost], found: Sequence[Sequence[Prediction]]) -> list[list[Prediction]]:
    return [
        [entity for entity in entities if not is_handle(post.tokens, entity.span.start)]
        for post, entities in zip(gold, found, strict=True)
    ]


def main(files: list[Path], checkpoint: Path = SHIPPED) -> None:
    """Print the table."""
    Console().print(measure_other_tweets(files, checkpoint))


if __name__ == "__main__":
    typer.run(main)
