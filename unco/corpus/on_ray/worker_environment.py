"""The environment that workers take over from the process that started the run: folder and settings, but no keys.

What a run hands to its workers can be read on Ray's dashboard and in its logs, so a key is never among it: each node
has its own, in the environment that `ray start` was called in. A cluster of this machine alone inherits it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from unco.environment import FORWARDED, VARIABLES
from unco.errors import SetupError
from unco.tools.llm.checks.query import split_address

KEY = VARIABLES["api_key"]
"""Variable of the key; a settings file may name others, and a worker that lacks one says so itself."""

_ADDRESSES = (VARIABLES["llm_base_url"], VARIABLES["search"])
"""Variables whose value may hold a key in its query."""


@dataclass(frozen=True, slots=True)
class WorkerEnvironment:
    """Folder and settings of the process that started the run."""

    folder: str
    """Where relative paths begin, of pictures above all."""
    settings: tuple[tuple[str, str], ...]
    has_key: bool
    """Whether the process has a key; not which."""
    own: tuple[str, ...] = ()
    """Variables that hold an address with a key in its query: each node has its own."""

    def apply(self) -> None:
        """Take over folder and settings in this process.

        Raises:
            SetupError: the folder is not there.
        """
        try:
            os.chdir(self.folder)
        except OSError as error:
            raise SetupError(
                f"the folder {self.folder} is not there: posts and pictures must be on a file system of all nodes"
            ) from error
        for name in set(FORWARDED).difference(self.own):
            os.environ.pop(name, None)
        os.environ.update(self.settings)

    def check_key(self) -> None:
        """Refuse to ask without a key where the run was started with one.

        Raises:
            SetupError: it is not in this process's environment.
        """
        for name in (*((KEY,) if self.has_key else ()), *self.own):
            if not os.environ.get(name):
                why = "keys are not sent to workers, so set it where `ray start` is called"
                raise SetupError(f"{name} is not set: {why}")


def this_environment() -> WorkerEnvironment:
    """Return the folder and the settings of this process."""
    own = tuple(name for name in _ADDRESSES if split_address(os.environ.get(name, "")).keys)
    given = tuple((name, os.environ[name]) for name in FORWARDED if name in os.environ and name not in own)
    asks = "UNCO_LLM_BASE_URL" in os.environ and "UNCO_SETTINGS" not in os.environ  # a settings file names its own keys
    return WorkerEnvironment(str(Path.cwd()), given, asks and bool(os.environ.get(KEY)), own)
