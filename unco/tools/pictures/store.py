"""Pictures that came inline, kept once by content hash, so that state and checkpoints hold a reference and no bytes."""

import os
import re
import tempfile
from hashlib import sha256
from pathlib import Path

from unco.environment import environment
from unco.errors import SetupError

_REFERENCE = re.compile(r"data:sha256,([0-9a-f]{64})")


def keep(data: bytes) -> str:
    """Keep the bytes of a picture and give its reference, `data:sha256,<hash>`.

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
    """In one move: a reader sees all of it or nothing, and what cannot be finished is not left behind."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.replace(file.name, path)
        except OSError:
            os.unlink(file.name)
            raise


def find(reference: str) -> bytes | None:
    """The bytes behind a reference; None when they are not, or no longer, kept, or are not what they were."""
    match = _REFERENCE.fullmatch(reference)
    try:
        data = _path(match[1]).read_bytes() if match else None
    except OSError:
        return None
    return data if match and data is not None and sha256(data).hexdigest() == match[1] else None


def _path(digest: str) -> Path:
    return environment().cache_directory() / "pictures" / digest
