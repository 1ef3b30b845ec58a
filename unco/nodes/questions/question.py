"""Questions to the MLLM: the post, the entity, the run's choices, and the request made of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from unco.context import Context
from unco.errors import Rejected
from unco.nodes.verify import verify_type
from unco.prompts import Prompt, load_prompt, render
from unco.prompts.rendering import name_line
from unco.tools.box_frames.frame import Frame
from unco.tools.llm.privacy import Privacy
from unco.tools.llm.request import MAX_REPLY_TOKENS, Purpose, Request, SentPicture
from unco.types import ATTRIBUTES, Attribute, Entity, Extraction, LookUp, Neighbour

MAX_CALLS = 2
"""Calls for one question: the first, and one more when its answer cannot be read."""


def most_calls(context: Context, attribute: Attribute) -> int:
    """Return how many calls an attribute may take: a second look and a second opinion are questions of their own."""
    looks = attribute == "region" and load_prompt("region", context.prompt_version("region")).answer == "look"
    return MAX_CALLS * (1 + looks + context.second_opinion)


MAX_POST_ANSWER_TOKENS = 2048
"""Upper limit of a reply about a whole post, which may have many entities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about a post: the extraction, the picture, and the run's choices."""

    extraction: Extraction
    image: str | None
    """The picture as the caller named it."""
    context: Context
    model: str
    """The MLLM to ask."""
    frame: Frame | None
    """Its box frame; None when nobody will be asked, or when none is known and the post has no picture."""
    private: bool = False
    """Whether the caller marked the post private."""
    deadline: float | None = None
    """After which nothing is asked, in seconds since 1970."""
    calls: int = MAX_CALLS
    """Questions that the budget allows."""
    privacy: Privacy = Privacy()
    """How much of a picture may be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityQuestion(Question):
    """A question about an entity, as the earlier correctors left it, and its post."""

    entity: Entity
    neighbours: tuple[Neighbour, ...] = ()
    """The nearest other entities of the post."""
    facts: tuple[str, ...] = ()
    """What is known under the entity's name, for a prompt that quotes it."""
    look_up: LookUp | None = None
    """The search that found them; None = no tool was asked."""

    def threshold_of(self, attribute: Attribute) -> float:
        """Return the threshold of an attribute of the entity."""
        return self.extraction.thresholds_of(self.entity).of(attribute)

    @property
    def type_in_words(self) -> str:
        """The entity's type for a prompt; where it has none yet, the small model's hint.

        A hint that is a type of the list too stands there as one that was given.
        """
        kind, hint = self.entity.type, self.entity.hint
        if kind is not None or hint is None:
            return kind or "none yet"
        try:
            return verify_type(hint, self.extraction.labels)
        except Rejected:
            return f"none yet (the smaller model, which knows another list of types, says {hint})"


def request_of(
    question: Question,
    prompt: Prompt,
    values: Mapping[str, str | float],
    picture: SentPicture | None,
    attribute: Attribute | None,
    max_tokens: int = MAX_REPLY_TOKENS,
) -> Request:
    """Fill in a prompt and make it a request to the question's model.

    Args:
        question: who is asked, and about which post.
        prompt: one version.
        values: what its placeholders stand for.
        picture: goes along where the prompt wants one.
        attribute: what it is about; None = the whole post.
        max_tokens: upper limit of the reply's length.
    """
    rendered = render(prompt, **values)
    return Request(
        model=question.model,
        system=rendered.system,
        user=rendered.user,
        picture=picture if prompt.picture else None,
        max_tokens=max_tokens,
        schema=json.dumps(prompt.schema),
        types=_types(question, prompt),
        token_probabilities=_weighs_answer(question, prompt, attribute),
        prompt=prompt.id,
        prompt_hash=prompt.sha256,
        purpose=_purpose(question, attribute),
    )


def _weighs_answer(question: Question, prompt: Prompt, attribute: Attribute | None) -> bool:
    """Return whether the run has a level for what is asked: one attribute of an entity, all three, missed entities.

    Second opinions are no exception where an answer has a level: requests of before keep their keys.
    """
    if prompt.name == "recall":
        return question.extraction.accept.recall is not None
    if not isinstance(question, EntityQuestion):
        return False
    names = ATTRIBUTES if attribute is None else (attribute,)
    has_level = any(question.extraction.accept.of(name) is not None for name in names)
    if has_level or attribute is None or prompt.name == "second_opinion":
        return has_level
    return question.context.second_opinion_below is not None


def _types(question: Question, prompt: Prompt) -> tuple[str, ...]:
    """Return the names of the types as the prompt lists them; none where it does not, as then no key has them."""
    if not prompt.uses("labels"):
        return ()
    return tuple(dict.fromkeys(filter(None, (name_line(label.name) for label in question.extraction.labels))))


def _purpose(question: Question, attribute: Attribute | None) -> Purpose:
    purpose = Purpose(attribute=attribute, private=question.private, deadline=question.deadline)
    if not isinstance(question, EntityQuestion):
        return purpose
    purpose = replace(purpose, entity=question.entity.index)
    if attribute is None:
        return purpose
    return replace(purpose, uncertainty=(question.entity.uncertainty.of(attribute), question.threshold_of(attribute)))
