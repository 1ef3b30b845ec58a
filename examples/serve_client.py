"""Send a post to `unco serve` and print each step: `python examples/serve_client.py "Ann Lee flew for NASA" photo.jpg`.

UNCO_SERVE_URL names the service (http://127.0.0.1:8000), UNCO_SERVE_TOKEN the token, where it wants one.
"""

import json
import mimetypes
import os
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

PATIENCE = 5
"""How often a post is sent again when the service asks for patience."""


def post_of(text: str, picture: Path | None) -> dict[str, Any]:
    """Build the body of a request; the picture goes with it."""
    if picture is None:
        return {"text": text}
    kind = mimetypes.guess_type(picture.name)[0] or "image/jpeg"
    return {"text": text, "image": f"data:{kind};base64,{b64encode(picture.read_bytes()).decode()}"}


def steps(client: httpx2.Client, post: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the events of one post: name and data."""
    for _ in range(PATIENCE):
        with client.stream("POST", "/extract/stream", json=post) as answer:
            if answer.status_code == 200:
                yield from events_in(answer.iter_lines())
                return
            problem = json.loads(answer.read())
        if answer.status_code not in (429, 503):
            break
        time.sleep(float(answer.headers.get("Retry-After", 1)))
    raise SystemExit(f"{problem['title']}: {problem['detail']} (request {problem['request_id']})")


def events_in(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Read server-sent events; a comment says only that the post is under way."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def main(text: str, picture: Path | None = None) -> None:
    """Print what the small model found, what each corrector did, and what it came to."""
    token = os.environ.get("UNCO_SERVE_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = os.environ.get("UNCO_SERVE_URL", "http://127.0.0.1:8000")
    with httpx2.Client(base_url=url, headers=headers, timeout=300) as client:
        for event, data in steps(client, post_of(text, picture)):
            match event:
                case "extraction":
                    print("found:", *(f"{entity['text']} ({entity['type']})" for entity in data["entities"]))
                case "correction":
                    note = data["correction"]
                    print(f"{data['entity']['text']}: {note['attribute']} {note['outcome']}", note["detail"])
                case "result":
                    print("result:", *(f"{entity['text']} ({entity['type']})" for entity in data["entities"]))
                case "error":
                    raise SystemExit(f"{data['title']}: {data['detail']}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "Eileen Collins flew for NASA", *map(Path, sys.argv[2:3]))
