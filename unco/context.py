"""Settings of one run: what a caller, a server's client or Studio's form may choose. No keys, no addresses.

The endpoint's address and key are bound when the graph is built, from the environment: a client of a shared server must
not be able to send the server's key to a host of its choice.
"""

from dataclasses import dataclass, fields, replace
from math import inf
from typing import Any, ClassVar, Literal, get_args

from unco.errors import SettingsError
from unco.types import ALWAYS, ATTRIBUTES, UNTYPED, Accept, Label, Thresholds

Mode = Literal["off", "live", "record", "replay"]
"""`off`: never ask. `live`: ask, cached. `record`: ask and write down. `replay`: recordings only, no socket."""

Reviewable = Literal["rejected", "failed", "unavailable", "low_confidence"]
"""Outcomes of a correction that leave the small model's value unsettled."""

MOST_LABELS = 200
"""Types of a user's own list: a prompt names them all."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Choices for one run; None means the default named under the field."""

    __pydantic_config__: ClassVar[dict[str, bool]] = {"use_attribute_docstrings": True}
    """The text under each field stands in the JSON Schema, and so in Studio's form."""

    mode: Mode | None = None
    """How the correctors get answers. None = `live` when an endpoint is configured, else `off`."""
    model: str | None = None
    """Name of the MLLM at the endpoint. None = the configured one (`UNCO_LLM_MODEL`)."""
    frame: str | None = None
    """Box frame of that model, a name from `unco.tools.box_frames.frame`. None = looked up by the model's name."""
    span_threshold: float | None = None
    """From 0 to 1, or -1 for always: the MLLM is asked if the uncertainty is above it. None = the checkpoint's."""
    type_threshold: float | None = None
    """As for the span."""
    region_threshold: float | None = None
    """As for the span."""
    span_accept: float | None = None
    """From 0 to 1: an answer that changes the span needs this belief or more, or the small model's span stays. The
    belief weighs the probabilities of the answer's tokens against the small model's uncertainty. None = the policy's;
    without one, no probabilities are asked for."""
    type_accept: float | None = None
    """As for the span."""
    region_accept: float | None = None
    """As for the span."""
    recall_accept: float | None = None
    """Least confidence, in [0, 1], in an entity that recall adds: how probable its words and type are to the MLLM. At 0
    all are added, with their confidence. None = the policy's; without one, the probabilities are not asked for."""
    drop_threshold: float | None = None
    """From 0 to 1: an entity whose doubt is above it after all answers is dropped, and listed in `dropped`. The doubt
    is 1 - (1 - span)(1 - type) of its uncertainties. None = the policy's, else 1: nothing is dropped."""
    recall_threshold: float | None = None
    """From 0 to 1: the small model looks for near misses. If one has a higher chance, the MLLM is asked for missed
    entities; 1 = they are only listed. None = the policy's, else no search for them."""
    span_prompt: str = "v1"
    """Version of the span corrector's prompt."""
    type_prompt: str = "v1"
    """Version of the type corrector's prompt."""
    region_prompt: str = "v1"
    """Version of the region corrector's prompt."""
    post_calls: int | None = None
    """Most questions about one post. The most uncertain attributes come first, the others are `unavailable`. None =
    no limit."""
    post_usd: float | None = None
    """Most US dollars for one post, in the same way; needs the model's price. None = no limit."""
    post_seconds: float | None = None
    """After this number of seconds, no question about the post begins. None = only each call has a deadline."""
    one_shot_prompt: str = "v1"
    """Version of the prompt that corrects all three at once; the variant `one_shot` asks it."""
    generate_prompt: str = "v1"
    """Version of the prompt that asks for all entities; the variant `generate` asks it."""
    recall_prompt: str = "v1"
    """Version of the prompt that asks for missed entities."""
    recall: bool = False
    """Whether to ask, once a post, for entities that the small model missed."""
    second_opinion: bool = False
    """Whether a change needs a second question: it counts only if the MLLM chooses the new value again."""
    second_opinion_below: float | None = None
    """Ask the second question only if the belief in a change is below this level, in [0, 1]. Needs an endpoint that
    gives the probabilities of tokens. None = about each change."""
    second_opinion_prompt: str = "v1"
    """Version of that question's prompt."""
    close_up_prompt: str = "v1"
    """Version of the question with a part of the picture, which the region prompt `v3` may ask to see closer."""
    strict_pictures: bool = False
    """Whether a picture that cannot be used is an error of its post. Otherwise only the text is read, with a
    warning."""
    labels: tuple[Label, ...] | None = None
    """Types of your own, each with `name` and `description`: the MLLM chooses one for each entity. None = the small
    model's types."""
    memory: str | None = None
    """Name of a memory in the graph's store. Answers and reviews about a name are kept there, and change the doubt of
    later mentions. None = no memory."""
    review: tuple[Reviewable, ...] = ()
    """Outcomes about which a person is asked, for attributes above their thresholds. The run stops once for the post
    and goes on with `Command(resume=...)`. Needs a checkpointer. Empty = nobody is asked."""

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything.

        Raises:
            SettingsError: a mode that does not exist, a threshold outside [0, 1] that is not -1, a level for second
                opinions without these.
        """
        if self.labels is not None:
            object.__setattr__(self, "labels", _checked_labels(self.labels))
        object.__setattr__(self, "review", _checked_outcomes(self.review))
        if self.mode is not None and self.mode not in get_args(Mode):
            raise SettingsError(f"unknown mode {self.mode!r}: choose one of {', '.join(get_args(Mode))}")
        for name in ("recall", "second_opinion", "strict_pictures"):
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"{name} must be true or false, got {getattr(self, name)!r}")
        optional = ("model", "frame", "memory")
        for name in (*optional, *(field.name for field in fields(self) if field.name.endswith("_prompt"))):
            value = getattr(self, name)
            if not (isinstance(value, str) or (value is None and name in optional)):
                raise SettingsError(f"{name} must be a string, got {value!r}")
        for name in ("post_calls", "post_usd", "post_seconds"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and 0 <= value < inf and value is not True):
                raise SettingsError(f"{name} must be a number of at least 0, got {value!r}")
        for name in ATTRIBUTES:
            value = getattr(self, f"{name}_threshold")
            if value is not None and not _is_threshold(value):
                raise SettingsError(f"{name}_threshold must be a number in [0, 1], or -1 for always, got {value!r}")
        levels = (f"{level.name}_accept" for level in fields(Accept))
        for name in (*levels, "drop_threshold", "recall_threshold", "second_opinion_below"):
            value = getattr(self, name)
            if value is not None and not (_is_threshold(value) and value >= 0):
                raise SettingsError(f"{name} must be a number in [0, 1], got {value!r}")
        if self.second_opinion_below is not None and not self.second_opinion:
            raise SettingsError("second_opinion_below needs second_opinion: without it nobody is asked again")

    def thresholds(self, default: Thresholds) -> Thresholds:
        """Return these thresholds where given, `default` elsewhere."""
        given = {name: getattr(self, f"{name}_threshold") for name in ATTRIBUTES}
        chosen = {name: default.of(name) if value is None else float(value) for name, value in given.items()}
        drop = default.drop if self.drop_threshold is None else float(self.drop_threshold)
        recall = default.recall if self.recall_threshold is None else float(self.recall_threshold)
        return Thresholds(**chosen, drop=drop, recall=recall)

    def accept(self, default: Accept) -> Accept:
        """Return these levels of confidence where given, `default` elsewhere."""
        given = {field.name: getattr(self, f"{field.name}_accept") for field in fields(Accept)}
        return replace(default, **{name: float(value) for name, value in given.items() if value is not None})

    def prompt_version(self, name: str) -> str:
        """Return which version of a prompt to use, by its name, see `unco.prompts.PromptName`."""
        version: str = getattr(self, f"{name}_prompt")
        return version


def _checked_labels(given: Any) -> tuple[Label, ...]:
    """Make labels of what a caller, or a server's client, gave: labels, or objects with their two fields."""
    try:
        labels = tuple(one if isinstance(one, Label) else Label(**one) for one in given)
        names = [" ".join(label.name.split()).casefold() for label in labels]
        described = all(isinstance(label.description, str) for label in labels)
    except (TypeError, AttributeError) as error:
        raise SettingsError(f"labels must be a list of `name` and `description`: {error}") from error
    distinct = len(set(names) - {"", UNTYPED}) == len(names)
    if not (described and distinct and 0 < len(labels) <= MOST_LABELS):
        raise SettingsError(
            f"labels must be 1 to {MOST_LABELS}, each name once, none empty or {UNTYPED!r}; got {names[:20]}"
        )
    return labels


def _checked_outcomes(given: Any) -> tuple[Reviewable, ...]:
    known = get_args(Reviewable)
    if not (isinstance(given, list | tuple) and all(outcome in known for outcome in given)):
        raise SettingsError(f"review must be a list of outcomes, of {', '.join(known)}; got {given!r}")
    return tuple(given)


def _is_threshold(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (0.0 <= value <= 1.0 or value == ALWAYS)  # type: ignore[operator]  # a number, as just seen
