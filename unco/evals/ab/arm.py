"""One arm of an A/B comparison: the settings in which it differs from the others, on the same posts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args

from unco.context import Context
from unco.errors import SettingsError
from unco.graph.variants import Variant
from unco.tools.extraction.policy import read_policy
from unco.types import ATTRIBUTES, Accept

PROMPTS = (*ATTRIBUTES, "one_shot", "generate", "recall")
"""Prompts whose version an arm may set."""

THRESHOLDS = tuple(f"{name}_threshold" for name in (*ATTRIBUTES, "drop", "recall"))
ACCEPT = tuple(f"{level.name}_accept" for level in fields(Accept))

CHOICES = (*PROMPTS, *THRESHOLDS, *ACCEPT, "model", "frame", "variant", "policy", "checkpoint", "estimator")
"""Settings that an arm may change."""


@dataclass(frozen=True, slots=True)
class Arm:
    """The settings of one arm; everything else is the default, the same for all arms."""

    name: str
    context: Context = field(default_factory=Context)
    variant: str = "unco"
    """A name of `unco.graph.variants`."""
    checkpoint: str | None = None
    """Small model: folder or hub name; None = the experiment's own."""
    estimator: str | None = None
    """Uncertainty estimator; None = the checkpoint's first choice."""

    @property
    def small_model(self) -> tuple[str | None, str | None]:
        """The checkpoint and the estimator; arms with equal ones start from the same entities."""
        return self.checkpoint, self.estimator


def parse_arm(text: str) -> Arm:
    """Parse an arm as a user writes it: `span=span/v2`, or several settings separated by commas.

    `span=v2,region=v2`: versions of prompts. `span_threshold=0.3`: a threshold.
    `drop_threshold=0.6`: above which doubt entities are dropped. `model=NAME`: an MLLM of the endpoint.
    `policy=FILE`: the thresholds of `unco tune`. `variant=one_shot`: another graph.
    `checkpoint=FOLDER`, `estimator=NAME`: another small model.

    Raises:
        SettingsError: no such choice, or no such value.
    """
    chosen: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        if not equals or not value or name not in CHOICES:
            raise SettingsError(f"arm {text!r}: {part!r} is no choice: write NAME=VALUE, NAME of {', '.join(CHOICES)}")
        if name in chosen:
            raise SettingsError(f"arm {text!r} chooses {name} twice")
        chosen[name] = value
    if chosen.get("variant", "unco") not in get_args(Variant):
        raise SettingsError(f"arm {text!r}: unknown variant: choose one of {', '.join(get_args(Variant))}")
    return Arm(text, _context(text, chosen), **{name: chosen[name] for name in _ARM_FIELDS if name in chosen})


_ARM_FIELDS = ("variant", "checkpoint", "estimator")


def _context(text: str, chosen: Mapping[str, str]) -> Context:
    fields: dict[str, Any] = {}
    if "policy" in chosen:
        policy = read_policy(Path(chosen["policy"]))
        fields |= {name: getattr(policy.thresholds, name.removesuffix("_threshold")) for name in THRESHOLDS}
        fields |= {name: getattr(policy.accept, name.removesuffix("_accept")) for name in ACCEPT}
    for name, value in chosen.items():
        if name in PROMPTS:
            fields[f"{name}_prompt"] = value.removeprefix(f"{name}/")
        elif name in (*THRESHOLDS, *ACCEPT):
            fields[name] = _number(text, name, value)
        elif name not in (*_ARM_FIELDS, "policy"):
            fields[name] = value
    return replace(Context(), **fields)


def _number(text: str, name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise SettingsError(f"arm {text!r}: {name} must be a number, got {value!r}") from error
