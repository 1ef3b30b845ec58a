"""Give each entity thresholds of its own, by what a policy learned about the gain of a question.

The gain of a question is what it adds to the chance that the whole entity is right: the chance that the value after the
question is right, less that of the small model's own, times the chances of the other attributes. Both chances depend on
the uncertainty and on what else is known of the entity. An own threshold lies where the gain comes to be worth the
question, so that everything else in unco goes on comparing an uncertainty with a threshold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log, log10, prod

from unco.small_model.label_schemes import COARSE_OF
from unco.tools.extraction.known_names import is_known, unpack_names
from unco.tools.extraction.policy import PolicyGain, PolicyQuestion, PolicyRegression
from unco.types import ALWAYS, ATTRIBUTES, Attribute, Entity, Extraction, Uncertainty

UNSURE = "uncertainty"
"""The feature that grows with the uncertainty of the attribute that a question is about."""

BENDING = ("type ", "known name", "has a box")
"""How features begin that change how fast a chance falls with the uncertainty: a doubtful PER is often an ORG, and then
an answer is as often right as about an ORG."""

STEPS = tuple(step / 100 for step in range(101))
"""Uncertainties at which a threshold of its own may lie."""

_LEAST, _MOST = 0.001, 0.999
"""Uncertainties are taken to lie between these: at 0 and 1 their logarithms have no end."""

Features = Mapping[str, float]


def features_of(entity: Entity, extraction: Extraction, names: frozenset[bytes]) -> Features:
    """Describe an entity by what may tell how right an answer about it will be; uncertainties apart.

    Args:
        entity: of the extraction, as the small model found it.
        extraction: of its post.
        names: hashes of known names; empty = none is known, and nothing is said of it.
    """
    found = {
        "words": log(entity.span.stop - entity.span.start),
        "candidate boxes": log(1 + len(extraction.candidates)),
        "lines of text in the picture": log(1 + len(extraction.text_lines)),
    }
    if entity.type is not None:
        found[f"type {entity.type}"] = 1.0
        if entity.type in COARSE_OF:
            found[f"types of {COARSE_OF[entity.type]}"] = 1.0
    if names:
        found["known name"] = float(is_known(entity.text, names))
    info = extraction.seen_picture
    if entity.region is not None and info is not None:
        box = entity.region
        share = (box.x2 - box.x1) * (box.y2 - box.y1) / (info.width * info.height)
        found |= {"has a box": 1.0, "size of its box": log10(min(1.0, max(share, 1e-4)))}
    return found


def unsureness(uncertainty: float) -> float:
    """Convert an uncertainty to the feature `UNSURE`: its log-odds."""
    kept = min(_MOST, max(_LEAST, uncertainty))
    return log(kept / (1 - kept))


@dataclass(frozen=True, slots=True)
class Curve:
    """A chance of one entity's attribute, by the uncertainty that it might have."""

    base: float
    slope: float

    def __call__(self, uncertainty: float) -> float:
        """Compute the chance at an uncertainty."""
        logit = self.base + self.slope * unsureness(uncertainty)
        return 1.0 / (1.0 + exp(-max(-50.0, min(50.0, logit))))


def unsure_and(feature: str) -> str | None:
    """Name the product of `UNSURE` and a feature; None = they are not joined."""
    return f"{UNSURE} x {feature}" if feature.startswith(BENDING) else None


def curve(regression: PolicyRegression, features: Features) -> Curve:
    """Fill in all that a regression asks of an entity, its uncertainty apart."""
    weights = regression.weights
    known = sum(weights.get(name, 0.0) * value for name, value in features.items())
    bent = sum(weights.get(unsure_and(name) or "", 0.0) * value for name, value in features.items())
    return Curve(regression.bias + known, weights.get(UNSURE, 0.0) + bent)


def with_own_thresholds(extraction: Extraction, gain: PolicyGain | None) -> Extraction:
    """Add each entity's own thresholds to an extraction; without anything learned it comes back as it is."""
    if gain is None:
        return extraction
    names = unpack_names(gain.known_names)
    features = [features_of(entity, extraction, names) for entity in extraction.entities]
    own = (
        replace(extraction.thresholds, **_thresholds(entity.uncertainty, known, gain))
        for entity, known in zip(extraction.entities, features, strict=True)
    )
    return replace(extraction, own_thresholds=tuple(own))


def _thresholds(uncertainty: Uncertainty, features: Features, gain: PolicyGain) -> dict[Attribute, float]:
    curves = {name: (curve(one.own, features), curve(one.answer, features)) for name, one in gain.questions.items()}
    best = {name: max(one(uncertainty.of(name)) for one in both) for name, both in curves.items()}
    found: dict[Attribute, float] = dict.fromkeys(ATTRIBUTES, 1.0)
    for name, question in gain.questions.items():
        others = prod(chance for other, chance in best.items() if other != name)
        found[name] = _threshold(question, *curves[name], uncertainty.of(name), others)
    return found


def _threshold(question: PolicyQuestion, own: Curve, answer: Curve, uncertainty: float, others: float) -> float:
    """Find the threshold nearest to an uncertainty, on the side where the gain says that it lies."""

    def is_worth(value: float) -> bool:
        return (answer(value) - own(value)) * others > question.least_gain

    if uncertainty > question.floor and is_worth(uncertainty):
        below = (step for step in reversed(STEPS) if step < uncertainty and not is_worth(step))
        return max(question.floor, next(below, ALWAYS))
    least = max(uncertainty, question.floor)
    above = (last for last, step in pairwise(STEPS) if step > least and is_worth(step))
    return min(1.0, max(least, next(above, 1.0)))
