"""Compares the names of models: servers list them with a tag or a provider in front, and answer to both."""

from collections.abc import Iterable


def listed_as(model: str, listed: Iterable[str]) -> str | None:
    """Return the listed name that means a model; None = none does.

    Names are the same that differ by `:latest` at the end (Ollama) or by a provider in front (`openai/gpt-4o`).
    """
    names = sorted(listed)
    return model if model in names else next((name for name in names if _same(name, model)), None)


def _same(one: str, other: str) -> bool:
    one, other = one.removesuffix(":latest"), other.removesuffix(":latest")
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")
