"""Questions to a simulated model, put over HTTP as any client would."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from tests.pictures import as_bytes, data_url
from unco.types import Box, GoldEntity, GoldPost, Span

TEXT = "Ann Lee , of the Blue Owls in New Oslo"
GOLD = GoldPost(
    "1",
    tuple(TEXT.split()),
    (
        GoldEntity(Span(0, 2), "PER", (Box(20, 10, 80, 90),)),
        GoldEntity(Span(5, 7), "ORG", ()),
        GoldEntity(Span(8, 10), "city", (Box(100, 0, 200, 50), Box(0, 0, 10, 10))),
    ),
    (200, 100),
)
"""The post that is asked about."""
HALF = (100, 50)
"""Its picture, sent at half its size."""
LABELS = "- PER: a person\n- ORG: a group\n- LOC: a place\n"


def system(*keys: str) -> str:
    """What an answer should look like, and the types."""
    return LABELS + "{" + ", ".join(f'"{key}": <...>' for key in ("reasoning_process", *keys)) + "}"


def picture(size: tuple[int, int]) -> dict[str, Any]:
    """A white picture as a message's part."""
    return {"type": "image_url", "image_url": {"url": data_url(as_bytes(Image.new("RGB", size, "white")))}}


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
    text: str | None = reply["choices"][0]["message"]["content"]
    return text
