"""Uncertainties of the small model, and the thresholds above which a corrector is asked. Higher = less sure."""

from dataclasses import dataclass, fields
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
        """Return the uncertainty of one attribute."""
        number: float = getattr(self, attribute)
        return number

    @property
    def doubt(self) -> float:
        """Chance that span or type is wrong, where the two numbers are chances: 1 - (1 - span)(1 - type); in [0, 1]."""
        # So written, a 0 leaves the other as it is; a small model of the user's own may leave [0, 1].
        return min(1.0, self.span + (1.0 - self.span) * self.type)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Above which uncertainty an attribute is sent to its corrector; each in [0, 1] or ALWAYS, compared strictly."""

    span: float
    type: float
    region: float
    drop: float = 1.0
    """Above which doubt (`Entity.doubt`) an entity is dropped once all answers are in, in [0, 1]; 1 = none is."""
    recall: float | None = None
    """Above which chance a near miss has its post asked about missed entities, in [0, 1]; None = none is looked for."""

    def __post_init__(self) -> None:
        """Refuse a threshold outside [0, 1] that is not ALWAYS, and other levels outside [0, 1]."""
        if not 0.0 <= self.drop <= 1.0:
            raise ValueError(f"the level to drop above must lie in [0, 1], got {self.drop!r}")
        if self.recall is not None and not 0.0 <= self.recall <= 1.0:
            raise ValueError(f"the recall threshold must lie in [0, 1], got {self.recall!r}")
        for name in ATTRIBUTES:
            if not (0.0 <= self.of(name) <= 1.0 or self.of(name) == ALWAYS):
                raise ValueError(f"the {name} threshold must lie in [0, 1] or be {ALWAYS}, got {self.of(name)!r}")

    def of(self, attribute: Attribute) -> float:
        """Return the threshold of one attribute."""
        threshold: float = getattr(self, attribute)
        return threshold

    def are_exceeded(self, uncertainty: Uncertainty, attribute: Attribute) -> bool:
        """Return whether an attribute is routed to its corrector: its uncertainty is strictly above its threshold."""
        return uncertainty.of(attribute) > self.of(attribute)


@dataclass(frozen=True, slots=True)
class Accept:
    """Least belief, in [0, 1], in an answer that changes a value; None = every verified answer counts.

    See `unco.nodes.questions.accept.belief_in_change`.
    """

    span: float | None = None
    type: float | None = None
    region: float | None = None
    recall: float | None = None
    """Least confidence, in [0, 1], in an entity that recall adds; None = nobody asks how sure the MLLM is."""

    def __post_init__(self) -> None:
        """Refuse a level outside [0, 1]."""
        for field in fields(self):
            level: float | None = getattr(self, field.name)
            if level is not None and not 0.0 <= level <= 1.0:
                raise ValueError(f"the {field.name} level to accept must lie in [0, 1], got {level!r}")

    def of(self, attribute: Attribute) -> float | None:
        """Return the level of one attribute; None for one that has none, such as one of a corrector of your own."""
        level: float | None = getattr(self, attribute, None)
        return level
