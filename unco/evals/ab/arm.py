"""One arm of an A/B comparison: the settings in which it differs from the others, on the same posts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args

from unco.context import Context
from unco.errors import SettingsError
from unco.graph.variants import Variant
from unco.tools.extraction.policy import Policy, PolicyGain, read_policy
from unco.types import ATTRIBUTES, Accept

PROMPTS = (*ATTRIBUTES, "one_shot", "generate", "recall")
"""Prompts whose version an arm may set."""

THRESHOLDS = tuple(f"{name}_threshold" for name in (*ATTRIBUTES, "drop", "recall"))
ACCEPT = tuple(f"{level.name}_accept" for level in fields(Accept))

CHOICES = (
    *PROMPTS,
    *THRESHOLDS,
    *ACCEPT,
    "second_opinion",
    "second_opinion_below",
    "missed",
    "model",
    "frame",
    "variant",
    "policy",
    "checkpoint",
    "estimator",
)
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
    gain: PolicyGain | None = None
    """What a policy has learned, from which each entity gets thresholds of its own; None = nothing."""

    @property
    def small_model(self) -> tuple[str | None, str | None]:
        """The checkpoint and the estimator; arms with equal ones start from the same entities."""
        return self.checkpoint, self.estimator


def parse_arm(text: str) -> Arm:
    """Parse an arm as a user writes it: `span=span/v2`, or several settings separated by commas.

    `span=v2,region=v2`: versions of prompts. `span_threshold=0.3`: a threshold.
    `drop_threshold=0.6`: above which doubt entities are dropped. `model=NAME`: an MLLM of the endpoint.
    `policy=FILE`: what `unco tune` wrote. `second_opinion=true`: a change must be confirmed,
    with `second_opinion_below=0.6` only one that is believed less.
    `missed=true`: each post is asked for missed entities.
    `variant=one_shot`: another graph.
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
    policy = read_policy(Path(chosen["policy"])) if "policy" in chosen else None
    of_arm = {name: chosen[name] for name in _ARM_FIELDS if name in chosen}
    return Arm(text, _context(text, chosen, policy), gain=policy.gain if policy else None, **of_arm)


_ARM_FIELDS = ("variant", "checkpoint", "estimator")


def _context(text: str, chosen: Mapping[str, str], policy: Policy | None) -> Context:
    fields: dict[str, Any] = {}
    if policy is not None:
        # A threshold of the context would win over an entity's own.
        names = THRESHOLDS if policy.gain is None else THRESHOLDS[len(ATTRIBUTES) :]
        fields |= {name: getattr(policy.thresholds, name.removesuffix("_threshold")) for name in names}
        fields |= {name: getattr(policy.accept, name.removesuffix("_accept")) for name in ACCEPT}
    for name, value in chosen.items():
        if name in PROMPTS:
            fields[f"{name}_prompt"] = value.removeprefix(f"{name}/")
        elif name in (*THRESHOLDS, *ACCEPT, "second_opinion_below"):
            fields[name] = _number(text, name, value)
        elif name in ("second_opinion", "missed"):
            fields["recall" if name == "missed" else name] = _switch(text, name, value)
        elif name not in (*_ARM_FIELDS, "policy"):
            fields[name] = value
    if "second_opinion_below" in fields and not fields.get("second_opinion"):
        raise SettingsError(f"arm {text!r}: second_opinion_below needs second_opinion=true")
    return replace(Context(), **fields)


def _switch(text: str, name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise SettingsError(f"arm {text!r}: {name} must be true or false, got {value!r}")
    return value == "true"


def _number(text: str, name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise SettingsError(f"arm {text!r}: {name} must be a number, got {value!r}") from error
