"""How unsure the small model is, and above which doubt somebody is asked. Higher = less sure."""

from dataclasses import dataclass
from typing import Literal, get_args

Attribute = Literal["span", "type", "region"]
"""What can be wrong about an entity, in the order of Algorithm 1."""


ATTRIBUTES: tuple[Attribute, ...] = get_args(Attribute)


ALWAYS = -1.0
"""A threshold below every uncertainty: each attribute is sent to its corrector."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """One number for each attribute of an entity (Eq. 7); higher = less sure."""

    span: float
    type: float
    region: float

    def of(self, attribute: Attribute) -> float:
        """The number of one attribute."""
        return {"span": self.span, "type": self.type, "region": self.region}[attribute]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Above which uncertainty an attribute is sent to its corrector; each in [0, 1] or ALWAYS, compared strictly."""

    span: float
    type: float
    region: float

    def __post_init__(self) -> None:
        """Refuse other values."""
        for name in ATTRIBUTES:
            if not (0.0 <= self.of(name) <= 1.0 or self.of(name) == ALWAYS):
                raise ValueError(f"the {name} threshold must lie in [0, 1] or be {ALWAYS}, got {self.of(name)!r}")

    def of(self, attribute: Attribute) -> float:
        """The threshold of one attribute."""
        return {"span": self.span, "type": self.type, "region": self.region}[attribute]

    def are_exceeded(self, uncertainty: Uncertainty, attribute: Attribute) -> bool:
        """Tell whether an attribute is routed to its corrector: its uncertainty is strictly above its threshold."""
        return uncertainty.of(attribute) > self.of(attribute)
