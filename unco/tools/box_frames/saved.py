"""Probed box frames, saved by endpoint and model in `frames.json` of the cache directory."""

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
    """Look up the name of the frame that was saved for a model at an endpoint; None = none was.

    The file is read once in a process: nodes ask for every correction, some on an event loop, which must not wait for a
    disk.
    """
    return _load_frames(frames_file()).get(_without_credentials(base_url), {}).get(model)


def save_frame(base_url: str | None, model: str, frame: str) -> Path:
    """Save a frame for later runs; the file is replaced atomically.

    Raises:
        SetupError: the file cannot be written.
    """
    path = frames_file()
    _load_frames.cache_clear()
    saved = _load_frames(path)
    saved = saved | {_without_credentials(base_url): saved.get(_without_credentials(base_url), {}) | {model: frame}}
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as new:
            json.dump(saved, new, indent=2, sort_keys=True)
        os.replace(new.name, path)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error}") from error
    _load_frames.cache_clear()
    return path


def _without_credentials(base_url: str | None) -> str:
    """Strip an address of user name, password and query."""
    return re.sub(r"//[^/@]*@", "//", (base_url or "").partition("?")[0].rstrip("/"))


@cache
def _load_frames(path: Path) -> Saved:
    """Load the file; empty if it is missing, or, with a warning, if it is broken."""
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
