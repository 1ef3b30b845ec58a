"""The benchmark on tweets of other sources: handles and unlabelled types are left out, on both sides."""

from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import other_tweets
from unco.small_model.model_input import ModelInput
from unco.small_model.uncertainty.prediction import Prediction
from unco.types import Span, Uncertainty

SOURCE = "Ann\tB-person\nLee\tI-person\nsings\tO\nwith\tO\n@bo\tB-person\nin\tO\nHam\tB-location\n\nhi\tO\n"


def _prediction(span: Span, kind: str, doubt: float) -> Prediction:
    unsure = Uncertainty(doubt, 0.0, 0.0)
    return Prediction(span, kind, None, unsure, unsure, kind)


class Finds:
    """A small model that finds Ann Lee, the handle, Ham as a person, and a product."""

    def predict(self, posts: list[ModelInput]) -> list[list[Prediction]]:
        """The same of each post that has these words."""
        found = [
            _prediction(Span(0, 2), "PER", 0.1),
            _prediction(Span(2, 3), "OTHER", 0.2),
            _prediction(Span(4, 5), "PER", 0.3),
            _prediction(Span(6, 7), "PER", 0.4),
        ]
        return [found if len(post.words) > 1 else [] for post in posts]


def test_handles_and_types_that_are_never_labelled_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tweets.conll"
    file.write_text(SOURCE, "utf-8")
    monkeypatch.setattr(other_tweets, "from_pretrained", lambda *_, **__: Finds())
    table = other_tweets.measure_other_tweets([file])
    console = Console(width=200, record=True, quiet=False)
    console.print(table)
    row = next(line for line in console.export_text().splitlines() if "tweets.conll" in line)
    # gold: Ann Lee, Ham. Found without the handle: 1 of 2 right, F1 50; with it 1 of 3, F1 40. Mean doubt .25
    assert [cell.strip() for cell in row.strip("│ ").split("│")][1:] == ["2", "50.0", "40.0", "0.250"]
