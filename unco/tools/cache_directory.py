"""Where unco keeps what may be deleted at any time: answers, inline pictures, box frames of a probe."""

import os
from pathlib import Path


def default_directory() -> Path:
    """`UNCO_CACHE_DIR`, else `unco` in the user's cache directory (`XDG_CACHE_HOME`, else ~/.cache)."""
    if given := os.environ.get("UNCO_CACHE_DIR"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "unco"
