"""How a simulated model errs: chances, read from a YAML file."""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from unco.errors import SettingsError
from unco.plain_yaml import read_yaml

Malformed = Literal[
    "fenced",
    "think",
    "single_quotes",
    "trailing_comma",
    "prose",
    "truncated",
    "empty",
    "several",
    "numbers_as_strings",
    "box_as_string",
    "box_as_dictionary",
    "wrong_key",
    "null_content",
]
"""Ways in which an answer can be malformed; the three about boxes leave an answer without a box as it is."""

Fault = Literal["rate_limit", "rate_limit_retry_after", "server_error", "reset", "hang"]
"""What can happen instead of an answer: 429 without and with Retry-After, 500, a reset connection, no answer at all."""

MALFORMED: tuple[Malformed, ...] = get_args(Malformed)
FAULTS: tuple[Fault, ...] = get_args(Fault)

Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Chances(_Strict):
    """One chance for each attribute, in [0, 1]."""

    span: Share
    type: Share
    region: Share


class Losses(_Strict):
    """Share of the right answers about each attribute that go wrong, in [0, 1]."""

    span: Share = 0
    type: Share = 0
    region: Share = 0


class Harder(_Strict):
    """Entities that a simulated model errs about more often: those for which all that is given holds."""

    types: tuple[str, ...] = ()
    """Their gold types, or coarser ones that these belong to; empty = any."""
    known: bool | None = None
    """Whether the name stands in the training data; None = either."""
    box_below: Share | None = None
    """Share of the picture that the largest of their boxes is below; None = any, or no box."""
    lost: Losses
    """What it costs; where several of a profile hold, one after the other."""


class Profile(_Strict):
    """How a simulated model errs; as it stands, not at all."""

    right: Chances = Chances(span=1, type=1, region=1)
    """Chance of the gold answer; else a plausible wrong one."""
    harder: tuple[Harder, ...] = ()
    """Entities that it errs about more often. Empty = its errors depend on nothing."""
    without_reasoning: Share = 0
    """Share of these right answers that go wrong where a prompt asks for no reasoning."""
    without_uncertainty: Share = 0
    """The same, where a question about an entity does not say how unsure the small model is."""
    hallucination: Chances = Chances(span=0, type=0, region=0)
    """Chance of words that are not in the post, of a type that is not listed, of a box where the gold has none."""
    answer_auroc: Annotated[float, Field(ge=0.5, lt=1)] | None = None
    """How well the token probabilities of an answer's value tell right from wrong ones. None = there are none."""
    box_noise: Annotated[float, Field(ge=0, le=10)] = 0
    """Standard deviation of each corner, as a share of the box's side."""
    refusal: Share = 0
    """Chance of a refusal in prose."""
    malformed: dict[Malformed, Share] = {}
    """Chance of each kind; together at most 1."""
    faults: dict[Fault, Share] = {}
    """As `malformed`."""
    latency_s: Annotated[float, Field(ge=0)] = 0
    """Seconds before each answer."""
    hang_s: Annotated[float, Field(ge=0)] = 600
    """Seconds until a connection without an answer is closed."""
    response_format: Literal["json_schema", "json_object", "none"] = "json_schema"
    """What is understood; json_schema understands json_object too. What is not is refused with 400."""

    def less_accurate(self, lost: Losses) -> "Profile":
        """Copy the profile with a share of the right answers made wrong."""
        kept = {name: chance * (1 - getattr(lost, name)) for name, chance in self.right}
        return self.model_copy(update={"right": Chances(**kept)})

    @model_validator(mode="after")
    def _at_most_one(self) -> "Profile":
        for name, chances in (("malformed", self.malformed), ("faults", self.faults)):
            if sum(chances.values()) > 1 + 1e-9:
                raise ValueError(f"the chances of {name} are together above 1")
        return self


def read_profile(path: Path | None) -> Profile:
    """Read a profile from a YAML file; None = the one that never errs.

    Raises:
        SettingsError: the file cannot be read, or holds what is no profile; names the field.
    """
    if path is None:
        return Profile()
    try:
        return Profile.model_validate(read_yaml(path) or {})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"{path} is no profile ({', '.join(Profile.model_fields)}): {faults}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"profile {path} cannot be read: {error}") from error
