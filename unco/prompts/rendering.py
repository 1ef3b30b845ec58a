"""Fills prompts in, and writes the lines that go into them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from string import Template

from unco.errors import SettingsError
from unco.prompts.registry import Prompt, used_placeholders
from unco.prompts.specs import PROMPTS
from unco.types import Label, Neighbour

_INVISIBLE = (
    "[\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufe00-\\ufe0f\\ufeff\\U000e0000-\\U000e01ef]"
)
"""Invisible characters: joiners, directions, variation selectors, tags."""


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A prompt with its placeholders filled in: what is sent."""

    system: str
    user: str


def render(prompt: Prompt, **values: str | float) -> RenderedPrompt:
    """Fill a prompt in; a number is written with two decimals. Values that this version has no place for are dropped.

    The values are put in once and not looked at again, so a `$` in a post is safe. A marker of the prompt, such as
    `</post>`, that stands in a value loses its `<`: text from a post cannot step out of its place.

    Raises:
        SettingsError: a placeholder without a value, or a value that no version of this prompt has a place for.
    """
    used = used_placeholders(prompt.system, prompt.user)
    missing, unknown = used - values.keys(), values.keys() - PROMPTS[prompt.name].placeholders
    if missing or unknown:
        raise SettingsError(f"prompt {prompt.id}: missing values {sorted(missing)}, unknown values {sorted(unknown)}")
    marker = _marker(tuple(re.findall(r"</(\w+)>", prompt.user)))
    texts = {
        name: marker.sub("‹", value if isinstance(value, str) else f"{value:.2f}")
        for name, value in values.items()
        if name in used
    }
    return RenderedPrompt(Template(prompt.system).substitute(texts), Template(prompt.user).substitute(texts))


@cache
def _marker(names: tuple[str, ...]) -> re.Pattern[str]:
    """Compile a pattern for the `<` of a marker, also of a look-alike or with invisible characters in between."""
    pattern = "|".join(f"{_INVISIBLE}*".join(map(re.escape, name)) for name in names) or r"(?!)"
    return re.compile(rf"[<\uff1c\ufe64](?=(?:\s|/|\uff0f|{_INVISIBLE})*(?:{pattern})\b)", re.IGNORECASE)


def label_lines(labels: Iterable[Label]) -> str:
    """List labels for a prompt: one line each, `- PER: a person's name`."""
    return "\n".join(f"- {label.name}: {label.description}" for label in labels)


def neighbour_lines(neighbours: Iterable[Neighbour]) -> str:
    """List other entities for a prompt: one line each, `- Blue Owls (ORG)`."""
    return "\n".join(f"- {one_line(found.text)} ({found.type})" for found in neighbours) or "(none)"


def fact_lines(facts: Iterable[str]) -> str:
    """List facts for a prompt: one line each."""
    return "\n".join(f"- {one_line(fact)}" for fact in facts) or "(none)"


def name_line(text: str) -> str:
    """Return a name as it is shown: its first line, for a name has but one."""
    return one_line(next(iter(text.strip().splitlines()), ""))


def one_line(text: str) -> str:
    """Replace line breaks in a text, so that it cannot look like several items of a list."""
    return " ".join(text.split())
