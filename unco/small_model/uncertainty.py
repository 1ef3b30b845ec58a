"""From averaged distributions to one number per attribute (Eqs. 6-7), and from nats to [0, 1]."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

import torch
from torch import Tensor

from unco.small_model.symbols import DecodedEntity
from unco.types import ATTRIBUTES, Attribute, Thresholds, Uncertainty

SpanVariant = Literal["boundary", "eq7"]
"""Which steps a span's uncertainty sums over, divided by the span's length in words.

`boundary`: from the decision to start (`<s>`) through the pointers to the decision to end (`<r>`), as Eq. 7's condition
"t in (<s> ... <r>)" can be read. `eq7`: the pointer steps alone. The first finds wrong spans far better.
"""


def entropy(probabilities: Tensor) -> Tensor:
    """Shannon entropy of the last dimension in nats (Eq. 6), in [0, ln V]. (.., V) -> (..)."""
    terms: Tensor = torch.special.xlogy(probabilities, probabilities)
    return -terms.sum(-1)


def doubt(probabilities: Tensor) -> Tensor:
    """1 - the largest probability, the paper's baseline, in [0, 1). (.., V) -> (..)."""
    return 1.0 - probabilities.amax(-1)


def entity_uncertainty(
    entity: DecodedEntity, tokens: Sequence[float], regions: Sequence[float], variant: SpanVariant = "boundary"
) -> Uncertainty:
    """Span, type and region uncertainty of one entity (Eq. 7).

    Args:
        entity: with its steps.
        tokens: uncertainty of each step's symbol.
        regions: uncertainty of each step's region distribution.
        variant: which steps count for the span.
    """
    first, stop = entity.start_step, entity.end_step + 1
    if variant == "eq7":
        first, stop = first + 1, stop - 1
    return Uncertainty(
        span=sum(tokens[first:stop]) / len(entity.span),
        type=tokens[entity.type_step],
        region=regions[entity.type_step],
    )


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value seen on the development set, in nats."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Normaliser:
    """Maps raw values to [0, 1] by the range seen on dev, clipped: the rule that fits the paper's Figures 3 and 6."""

    span: Range
    type: Range
    region: Range

    def __call__(self, raw: Uncertainty) -> Uncertainty:
        """Normalise three raw values."""
        return Uncertainty(**{name: self._scale(name, raw.of(name)) for name in ATTRIBUTES})

    def _scale(self, attribute: Attribute, value: float) -> float:
        seen: Range = getattr(self, attribute)
        return min(1.0, max(0.0, (value - seen.low) / (seen.high - seen.low)))


def fit_minmax(raw: Sequence[Uncertainty]) -> Normaliser:
    """The range of each attribute over a development set; needs two different values of each."""
    columns = {name: [value.of(name) for value in raw] for name in ATTRIBUTES}
    return Normaliser(**{name: Range(min(column), max(column)) for name, column in columns.items()})


def log_cardinality(types: int, symbols: int, regions: int) -> Normaliser:
    """U / ln K: 1 means "all options equally likely"; no data needed.

    Args:
        types: number of types.
        symbols: options at a span step (3 + types + words of a typical post).
        regions: candidate regions + 1.
    """
    return Normaliser(span=Range(0.0, log(symbols)), type=Range(0.0, log(types)), region=Range(0.0, log(regions)))


def quantile_thresholds(normalised: Sequence[Uncertainty], rates: dict[Attribute, float]) -> Thresholds:
    """Thresholds that route a wanted share of a development set's entities (no labels needed).

    Args:
        normalised: of every entity predicted on dev.
        rates: share to route for each attribute, in [0, 1].
    """
    values: dict[str, float] = {}
    for name in ATTRIBUTES:
        column = torch.tensor([value.of(name) for value in normalised], dtype=torch.float64)
        values[name] = round(float(column.quantile(1.0 - rates[name])), 3)
    return Thresholds(**values)
