"""Log of what leaves the machine: a line for each attempt of a call, with hashes in place of contents.

A line is JSON: `time` (UTC), `host`, `model`, `prompt`, `attribute`, `private`, `characters` of text, `text_sha256`,
`picture_sha256`, `picture_bytes`, `request` (its key, as in a recording). It is written before the attempt.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from unco.errors import SetupError
from unco.tools.llm.privacy import host_of
from unco.tools.llm.request import Request, request_key
from unco.tools.whole_lines import append_line

_BEGINS = b'{"time":'
"""How every line begins."""


class EgressLog:
    """A log file with a line for each attempt; processes may share it."""

    def __init__(self, path: str | Path) -> None:
        """Name the file; it is made at the first call."""
        self.path = Path(path)

    def write(self, base_url: str, request: Request) -> None:
        """Log that a question is about to be sent.

        Raises:
            SetupError: the line cannot be written; then nothing may leave either.
        """
        text = "\n".join([request.system, request.user, *(part for turn in request.turns for part in turn)])
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "host": host_of(base_url),
            "model": request.model,
            "prompt": request.prompt,
            "attribute": request.purpose.attribute,
            "private": request.purpose.private,
            "characters": len(text),
            "text_sha256": sha256(text.encode("utf-8", "replace")).hexdigest(),
            "picture_sha256": request.picture.sha256 if request.picture else None,
            "picture_bytes": len(request.picture.data) if request.picture else 0,
            "request": request_key(request),
        }
        data = (json.dumps(line) + "\n").encode()
        try:
            append_line(self.path, data, _BEGINS, 0o600)
        except OSError as error:
            raise SetupError(f"the egress log {self.path} cannot be written, so nothing is sent: {error}") from error
