"""Families of models that are known to need another request than the plain one.

Where a family is not listed, or a server behaves otherwise, the endpoint's refusal tells: see `request_shape`.
"""

import re
from dataclasses import dataclass
from typing import Literal

LimitField = Literal["max_completion_tokens", "max_tokens", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a family of models needs; the defaults are those of a model that is not known."""

    names: str = ""
    """Regular expression that the model's name matches somewhere, in any case."""
    source: str = ""
    """Where this is documented or was reported."""
    temperature: bool = True
    """Whether a temperature may be sent."""
    limit_field: LimitField = "max_completion_tokens"
    """Name of the field that limits a reply's tokens."""
    room: int = 1
    """Factor on the token limit of models whose hidden reasoning counts against it."""


FAMILIES = (
    Family(
        names=r"(^|/)(gpt-5|o[1-9])(\b|-)",
        source="platform.openai.com, Reasoning models: default temperature only; reasoning counts against the limit",
        temperature=False,
        room=4,
    ),
    Family(
        names=r"claude-(opus|sonnet|haiku)-(4[-.][7-9]|[5-9])(?!\d)|claude-fable",
        source="platform.claude.com, Migration guide: temperature is refused from Opus 4.7 on",
        temperature=False,
    ),
    Family(
        names=r"kimi-(k2\.[5-9]|k[3-9])|kimi-for-coding",
        source="platform.kimi.ai, Models overview: a fixed temperature; thinks by default",
        temperature=False,
        room=4,
    ),
    Family(
        names=r"magistral",
        source="docs.mistral.ai, Reasoning; github.com/HKUDS/nanobot/pull/2494",
        limit_field="max_tokens",
        room=4,
    ),
    Family(
        names=r"(mi|mini|pix|dev|code?|vox)stral|pixtral",
        source="docs.mistral.ai, Chat completion: extra fields are refused (mistralai/platform-docs-public#7)",
        limit_field="max_tokens",
    ),
    Family(
        names=r"gemini-(2\.5|[3-9])",
        source="ai.google.dev, Thinking: thoughts count against the limit",
        room=4,
    ),
    Family(
        names=r"(^|[-_/])(thinking|reasoner|reasoning|qvq|qwq|glm-4\.[1-9]v?|glm-[5-9])",
        source="github.com/BerriAI/litellm-docs/pull/559: models that think by default use up a modest limit",
        room=4,
    ),
)


def family_of(model: str) -> Family:
    """Return what is known of a model's family by its name; the defaults where nothing is."""
    return next((family for family in FAMILIES if re.search(family.names, model, re.IGNORECASE)), Family())
