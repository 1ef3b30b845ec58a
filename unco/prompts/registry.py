"""Registry of prompt files: found by their path, `<name>/<version>.yaml`, checked and hashed.

A new version needs a new file and no code. Fields of a file: see `Prompt`; placeholders: see `specs`. Beside the
package's own files, those of the folder that `UNCO_PROMPTS` names are found, in the same layout.
"""

from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Any, Literal, get_args

from unco.environment import environment
from unco.errors import SettingsError
from unco.plain_yaml import read_yaml
from unco.prompts.demonstrations import Demonstration, read_demonstrations
from unco.prompts.specs import PROMPTS, AnswerName, PromptName, response_schema

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Prompt:
    """One version of one prompt."""

    name: PromptName
    """What is asked, and the folder of the file."""
    version: str
    """The file's name without .yaml, e.g. v1."""
    answer: AnswerName
    """Which answer type reads the reply."""
    picture: bool | Literal["marked"]
    """Whether the post's picture goes along; `marked`: with the candidate boxes drawn in."""
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
    reasoning: bool = True
    """Whether the answer begins with `reasoning_process`."""
    demonstrations: tuple[Demonstration, ...] = ()
    """Worked examples, for the placeholder of that name."""

    @property
    def id(self) -> str:
        """Name and version, e.g. span/v1."""
        return f"{self.name}/{self.version}"

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the answer, in the strict dialect."""
        return response_schema(self.answer, self.reasoning)

    def uses(self, placeholder: str) -> bool:
        """Return whether the prompt has a place for a value."""
        return placeholder in used_placeholders(self.system, self.user)


_REQUIRED_KEYS = {"name", "version", "answer", "picture", "changelog", "system", "user"}
_KEYS = {field.name for field in fields(Prompt)} - {"sha256"}


@cache
def used_placeholders(system: str, user: str) -> frozenset[str]:
    """Find the placeholders of two templates."""
    return frozenset(name for text in (system, user) for name in Template(text).get_identifiers())


def prompt_files() -> dict[str, Path]:
    """Find every prompt's id and file, sorted by id.

    Raises:
        SettingsError: the folder of `UNCO_PROMPTS` is missing, or has a file that the package has too.
    """
    found: dict[str, Path] = {}
    for folder in prompt_folders():
        for name in get_args(PromptName):
            for path in (folder / name).glob("*.yaml"):
                if (known := found.setdefault(f"{name}/{path.stem}", path)) != path:
                    raise SettingsError(f"{path} has the name of a prompt that is there already, {known}: rename it")
    return dict(sorted(found.items()))


def prompt_folders() -> list[Path]:
    """Return the package's folder and, where it is set, the user's own.

    Raises:
        SettingsError: the user's own does not exist.
    """
    own = environment().prompts
    if own and not Path(own).is_dir():
        raise SettingsError(f"UNCO_PROMPTS names {own!r}, which is no folder")
    return [FOLDER, *([Path(own)] if own else [])]


def available_prompts() -> list[str]:
    """Return the ids of all prompt files, sorted, e.g. ["region/v1", "span/v1", "type/v1"]."""
    return list(prompt_files())


def load_prompt(name: PromptName, version: str) -> Prompt:
    """Load one version of a prompt; a file is read once in a process.

    Raises:
        SettingsError: no such version, or its file is not a prompt.
    """
    return _load(name, version, environment().prompts, FOLDER)


@cache
def _load(name: PromptName, version: str, own: str, folder: Path) -> Prompt:
    # Looked up among the files that exist, so that a version such as "../type/v1" opens nothing.
    files = prompt_files()
    if (path := files.get(f"{name}/{version}")) is None:
        versions = [found.split("/")[1] for found in files if found.startswith(f"{name}/")]
        raise SettingsError(f"no version {version!r} of the {name} prompt: there is {', '.join(versions) or 'none'}")
    return read_prompt(path)


def file_hash(path: Path) -> str:
    """Hash a file's bytes: SHA-256, hex."""
    return sha256(path.read_bytes()).hexdigest()


def read_prompt(path: Path) -> Prompt:
    """Read a prompt file and check it.

    Raises:
        SettingsError: it is not a prompt; says why.
    """
    where = f"prompt {path.parent.name}/{path.stem}"
    try:
        content = read_yaml(path)
    except OSError as error:
        raise SettingsError(f"{where} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise SettingsError(f"{where} is {error}") from error
    if not isinstance(content, dict) or not _REQUIRED_KEYS <= content.keys() <= _KEYS:
        optional = ", ".join(sorted(_KEYS - _REQUIRED_KEYS))
        raise SettingsError(f"{where} needs exactly the keys {sorted(_REQUIRED_KEYS)}, and may have {optional}")
    _check(where, path, content)
    content["leaves_out"] = tuple(content.get("leaves_out", ()))
    try:
        content["demonstrations"] = read_demonstrations(content.get("demonstrations", ()))
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from error
    return Prompt(**content, sha256=file_hash(path))


def _check(where: str, path: Path, content: dict[str, Any]) -> None:
    """Check that a prompt has the name and version of its path, and valid values."""
    name = content["name"]
    if (name, content["version"]) != (path.parent.name, path.stem):
        own = f'name: "{path.parent.name}" and version: "{path.stem}"'
        raise SettingsError(f"{where} calls itself {name}/{content['version']}: write {own}, as its path says")
    texts = (content["changelog"], content["system"], content["user"])
    if not all(isinstance(text, str) for text in texts):
        raise SettingsError(f"{where}: changelog, system and user must be text")
    if content["answer"] not in PROMPTS[name].answers:
        raise SettingsError(f"{where}: answer must be one of {', '.join(PROMPTS[name].answers)}")
    if content["picture"] not in (True, False, "marked") or not isinstance(content.get("reasoning", True), bool):
        raise SettingsError(f"{where}: picture must be true, false or marked, and reasoning true or false")
    if content["picture"] == "marked" and name not in ("region", "close_up"):
        raise SettingsError(f"{where}: only the picture of a prompt of region or close_up can be marked")
    left_out = content.get("leaves_out", [])
    if not isinstance(left_out, list) or not all(isinstance(item, str) for item in left_out):
        raise SettingsError(f"{where}: leaves_out must be a list of placeholders")
    if not all(Template(text).is_valid() for text in texts[1:]):
        raise SettingsError(f"{where}: a lone $ must be written $$")
    _check_placeholders(where, content)


def _check_placeholders(where: str, content: dict[str, Any]) -> None:
    """Check that all required placeholders are used or left out on purpose, and that none is unknown."""
    required, optional = PROMPTS[content["name"]].required, PROMPTS[content["name"]].optional
    used, left_out = used_placeholders(content["system"], content["user"]), set(content.get("leaves_out", ()))
    if unknown := used - required - optional:
        raise SettingsError(f"{where} uses the placeholders {sorted(unknown)}: there is {sorted(required | optional)}")
    if missing := required - left_out - used:
        raise SettingsError(f"{where} lacks the placeholders {sorted(missing)}: use them, or name them in leaves_out")
    if wrong := left_out - (required - used):
        raise SettingsError(f"{where} names {sorted(wrong)} in leaves_out, but does not leave them out")
