"""Content-addressed store of inline pictures, so that state and checkpoints hold references instead of bytes."""

import os
import re
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from unco.environment import environment
from unco.errors import SettingsError, SetupError

_REFERENCE = re.compile(r"data:sha256,([0-9a-f]{64})")


def store_picture(data: bytes) -> str:
    """Store the bytes of a picture and return its reference, `data:sha256,<hash>`.

    Raises:
        SetupError: no folder can be written.
    """
    digest = sha256(data).hexdigest()
    faults: list[Exception] = []
    for folder in _FOLDERS:
        try:
            if (found := folder()) is not None:
                _keep(found / digest, data)
                return f"data:sha256,{digest}"
        except (OSError, SettingsError) as error:
            faults.append(error)
    why = "; ".join(map(str, faults))
    raise SetupError(f"inline pictures cannot be kept: {why}; set UNCO_CACHE_DIR to a folder to write to") from faults[
        0
    ]


def _in_cache() -> Path:
    return environment().cache_directory() / "pictures"


def _in_temporary() -> Path | None:
    """Return a folder of this user's own among temporary files, where no folder was named and the cache is read-only.

    Raises:
        OSError: others may look into it, or it cannot be made.
    """
    if environment().cache_dir:
        return None
    user = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir(), f"unco-{user or 0}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None and not _is_private(folder.lstat(), user):
        raise PermissionError(f"{folder} is not this user's alone")
    return folder / "pictures"


def _is_private(found: os.stat_result, user: int) -> bool:
    """Return whether it is a folder, not a link to one, that its owner alone may use, and the owner is this user."""
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o077


_FOLDERS: tuple[Callable[[], Path | None], ...] = (_in_cache, _in_temporary)
"""Where pictures are kept; the next where one cannot be written."""


def _keep(path: Path, data: bytes) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data)


def _write(path: Path, data: bytes) -> None:
    """Write a file atomically; on an error, no partial file is left behind."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.replace(file.name, path)
        except OSError:
            os.unlink(file.name)
            raise


def stored_picture(reference: str) -> bytes | None:
    """Read the bytes of a reference; None if they are not stored, or do not match their hash."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    for folder in _FOLDERS:
        with suppress(OSError, SettingsError):
            if (found := folder()) is not None:
                data = (found / match[1]).read_bytes()
                if sha256(data).hexdigest() == match[1]:
                    return data
    return None
