"""Box frames that a probe found, kept for later runs: `frames.json` in the cache directory, by endpoint and model."""

import json
import logging
import os
import re
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from unco.environment import environment
from unco.errors import SetupError

Saved = dict[str, dict[str, str]]
"""Name of a frame by base URL and model."""

log = logging.getLogger(__name__)


def frames_file() -> Path:
    """Where the frames are kept."""
    return environment().cache_directory() / "frames.json"


def saved_frame(base_url: str | None, model: str) -> str | None:
    """Name of the frame that a probe found for a model at an endpoint; None = none was saved.

    The file is read once in a process: nodes ask for every correction, some on an event loop, which must not wait for a
    disk.
    """
    return _read(frames_file()).get(_address(base_url), {}).get(model)


def save_frame(base_url: str | None, model: str, frame: str) -> Path:
    """Keep a frame for later runs; readers see the old file or the new one, never half of it.

    Raises:
        SetupError: the file cannot be written.
    """
    path = frames_file()
    _read.cache_clear()
    saved = _read(path)
    saved = saved | {_address(base_url): saved.get(_address(base_url), {}) | {model: frame}}
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as new:
            json.dump(saved, new, indent=2, sort_keys=True)
        os.replace(new.name, path)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error}") from error
    _read.cache_clear()
    return path


def _address(base_url: str | None) -> str:
    """An address without what may be a name and a password in it."""
    return re.sub(r"//[^/@]*@", "//", (base_url or "").rstrip("/"))


@cache
def _read(path: Path) -> Saved:
    """What the file holds; nothing when there is none. One that is broken counts as none, with a warning."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read, so no probed box frame is known: %s", path, error)
        return {}
    if not isinstance(content, dict) or not all(isinstance(models, dict) for models in content.values()):
        log.warning("%s is not a file of box frames, so none of it counts", path)
        return {}
    return {url: {str(m): f for m, f in models.items() if isinstance(f, str)} for url, models in content.items()}
