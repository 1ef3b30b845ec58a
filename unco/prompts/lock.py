"""The lock of released prompts: `locked.yaml` maps the id of each to the SHA-256 of its file."""

from pathlib import Path

from unco.errors import SettingsError
from unco.plain_yaml import read_yaml
from unco.prompts.registry import file_hash, prompt_files, prompt_folders, read_prompt

LOCK = "locked.yaml"
HEADING = "# SHA-256 of each released prompt file. Add a line when a version is released; never change one.\n"


def changed_prompts() -> list[str]:
    """Describe each released prompt whose file has changed, one sentence each; empty when none has."""
    now = {found: file_hash(path) for found, path in prompt_files().items()}
    return [
        f"{released} is not what was released: put it back, and make a new version instead"
        for released, digest in locked_prompts().items()
        if now.get(released) != digest
    ]


def locked_prompts() -> dict[str, str]:
    """Read the id of each released prompt, and the hash it was released with."""
    return {released: digest for folder in prompt_folders() for released, digest in _locked(folder).items()}


def lock_prompts() -> list[str]:
    """Lock the prompts that are not locked yet: write their hashes into their folder's `locked.yaml`.

    Returns:
        Ids of those that are locked now and were not before.

    Raises:
        SettingsError: a locked one has changed, or a file is not a prompt; then nothing is written.
    """
    if changed := changed_prompts():
        raise SettingsError("; ".join(changed))
    locked = locked_prompts()
    new = {found: path for found, path in prompt_files().items() if found not in locked}
    for path in new.values():
        read_prompt(path)
    for folder in prompt_folders():
        added = {found: file_hash(path) for found, path in new.items() if path.parent.parent == folder}
        if added:
            _write(folder, _locked(folder) | added)
    return list(new)


def _locked(folder: Path) -> dict[str, str]:
    path = folder / LOCK
    try:
        locked: dict[str, str] = (read_yaml(path) or {}) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    if not isinstance(locked, dict):
        raise SettingsError(f"{path} is not a list of prompts with their hashes: put it back as it was")
    return locked


def _write(folder: Path, locked: dict[str, str]) -> None:
    lines = [f"{found}: {digest}\n" for found, digest in sorted(locked.items())]
    (folder / LOCK).write_text(HEADING + "".join(lines), encoding="utf-8")
