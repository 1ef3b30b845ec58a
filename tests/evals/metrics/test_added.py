"""What recall added is counted by its words and its type, and its doubt by how well it finds the wrong ones."""

from dataclasses import replace

import pytest

from tests.tiny import extraction
from unco.evals.metrics.added import Added, count_added
from unco.nodes.collect import result_of
from unco.types import Finder, GoldEntity, GoldPost, Result, Span, Uncertainty

WORDS = ("a", "b", "c", "d")
GOLD = GoldPost("1", WORDS, (GoldEntity(Span(0, 1), "PER", ()), GoldEntity(Span(1, 2), "PER", ())), None)


def result(*entities: tuple[int, str, float, Finder]) -> Result:
    made = extraction(
        WORDS, [(Span(at, at + 1), kind, None, Uncertainty(doubt, 0.0, 0.0)) for at, kind, doubt, _ in entities]
    )
    found = result_of(made)
    finders = [finder for *_, finder in entities]
    entities_of = (replace(one, found_by=finder) for one, finder in zip(found.entities, finders, strict=True))
    return replace(found, entities=tuple(entities_of))


@pytest.mark.parametrize(
    ("entities", "added"),
    [
        ([], Added(0, 0, None)),
        ([(0, "PER", 0.5, "small model"), (2, "PER", 0.5, "small model")], Added(0, 0, None)),
        ([(0, "PER", 0.1, "recall"), (1, "PER", 0.6, "recall")], Added(2, 2, None)),
        ([(0, "PER", 0.1, "recall"), (1, "ORG", 0.6, "recall"), (2, "PER", 0.05, "recall")], Added(3, 1, 0.5)),
        ([(0, "PER", 0.1, "recall"), (2, "PER", 0.1, "recall")], Added(2, 1, 0.5)),
        ([(0, "PER", 0.1, "recall"), (2, "PER", 0.2, "recall")], Added(2, 1, 1.0)),
    ],
)
def test_it_is_counted(entities: list[tuple[int, str, float, Finder]], added: Added) -> None:
    assert count_added([GOLD], [result(*entities)]) == added
