"""Fills prompts in, and writes the lines that go into them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import Template

from unco.errors import SettingsError
from unco.prompts.markers import headers_of, without_headers, without_markers
from unco.prompts.registry import Prompt, used_placeholders
from unco.prompts.specs import PROMPTS
from unco.types import Label, Neighbour


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A prompt with its placeholders filled in: what is sent."""

    system: str
    user: str


def render(prompt: Prompt, **values: str | float) -> RenderedPrompt:
    """Fill a prompt in; a number is written with two decimals. Values that this version has no place for are dropped.

    The values are put in once and not looked at again, so a `$` in a post is safe. A marker of the prompt, such as
    `</post>`, that stands in a value loses its `<`, however it is spelt: text from a post cannot step out of its place.
    So does a section header, such as `[Role]`, in any value but the post's text.

    Raises:
        SettingsError: a placeholder without a value, or a value that no version of this prompt has a place for.
    """
    used = used_placeholders(prompt.system, prompt.user)
    missing, unknown = used - values.keys(), values.keys() - PROMPTS[prompt.name].placeholders
    if missing or unknown:
        raise SettingsError(f"prompt {prompt.id}: missing values {sorted(missing)}, unknown values {sorted(unknown)}")
    texts = {name: _in_its_place(prompt, name, value) for name, value in values.items() if name in used}
    return RenderedPrompt(Template(prompt.system).substitute(texts), Template(prompt.user).substitute(texts))


def _in_its_place(prompt: Prompt, name: str, value: str | float) -> str:
    """Write a value so that it stays in its place."""
    if not isinstance(value, str):
        return f"{value:.2f}"
    if name == "entity_type":
        value = name_line(value)
    elif name == "entity" and len(value.splitlines()) > 1:
        value = one_line(value)
    value = without_markers(value, re.findall(r"</(\w+)>", prompt.user))
    return value if name == "text" else without_headers(value, headers_of(prompt.system, prompt.user))


def label_lines(labels: Iterable[Label]) -> str:
    """List labels for a prompt: one line each, `- PER: a person's name`."""
    return "\n".join(f"- {name_line(label.name)}: {one_line(label.description)}" for label in labels)


def neighbour_lines(neighbours: Iterable[Neighbour]) -> str:
    """List other entities for a prompt: one line each, `- Blue Owls (ORG)`."""
    shown = ((one_line(found.text), f" ({name_line(found.type)})" if found.type else "") for found in neighbours)
    return "\n".join(f"- {words}{kind}" for words, kind in shown) or "(none)"


def fact_lines(facts: Iterable[str]) -> str:
    """List facts for a prompt: one line each."""
    return "\n".join(f"- {one_line(fact)}" for fact in facts) or "(none)"


def name_line(text: str) -> str:
    """Return a name as it is shown: its first line, for a name has but one."""
    return one_line(next(iter(text.strip().splitlines()), ""))


def one_line(text: str) -> str:
    """Replace line breaks in a text, so that it cannot look like several items of a list."""
    return " ".join(text.split())
