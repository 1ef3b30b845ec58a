"""Policy files: thresholds, the checkpoint and data they were chosen on, and their expected scores and costs.

`unco tune` writes one; `unco.tools.extraction.policy_extractor` runs a small model under it.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from unco.errors import SettingsError
from unco.plain_yaml import read_yaml
from unco.small_model.fingerprint import Fingerprint
from unco.tools.extraction.known_names import unpack_names
from unco.types import ALWAYS, Accept, Attribute, Thresholds

_MAX_CHARACTERS = 1_000_000
"""A larger file is refused."""


def _is_threshold(value: float) -> float:
    if not (0.0 <= value <= 1.0 or value == ALWAYS):
        raise ValueError(f"must lie in [0, 1], or be {ALWAYS} for always")
    return value


def _are_names(text: str) -> str:
    unpack_names(text)
    return text


Threshold = Annotated[float, AfterValidator(_is_threshold)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Level = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PolicyThresholds(_Section):
    """A threshold for each attribute, and the level of doubt above which an entity is dropped."""

    span: Threshold
    type: Threshold
    region: Threshold
    drop: Share = 1.0
    """1 = none is dropped, as in policies of earlier versions."""
    recall: Share | None = None
    """Chance of a near miss above which a post is asked about missed entities; None = none is looked for."""

    def as_thresholds(self) -> Thresholds:
        """Convert to the type that the graph uses."""
        return Thresholds(self.span, self.type, self.region, drop=self.drop, recall=self.recall)


class PolicyAccept(_Section):
    """The least belief in a change of each attribute; null = every verified answer counts."""

    span: Level | None = None
    type: Level | None = None
    region: Level | None = None
    recall: Level | None = None
    """The least confidence in an entity that recall adds, which `unco tune` does not choose."""

    def as_accept(self) -> Accept:
        """Convert to the type that the graph uses."""
        return Accept(self.span, self.type, self.region, self.recall)


class PolicyCheckpoint(_Section):
    """The small model that the thresholds are for; see `unco.small_model.fingerprint.Fingerprint`."""

    name: str
    sha256: Sha256
    scheme: str
    estimator: str
    normaliser: dict[Attribute, tuple[Number, Number]]


class PolicyData(_Section):
    """The posts that the thresholds were chosen on."""

    sha256: Sha256
    """Of tokens and gold entities."""
    posts: Annotated[int, Field(ge=0)]
    entities: Annotated[int, Field(ge=0)]
    """That the small model found."""


class PolicyMllm(_Section):
    """The models and prompts whose answers the thresholds were chosen by."""

    models: tuple[str, ...]
    """Model names as the replies gave them."""
    simulated: str = ""
    """How a simulated model erred, or its name where that is not known; empty = a real one."""
    prompts: dict[Attribute, str]
    """Name, version and hash."""
    stated_thresholds: PolicyThresholds
    """The thresholds that the prompts stated."""


class PolicyRegression(_Section):
    """A chance as a logistic regression of what is known of an entity; see `unco.tools.extraction.own_thresholds`."""

    bias: Number
    weights: dict[str, Number]
    """By feature; one that is missing does not count."""


class PolicyQuestion(_Section):
    """What was learned about the questions about one attribute."""

    own: PolicyRegression
    """Chance that the small model is right; of type and region where its span is."""
    answer: PolicyRegression
    """Chance that the value after the question is right."""
    least_gain: Number
    """Least gain for which the question is asked, in the chance that the whole entity is right."""
    floor: Threshold = ALWAYS
    """Uncertainty up to which nothing was recorded, so that nothing was learned, and nobody is asked."""


class PolicyGain(_Section):
    """What was learned about gains, from which each entity gets thresholds of its own."""

    questions: dict[Attribute, PolicyQuestion]
    """An attribute that is missing is never asked about: it does not count for the task."""
    learned: tuple[str, ...] = ()
    """What it is, in words."""
    known_names: Annotated[str, AfterValidator(_are_names)] = ""
    """Hashes of the names of the training data, see `unco.tools.extraction.known_names`."""


REFERENCE_STEPS = 101
"""Length of the scale that posts are described on."""


class PolicyReference(_Section):
    """What the posts looked like, without labels, to which `unco watch` compares others; see `unco.evals.watch`."""

    posts: Annotated[int, Field(ge=1)]
    counts: dict[
        str,
        Annotated[
            tuple[Annotated[int, Field(ge=0)], ...],
            Field(min_length=REFERENCE_STEPS, max_length=REFERENCE_STEPS),
        ],
    ]
    """By what is watched: how many posts have the value 0, 1, ... 100."""


class Estimate(_Section):
    """An estimated value and its 95 % interval over posts."""

    value: Number
    low: Number
    high: Number


class Policy(_Section):
    """The content of a policy file."""

    version: Literal[1] = 1
    method: str
    """How the thresholds were chosen."""
    promise: str = ""
    """What is guaranteed, in words; empty = nothing."""
    thresholds: PolicyThresholds
    accept: PolicyAccept = PolicyAccept()
    """Missing in files of before, and where no confidence was recorded."""
    gain: PolicyGain | None = None
    """Where it is there, each entity has thresholds of its own, and `thresholds` are those of what it cannot judge."""
    checkpoint: PolicyCheckpoint | None = None
    """None = not known."""
    data: PolicyData
    mllm: PolicyMllm
    expected: dict[str, Estimate]
    """F1 by task, shares of entities asked about, calls per entity, US dollars per 1,000 posts."""
    notes: tuple[str, ...] = ()
    """Approximations made, and caveats."""
    reference: PolicyReference | None = None
    """None = written by an earlier version, or by hand."""


def read_policy(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        SettingsError: it cannot be read or is no policy; names the fields.
    """
    try:
        return Policy.model_validate(read_yaml(path, _MAX_CHARACTERS))
    except (OSError, ValueError) as error:  # pydantic's is a ValueError
        raise SettingsError(f"the policy {path} {_problem(error)}") from error


def _problem(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"cannot be read: {' '.join(str(error).split())}"
    named = ((".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()[:5])
    faults = "; ".join(f"{place}: {message}" if place else message for place, message in named)  # of the whole file: ""
    return f"is none: {faults}: write one with `unco tune`"


class _Dumper(yaml.SafeDumper):
    """Writes a tuple as one run of numbers, not as a line for each."""


_Dumper.add_representer(tuple, lambda dumper, row: dumper.represent_sequence("tag:yaml.org,2002:seq", row, True))


def write_policy(policy: Policy, path: Path) -> None:
    """Write a policy file; `read_policy` gives back the same policy.

    Raises:
        SettingsError: it cannot be written.
    """
    unused = {"accept": PolicyAccept(), "gain": None, "reference": None}
    absent = {name for name, value in unused.items() if getattr(policy, name) == value}
    data = policy.model_dump(mode="json", exclude=absent)
    if policy.reference is not None:
        data["reference"]["counts"] = dict(policy.reference.counts)
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise SettingsError(f"the policy {path} cannot be written: {error.strerror or error}") from error


def policy_checkpoint(fingerprint: Fingerprint) -> PolicyCheckpoint:
    """Convert a fingerprint to the section of a policy."""
    return PolicyCheckpoint.model_validate(asdict(fingerprint))
