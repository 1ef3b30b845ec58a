"""Content-addressed store of inline pictures, so that state and checkpoints hold references instead of bytes."""

import os
import re
import tempfile
from hashlib import sha256
from pathlib import Path

from unco.environment import environment
from unco.errors import SetupError

_REFERENCE = re.compile(r"data:sha256,([0-9a-f]{64})")


def store_picture(data: bytes) -> str:
    """Store the bytes of a picture and return its reference, `data:sha256,<hash>`.

    Raises:
        SetupError: the cache directory cannot be written.
    """
    digest = sha256(data).hexdigest()
    path = _path(digest)
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, data)
    except OSError as error:
        raise SetupError(
            f"inline pictures cannot be kept: {error}; set UNCO_CACHE_DIR to a folder to write to"
        ) from error
    return f"data:sha256,{digest}"


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
    try:
        data = _path(match[1]).read_bytes() if match else None
    except OSError:
        return None
    return data if match and data is not None and sha256(data).hexdigest() == match[1] else None


def _path(digest: str) -> Path:
    return environment().cache_directory() / "pictures" / digest
