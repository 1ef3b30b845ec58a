"""Prompt files: found by their place, `<attribute>/<version>.yaml`, checked, hashed and filled in.

A new version needs a new file and no code. Fields of a file: see `Prompt`; placeholders: see `PLACEHOLDERS`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Any

import yaml

from unco.errors import SettingsError
from unco.types import ATTRIBUTES, Attribute, Label

FOLDER = Path(__file__).parent

PLACEHOLDERS: dict[Attribute, frozenset[str]] = {
    "span": frozenset({"text", "entity", "uncertainty", "threshold"}),
    "type": frozenset({"text", "entity", "entity_type", "labels", "uncertainty", "threshold"}),
    "region": frozenset({"text", "entity", "entity_type", "box", "frame", "uncertainty", "threshold"}),
}
"""What a corrector of each kind hands in. `box` is written in `frame`; `labels` are lines from `label_lines`."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One version of one corrector's prompt."""

    name: str
    """The corrector, and the folder of the file: span, type or region."""
    version: str
    """The file's name without .yaml, e.g. v1."""
    answer: Attribute
    """Which answer type reads the reply, and which placeholders can be used."""
    picture: bool
    """Whether the post's picture goes along."""
    changelog: str
    """One line: what is new against the version before."""
    system: str
    """Template of the system message, `$name` placeholders."""
    user: str
    """Template of the user message."""
    sha256: str
    """Of the file's bytes, hex."""
    leaves_out: tuple[str, ...] = ()
    """Placeholders that this version does without on purpose, as an ablation does; any other missing one is a fault."""

    @property
    def id(self) -> str:
        """Name and version, e.g. span/v1."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A prompt with its placeholders filled in: what is sent."""

    system: str
    user: str


def available_prompts() -> list[str]:
    """Ids of all prompt files, sorted, e.g. ["region/v1", "span/v1", "type/v1"]."""
    return sorted(f"{name}/{path.stem}" for name in ATTRIBUTES for path in (FOLDER / name).glob("*.yaml"))


@cache
def load_prompt(attribute: Attribute, version: str) -> Prompt:
    """One version of an attribute's prompt.

    Raises:
        SettingsError: no such version, or its file is not a prompt.
    """
    # Looked up among the files that exist, so that a version such as "../type/v1" opens nothing.
    versions = [found.split("/")[1] for found in available_prompts() if found.startswith(f"{attribute}/")]
    if version not in versions:
        raise SettingsError(
            f"no version {version!r} of the {attribute} prompt: there is {', '.join(versions) or 'none'}"
        )
    return _read(FOLDER / attribute / f"{version}.yaml")


def render(prompt: Prompt, **values: str | float) -> RenderedPrompt:
    """Fill a prompt in; a number is written with two decimals.

    The values are put in once and not looked at again, so a `$` in a post is safe. A marker of the prompt, such as
    `</post>`, that stands in a value loses its `<`: text from a post cannot step out of its place.

    Raises:
        SettingsError: a placeholder without a value, or a value that the prompt has no place for.
    """
    wanted = PLACEHOLDERS[prompt.answer]
    if wanted != values.keys():
        raise SettingsError(
            f"prompt {prompt.id}: missing values {sorted(wanted - values.keys())}, "
            f"unknown values {sorted(values.keys() - wanted)}"
        )
    markers = "|".join(map(re.escape, re.findall(r"</(\w+)>", prompt.user))) or r"(?!)"
    marker = re.compile(rf"<(?=\s*/?\s*(?:{markers})\b)", re.IGNORECASE)
    texts = {
        name: marker.sub("‹", value if isinstance(value, str) else f"{value:.2f}") for name, value in values.items()
    }
    return RenderedPrompt(Template(prompt.system).substitute(texts), Template(prompt.user).substitute(texts))


def label_lines(labels: Iterable[Label]) -> str:
    """Labels as a prompt lists them: one line each, `- PER: a person's name`."""
    return "\n".join(f"- {label.name}: {label.description}" for label in labels)


def changed_prompts() -> list[str]:
    """One sentence for each released prompt that is no longer what was released; empty when all is well.

    `locked.yaml` maps the id of each released prompt to the SHA-256 of its file.
    """
    now = {found: _hash(FOLDER / f"{found}.yaml") for found in available_prompts()}
    locked: dict[str, str] = yaml.safe_load((FOLDER / "locked.yaml").read_text(encoding="utf-8"))
    return [
        f"{released} is not what was released: put it back, and make a new version instead"
        for released, digest in locked.items()
        if now.get(released) != digest
    ]


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> Prompt:
    where = f"prompt {path.parent.name}/{path.stem}"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{where} is not YAML: {error}") from error
    known = {field.name for field in fields(Prompt)} - {"sha256"}
    required = known - {"leaves_out"}
    if not isinstance(content, dict) or not required <= content.keys() <= known:
        raise SettingsError(f"{where} needs exactly the keys {sorted(required)}, and may have leaves_out")
    content["leaves_out"] = tuple(content.get("leaves_out", ()))
    _check(where, path, content)
    return Prompt(**content, sha256=_hash(path))


def _check(where: str, path: Path, content: dict[str, Any]) -> None:
    """Refuse a prompt that lies about its place, or whose placeholders are not those of its attribute."""
    if (content["name"], content["version"]) != (path.parent.name, path.stem):
        raise SettingsError(f"{where} calls itself {content['name']}/{content['version']}")
    if content["answer"] not in ATTRIBUTES or not isinstance(content["picture"], bool):
        raise SettingsError(f"{where}: answer must be one of {', '.join(ATTRIBUTES)}, and picture true or false")
    templates = [Template(content["system"]), Template(content["user"])]
    if not all(template.is_valid() for template in templates):
        raise SettingsError(f"{where}: a lone $ must be written $$")
    used = {name for template in templates for name in template.get_identifiers()}
    wanted = PLACEHOLDERS[content["answer"]] - set(content["leaves_out"])
    if used != wanted:
        raise SettingsError(f"{where} uses the placeholders {sorted(used)} instead of {sorted(wanted)}")
