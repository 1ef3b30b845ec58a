"""Prompts for people: the list, one of them, the difference between two."""

from difflib import unified_diff

from rich.console import Console
from rich.table import Table

from unco.errors import SettingsError
from unco.prompts.example import example
from unco.prompts.lock import locked_prompts
from unco.prompts.registry import file_hash, prompt_files, read_prompt


def show_prompts(console: Console) -> None:
    """Print a table of all prompts."""
    table = Table(pad_edge=False)
    for heading in ("prompt", "answer", "picture", "locked", "changelog"):
        table.add_column(heading)
    locked = locked_prompts()
    for found, path in prompt_files().items():
        prompt = read_prompt(path)
        picture = prompt.picture if isinstance(prompt.picture, str) else "yes" if prompt.picture else "no"
        state = "no" if found not in locked else "yes" if locked[found] == file_hash(path) else "CHANGED"
        table.add_row(found, prompt.answer, picture, state, prompt.changelog)
    console.print(table, markup=False)


def prompt_text(prompt_id: str, rendered: bool = False) -> str:
    """Read a prompt's file; or fill it in with an invented post that no model was asked about.

    Raises:
        SettingsError: there is no such prompt, or its file is none.
    """
    if not rendered:
        return _text(prompt_id)
    _text(prompt_id)
    filled = example(read_prompt(prompt_files()[prompt_id]))
    return f"--- system (an invented example) ---\n{filled.system}\n--- user ---\n{filled.user}\n"


def prompt_diff(before: str, after: str) -> str:
    """Compare two prompts' files: a unified diff, empty when they are equal.

    Raises:
        SettingsError: there is no such prompt.
    """
    old, new = (_text(prompt_id).splitlines(keepends=True) for prompt_id in (before, after))
    return "".join(unified_diff(old, new, f"{before}.yaml", f"{after}.yaml"))


def _text(prompt_id: str) -> str:
    files = prompt_files()
    if prompt_id not in files:
        raise SettingsError(f"there is no prompt {prompt_id!r}: there is {', '.join(files)}")
    try:
        return files[prompt_id].read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # Unicode's is a ValueError
        raise SettingsError(f"prompt {prompt_id} cannot be read: {error}") from error
