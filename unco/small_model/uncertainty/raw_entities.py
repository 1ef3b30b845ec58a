"""Turns decoded symbols and averaged distributions into entities with raw uncertainties."""

from dataclasses import dataclass, replace

from unco.small_model.config import Estimator, ModelConfig, Scheme
from unco.small_model.decoding.greedy import Decoded
from unco.small_model.decoding.symbols import FIRST_TYPE, decode_symbols
from unco.small_model.uncertainty.entropy import StepUncertainty, span_uncertainty, step_uncertainty
from unco.small_model.uncertainty.mean_probabilities import MeanProbabilities
from unco.small_model.uncertainty.scheme_types import fold_types, type_choices
from unco.types import Span, Uncertainty


@dataclass(frozen=True, slots=True)
class ErrorProbabilities:
    """Probabilities of wrong spans and types, by post and entity; None = uncertainty is measured, not learned."""

    spans: list[list[float]] | None
    types: list[list[float]] | None


@dataclass(frozen=True, slots=True)
class RawEntity:
    """An entity with raw uncertainties, before its region is chosen."""

    span: Span
    type: str
    fine_type: str
    region_chances: tuple[float, ...]
    """Probabilities of the batch's candidates, of which the post's come first, and, last, of "not in the picture"."""
    nats: Uncertainty

    def moved(self, words: int) -> "RawEntity":
        """Copy to a place that many words later."""
        return replace(self, span=Span(self.span.start + words, self.span.stop + words))


def raw_entities(
    config: ModelConfig,
    decoded: Decoded,
    means: MeanProbabilities,
    estimator: Estimator,
    scheme: Scheme,
    errors: ErrorProbabilities,
) -> list[list[RawEntity]]:
    """Turn decoded symbols and averaged distributions into entities, by post."""
    labels = len(config.labels)
    columns = slice(FIRST_TYPE, FIRST_TYPE + labels)
    types = type_choices(means.symbols, labels, scheme, config.whole_label_set)
    if estimator.measure == "energy":
        steps = StepUncertainty(decoded.energies, decoded.energies, decoded.region_energies)
    else:
        steps = step_uncertainty(decoded.symbols, means.symbols, types, means.regions, estimator)
    fine_types = decoded.probabilities[..., columns].argmax(-1).tolist()
    decoded_types = fold_types(decoded.probabilities[..., columns], scheme).argmax(-1).tolist()
    regions = decoded.regions.tolist()
    values = (steps.spans.tolist(), steps.types.tolist(), steps.regions.tolist())
    posts: list[list[RawEntity]] = []
    for row, symbols in enumerate(decoded.symbols.tolist()):
        at_spans, at_types, at_regions = (column[row] for column in values)
        posts.append([])
        for index, entity in enumerate(decode_symbols(symbols, labels)):
            step = entity.type_step
            span = errors.spans[row][index] if errors.spans else span_uncertainty(entity, at_spans, estimator.span)
            kind = errors.types[row][index] if errors.types else at_types[step]
            nats = Uncertainty(span, kind, at_regions[step])
            kinds = scheme.labels[decoded_types[row][step]].name, config.types[fine_types[row][step]]
            posts[-1].append(RawEntity(entity.span, *kinds, tuple(regions[row][step]), nats))
    return posts
