"""Pictures that came inline, kept once by content hash, so that state and checkpoints hold a reference and no bytes."""

import os
import re
import tempfile
from hashlib import sha256
from pathlib import Path

from unco.errors import SetupError
from unco.tools.cache import default_directory

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
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(data)
            os.replace(file.name, path)  # in one move: a reader sees all of it or nothing
    except OSError as error:
        raise SetupError(
            f"inline pictures cannot be kept: {error}; set UNCO_CACHE_DIR to a folder to write to"
        ) from error
    return f"data:sha256,{digest}"


def find(reference: str) -> bytes | None:
    """The bytes behind a reference; None when they are not, or no longer, kept, or are not what they were."""
    match = _REFERENCE.fullmatch(reference)
    try:
        data = _path(match[1]).read_bytes() if match else None
    except OSError:
        return None
    return data if match and data is not None and sha256(data).hexdigest() == match[1] else None


def _path(digest: str) -> Path:
    return default_directory() / "pictures" / digest
