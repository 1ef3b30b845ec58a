"""Every environment variable that unco reads: its name, its meaning, and its default.

Settings are read when they are used, never at import: a variable that a notebook sets after `import unco` counts.
"""

import os
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from unco.errors import SettingsError


class Environment(BaseSettings):
    """Settings from environment variables: `UNCO_` and a field's name in capitals, unless the field names another."""

    model_config = SettingsConfigDict(
        env_prefix="UNCO_", frozen=True, extra="ignore", use_attribute_docstrings=True, validate_default=False
    )

    llm_base_url: str = Field("", repr=False)
    """Address of an OpenAI-compatible endpoint, e.g. http://localhost:8000/v1; keys in its query are secrets. Empty =
    nobody is asked."""
    llm_model: str = ""
    """The endpoint's name of the model that is asked."""
    llm_frame: str = ""
    """Box frame of that model, see docs/box-frames.md. Empty = found by the model's name."""
    api_key: SecretStr = Field(SecretStr(""), validation_alias="OPENAI_API_KEY")
    """The endpoint's key; a settings file names its own variables instead."""
    organization: str = Field("", validation_alias="OPENAI_ORG_ID")
    """Account that is charged. Like the next two, it is sent only to the first endpoint's host."""
    project: str = Field("", validation_alias="OPENAI_PROJECT_ID")
    """Project that is charged."""
    custom_headers: SecretStr = Field(SecretStr(""), validation_alias="OPENAI_CUSTOM_HEADERS")
    """Further headers, a line `Name: value` each."""
    settings: str = ""
    """YAML file with a chain of models, privacy, budget and prices, instead of the variables above: docs/calls.md."""
    recording: str = ""
    """File that modes `record` and `replay` work with."""
    cache_dir: str = ""
    """Folder of answers, inline pictures and probed box frames. Empty = `unco` in the user's cache folder."""
    xdg_cache_home: str = Field("", validation_alias="XDG_CACHE_HOME")
    """The user's cache folder. Empty = `.cache` in the home folder."""
    allowed_hosts: str = ""
    """Hosts that pictures may be fetched from, separated by commas. Empty = none."""
    picture_roots: str | None = None
    """Folders that pictures may be opened in, separated as in PATH. Unset = anywhere; empty = nowhere."""
    prompts: str = ""
    """Folder with prompts of your own, beside those that come with unco."""
    kb: str = ""
    """File of facts for the type corrector, made with `unco kb build`."""
    search: str = Field("", repr=False)
    """Address of an MCP server with a tool `search`, for the type corrector; a settings file may say more of it."""
    memory: str = ""
    """File of memories: `unco extract`, `unco run` and `unco serve` then learn from answers and reviews about names.
    Empty = nothing is remembered."""
    policy: str = ""
    """File of `unco tune` whose thresholds replace the checkpoint's."""
    detector: str = ""
    """Detector of people and things in pictures: `ssd`, or a folder or hub name for transformers. Empty = only faces
    and lines of text."""
    regions: str = ""
    """Folder of region files (`unco regions`), one for each picture: unco then does not look for regions."""

    @field_validator(
        *("llm_base_url", "llm_model", "llm_frame", "api_key", "organization", "project", "custom_headers"),
        mode="before",
    )
    @classmethod
    def _is_text(cls, value: str) -> str:
        """Strip blanks; refuse bytes that are no UTF-8: a path may hold both, what is sent to an endpoint neither."""
        value.encode("utf-8")
        return value.strip()

    @field_validator(
        *("settings", "recording", "cache_dir", "xdg_cache_home", "prompts", "kb", "memory", "policy", "detector"),
        *("regions", "picture_roots"),
    )
    @classmethod
    def _from_home(cls, value: str) -> str:
        """Read ~ as the home folder; a shell does so itself, but no shell reads a file of variables, as .env."""
        return os.pathsep.join(map(os.path.expanduser, value.split(os.pathsep)))

    def cache_directory(self) -> Path:
        """Return the folder of what may be deleted at any time.

        Raises:
            SettingsError: neither a folder is named nor is there a home folder.
        """
        if self.cache_dir:
            return Path(self.cache_dir)
        if self.xdg_cache_home:
            return Path(self.xdg_cache_home, "unco")
        try:
            return Path.home() / ".cache" / "unco"
        except RuntimeError as error:
            raise SettingsError("there is no home folder: set UNCO_CACHE_DIR to a folder for the cache") from error

    def picture_hosts(self) -> frozenset[str]:
        """Return the hosts that pictures may be fetched from, in lower case."""
        return frozenset(name.strip().lower() for name in self.allowed_hosts.split(",")) - {""}


def _variable(field: str) -> str:
    alias = Environment.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"UNCO_{field.upper()}"


VARIABLES: dict[str, str] = {field: _variable(field) for field in Environment.model_fields}
"""Name of each field's variable, by field."""

FORWARDED = tuple(sorted(name for name in VARIABLES.values() if name.startswith("UNCO_")))
"""Variables that a run forwards to its workers; keys are not among them."""


def environment() -> Environment:
    """Read the settings from the environment as it is now.

    Raises:
        SettingsError: a variable holds what is no text; names it.
    """
    return _read(tuple(os.environ.get(name) for name in VARIABLES.values()))


@lru_cache(maxsize=1)
def _read(_: tuple[str | None, ...]) -> Environment:
    """Read the settings, anew only where a value has changed: nodes ask for every correction."""
    try:
        return Environment()
    except ValidationError as error:
        fields = {str(fault["loc"][0]) for fault in error.errors(include_input=False)}
        names = sorted(VARIABLES.get(field, field) for field in fields)
        raise SettingsError(f"the environment variable {', '.join(names)} is not valid text: correct it") from None
