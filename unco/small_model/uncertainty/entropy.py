"""Uncertainty of each attribute from averaged distributions (Eqs. 6-7), and its normalisation from nats to [0, 1]."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

import numpy as np

from unco.small_model.batch import Array
from unco.small_model.config import Estimator, SpanVariant
from unco.small_model.decoding.symbols import DecodedEntity
from unco.types import ATTRIBUTES, Attribute, Thresholds, Uncertainty


def entropy(probabilities: Array) -> Array:
    """Compute the Shannon entropy of the last dimension in nats (Eq. 6), in [0, ln V]. (.., V) -> (..)."""
    logarithms = np.log(np.where(probabilities > 0, probabilities, np.float32(1)))
    found: Array = 0.0 - (probabilities * logarithms).sum(-1)  # not minus zero
    return found


def least_confidence(probabilities: Array) -> Array:
    """Compute 1 - the largest probability, the paper's baseline, in [0, 1). (.., V) -> (..)."""
    found: Array = 1.0 - probabilities.max(-1)
    return found


def surprisal(probabilities: Array, symbols: Array) -> Array:
    """Compute minus the log-probability of the decoded symbols, in nats, in [0, 21]. (.., V), (..) -> (..)."""
    found: Array = -np.log(np.maximum(np.take_along_axis(probabilities, symbols[..., None], -1)[..., 0], 1e-9))
    return found


@dataclass(frozen=True, slots=True)
class StepUncertainty:
    """Uncertainty of each step of a batch, (B, L)."""

    spans: Array
    """Of the symbol; spans sum over it."""
    types: Array
    """Of the type, where the step's input is `<r>`."""
    regions: Array
    """Of the region, where the step's input is `<r>`."""


def step_uncertainty(
    symbols: Array, tokens: Array, types: Array, regions: Array, estimator: Estimator
) -> StepUncertainty:
    """Compute the uncertainty of each step from averaged distributions.

    Args:
        symbols: the decoded symbols, (B, L).
        tokens: distributions over symbols, (B, L, V).
        types: distributions over the scheme's types, (B, L, N); see `type_choices`.
        regions: distributions over regions, (B, L, K + 1).
        estimator: says which measure to use.
    """
    of_choice = least_confidence if estimator.measure == "doubt" else entropy
    of_symbol = entropy(tokens) if estimator.measure == "entropy" else surprisal(tokens, symbols)
    if estimator.region != "choice":
        none = regions[..., -1:]
        regions = np.concatenate([1.0 - none, none], -1)
    return StepUncertainty(of_symbol, of_choice(types), of_choice(regions))


def span_uncertainty(entity: DecodedEntity, steps: Sequence[float], variant: SpanVariant) -> float:
    """Compute the uncertainty of an entity's span from that of its steps (Eq. 7).

    Raises:
        ValueError: the variant is `learned`, which is no sum over steps.
    """
    if variant == "learned":
        raise ValueError("a learned uncertainty comes from a regression on span_signals, not from the steps")
    first, stop = entity.start_step, entity.end_step + 1
    if variant == "eq7":
        first, stop = first + 1, stop - 1
    total = sum(steps[first:stop])
    if variant == "joint":
        return 1.0 - exp(-total)
    return total if variant == "total" else total / len(entity.span)


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value seen on the development set, in nats."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Normaliser:
    """Min-max normalisation by the range seen on dev, clipped to [0, 1]: it fits the paper's Figures 3 and 6."""

    span: Range
    type: Range
    region: Range

    def __call__(self, raw: Uncertainty) -> Uncertainty:
        """Normalise three raw values."""
        return Uncertainty(**{name: self._scale(name, raw.of(name)) for name in ATTRIBUTES})

    def _scale(self, attribute: Attribute, value: float) -> float:
        seen: Range = getattr(self, attribute)
        if seen.high <= seen.low:  # dev had one value only: one type, or nothing to point at
            return float(value > seen.high)
        return min(1.0, max(0.0, (value - seen.low) / (seen.high - seen.low)))


def fit_minmax(raw: Sequence[Uncertainty]) -> Normaliser:
    """Fit a normaliser to the range of each attribute over a development set of at least one entity."""
    columns = {name: [value.of(name) for value in raw] for name in ATTRIBUTES}
    return Normaliser(**{name: Range(min(column), max(column)) for name, column in columns.items()})


def fit_normaliser(raw: Sequence[Uncertainty], estimator: Estimator) -> Normaliser:
    """Fit a normaliser for an estimator: the range on a development set, except for values that are probabilities."""
    unit = Range(0.0, 1.0)
    if estimator.measure == "doubt":
        return Normaliser(unit, unit, unit)
    found = fit_minmax(raw)
    learned = {name: unit for name in ATTRIBUTES if getattr(estimator, name) == "learned"}
    return replace(found, **learned)


def log_cardinality(types: int, symbols: int, regions: int) -> Normaliser:
    """Make a normaliser that divides by ln K: 1 means "all options equally likely"; no data needed.

    Args:
        types: number of types.
        symbols: options at a span step (3 + types + words of a typical post).
        regions: candidate regions + 1.
    """
    return Normaliser(span=Range(0.0, log(symbols)), type=Range(0.0, log(types)), region=Range(0.0, log(regions)))


def quantile_thresholds(normalised: Sequence[Uncertainty], rates: dict[Attribute, float]) -> Thresholds:
    """Choose thresholds that route a wanted share of a development set's entities (no labels needed).

    Args:
        normalised: of every entity predicted on dev.
        rates: share to route for each attribute, in [0, 1].
    """
    values: dict[str, float] = {}
    for name in ATTRIBUTES:
        values[name] = round(float(np.quantile([value.of(name) for value in normalised], 1.0 - rates[name])), 3)
    return Thresholds(**values)
