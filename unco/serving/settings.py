"""What whoever starts the service chooses, and the limits that hold for every client."""

from dataclasses import dataclass
from pathlib import Path

MAX_BODY_BYTES = 32 * 2**20
"""Of a request; a picture of 20 MB has 27 MB in base64."""

MAX_BODIES_BYTES = 256 * 2**20
"""Of all requests that are read or answered at one moment, in one worker."""

BODY_SECONDS = 30.0
"""In which a request has to be there as a whole."""

MOST_REQUESTS = 1024
"""Requests that are read or answered at one moment, in one worker."""

MOST_POSTS = 256
"""Of one request."""

MANY_AT_ONCE = 16
"""Posts of one request that are under way at one moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """Settings of the service; each worker gets them."""

    tokens: Path | None = None
    """File of the tokens; None = whoever reaches the service may use it."""
    state: Path = Path("unco-state")
    """Folder of what tokens have spent, and of open reviews; not used where there is a database."""
    database: str | None = None
    """Connection string of a Postgres database for the same, for many machines; None = the folder."""
    reviews: bool = False
    """Whether a client may ask for a review of a post."""
    at_once: int = 64
    """Posts under way at one moment, in each worker."""
    workers: int = 1
    checkpoint: str | None = None
    """Small model, as of `default_extractor`."""
    scheme: str | None = None
    detector: str | None = None
    """As of `default_extractor`, here and below."""
    region_files: Path | None = None
    """As of `default_extractor`."""
