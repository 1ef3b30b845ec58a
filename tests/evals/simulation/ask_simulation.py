"""Questions to a simulated model, put over HTTP as any client would."""

import base64
import json
from http.client import HTTPConnection
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

LABELS = "- PER: a person\n- ORG: a group\n- LOC: a place\n"


def system(*keys: str) -> str:
    """What an answer should look like, and the types."""
    return LABELS + "{" + ", ".join(f'"{key}": <...>' for key in ("reasoning_process", *keys)) + "}"


def picture(size: tuple[int, int]) -> dict[str, Any]:
    """A white picture as a message's part."""
    buffer = BytesIO()
    Image.new("RGB", size, "white").save(buffer, "PNG")
    return {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"},
    }


def question(user: str, *keys: str, size: tuple[int, int] | None = None, **fields: Any) -> dict[str, Any]:
    """A request's body."""
    content: Any = [{"type": "text", "text": user}, picture(size)] if size else user
    messages = [{"role": "system", "content": system(*keys)}, {"role": "user", "content": content}]
    return {"model": "any", "messages": messages} | fields


def about(text: str, entity: str, given: str = "ORG") -> str:
    """The user's message about one entity."""
    return f"<post>\n{text}\n</post>\nEntity as found: <entity>{entity}</entity>\nType as given: {given}\n"


def send(url: str, body: dict[str, Any], timeout_s: float = 5) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and JSON of a reply."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("POST", f"{parts.path}/chat/completions", json.dumps(body))
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), json.loads(reply.read())
    finally:
        connection.close()


def answer_text(url: str, body: dict[str, Any]) -> str | None:
    """The text of an answer."""
    status, _, reply = send(url, body)
    assert status == 200
    assert reply["model"].startswith("simulated-")
    return reply["choices"][0]["message"]["content"]
