"""What a worker takes over from the process that started the run: its folder and its settings, but none of its keys.

What a run hands to its workers can be read on Ray's dashboard and in its logs, so a key is never among it: each node
has its own, in the environment that `ray start` was called in. A cluster of this machine alone inherits it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from unco.environment import FORWARDED, VARIABLES
from unco.errors import SetupError

KEY = VARIABLES["api_key"]
"""A settings file may name others; a worker that lacks one says so itself."""


@dataclass(frozen=True, slots=True)
class WorkerEnvironment:
    """Folder and settings of the process that started the run."""

    folder: str
    """Where relative paths begin, of pictures above all."""
    settings: tuple[tuple[str, str], ...]
    keyed: bool
    """Whether it has a key; not which."""

    def enter(self) -> None:
        """Take them over in this process.

        Raises:
            SetupError: the folder is not there.
        """
        try:
            os.chdir(self.folder)
        except OSError as error:
            raise SetupError(
                f"the folder {self.folder} is not there: posts and pictures must be on a file system of all nodes"
            ) from error
        for name in FORWARDED:
            os.environ.pop(name, None)
        os.environ.update(self.settings)

    def check_key(self) -> None:
        """Refuse to ask without a key where the run was started with one.

        Raises:
            SetupError: it is not in this process's environment.
        """
        if self.keyed and not os.environ.get(KEY):
            raise SetupError(f"{KEY} is not set: a key does not travel, so set it where `ray start` is called")


def this_environment() -> WorkerEnvironment:
    """Give the folder and the settings of this process."""
    given = tuple((name, os.environ[name]) for name in FORWARDED if name in os.environ)
    asks = "UNCO_LLM_BASE_URL" in os.environ and "UNCO_SETTINGS" not in os.environ  # a settings file names its own keys
    return WorkerEnvironment(str(Path.cwd()), given, asks and bool(os.environ.get(KEY)))
