"""Decides which token counts of an endpoint are believed; live, batch and recorded replies are read by it."""

from typing import Any, NamedTuple

_MAX_TOKENS = 10**9
"""Larger counts are not believed."""


class TokenCounts(NamedTuple):
    """The tokens of a reply, both sides known or none."""

    input: int | None
    output: int | None
    cached: int
    """Input tokens that the provider had in its own cache; 0 = none, or not known."""


UNKNOWN = TokenCounts(None, None, 0)
"""The counts of an endpoint that reports none."""


def token_counts(usage: object, text: str) -> TokenCounts:
    """Read the `usage` of a chat completion.

    Args:
        usage: as the endpoint sent it; of any shape.
        text: the answer, which cannot have cost nothing unless it is empty.
    """
    if not isinstance(usage, dict):
        return UNKNOWN
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    answered = _with_thoughts(usage)
    return believed_counts(usage.get("prompt_tokens"), answered, cached, text)


def _with_thoughts(usage: dict[str, Any]) -> object:
    """Return the tokens of an answer, with those of the thoughts where a server counts them in the total alone.

    Source: xAI, Consumption and rate limits; Gemini's OpenAI interface (mozilla-ai/any-llm issue 1290).
    """
    asked, answered, total = (_count(usage.get(f"{name}_tokens")) for name in ("prompt", "completion", "total"))
    if asked is None or answered is None or total is None:
        return usage.get("completion_tokens")
    return max(answered, total - asked)


def believed_counts(input_tokens: object, output_tokens: object, cached: object, text: str) -> TokenCounts:
    """Return the counts if they can be true, else `UNKNOWN`: half of a cost would pass for the whole.

    A question always has tokens, and so has an answer that says something. A cached part that is more than the whole
    counts as 0, which is the dearer reading.
    """
    asked, answered, saved = _count(input_tokens), _count(output_tokens), _count(cached)
    if not asked or answered is None or (text and not answered):
        return UNKNOWN
    return TokenCounts(asked, answered, saved if saved is not None and saved <= asked else 0)


def _count(value: object) -> int | None:
    """Return a count of tokens; None where the value cannot be one: null, a text, true, NaN, negative."""
    return value if type(value) is int and 0 <= value < _MAX_TOKENS else None
