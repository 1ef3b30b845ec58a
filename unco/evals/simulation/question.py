"""What a simulated model reads in a request: the messages and the picture, as any model would; nothing else."""

import base64
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageColor

KEYS = ("corrected_entity", "corrected_type", "corrected_bounding_box", "candidate", "entities")
"""Keys of an answer that a system message can ask for, the reasoning aside."""

_KEY = re.compile(rf'"(reasoning_process|{"|".join(KEYS)})"\s*:')
_UNCERTAINTY = re.compile(r"^Uncertainty of ", re.MULTILINE)
_LABEL = re.compile(r"^\s*- ([^:\n]+): ", re.MULTILINE)
_TYPE = re.compile(r"^(?:Its type|Type as given)[^:\n]*: *(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture as it was received."""

    image: Image.Image
    sha256: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.size


@dataclass(frozen=True, slots=True)
class Question:
    """One request, read."""

    keys: tuple[str, ...]
    """Those of the answer, in the order in which the system message shows them."""
    text: str
    """The post."""
    entity: str
    """The entity asked about; empty when the question is about the whole post."""
    given_type: str
    """The type that it was given; empty when none was."""
    found: str
    """What was found already, where the question is about the rest."""
    labels: tuple[str, ...]
    """Types to choose from."""
    picture: Seen | None
    says_uncertainty: bool
    """Whether it says how unsure the small model is."""
    content: str
    """Hash of all that was said and shown; equal questions have equal ones."""


def read_question(body: dict[str, Any]) -> Question:
    """A chat completion's request, read.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    said, urls = zip(*(_parts(message["content"]) for message in body["messages"]), strict=True)
    system, user = said[0], next(text for text, m in zip(said, body["messages"], strict=True) if m["role"] == "user")
    picture = next((see(url) for found in urls for url in found), None)
    everything = "\0".join((*said, picture.sha256 if picture else ""))
    return Question(
        keys=tuple(dict.fromkeys(_KEY.findall(system))),
        text=_marked("post", user),
        entity=_marked("entity", user),
        given_type=next(iter(_TYPE.findall(user)), "").strip(),
        found=_marked("found", user),
        labels=tuple(name.strip() for name in _LABEL.findall(system)),
        picture=picture,
        says_uncertainty=bool(_UNCERTAINTY.search(user)),
        content=sha256(everything.encode("utf-8", "replace")).hexdigest(),
    )


def said_in(body: dict[str, Any]) -> int:
    """Characters of all messages."""
    return sum(len(_parts(message["content"])[0]) for message in body["messages"])


def _parts(content: str | list[dict[str, Any]]) -> tuple[str, list[str]]:
    """A message's text and the addresses of its pictures."""
    if isinstance(content, str):
        return content, []
    text = "\n".join(part["text"] for part in content if part["type"] == "text")
    return text, [part["image_url"]["url"] for part in content if part["type"] == "image_url"]


def _marked(name: str, text: str) -> str:
    """What stands between the last pair of markers: examples may come before the post that is asked about."""
    found = re.findall(rf"<{name}>\n?(.*?)\n?</{name}>", text, re.DOTALL)
    return found[-1] if found else ""


@lru_cache(maxsize=32)
def see(url: str) -> Seen:
    """Decode a picture that came as a `data:` URL."""
    data = base64.b64decode(url.partition(";base64,")[2], validate=True)
    return Seen(Image.open(BytesIO(data)).convert("RGB"), sha256(data).hexdigest())


@lru_cache(maxsize=256)
def find_rectangle(picture: Seen, words: str) -> tuple[int, int, int, int] | None:
    """Pixels of the one thing that a simulated model can really see: a rectangle of a named plain colour."""
    named = re.fullmatch(r"the (\w+) rectangle", words)
    if named is None or named[1] not in ImageColor.colormap:
        return None
    colour = ImageColor.getrgb(named[1])[:3]
    off = ImageChops.difference(picture.image, Image.new("RGB", picture.size, colour)).split()
    worst = ImageChops.lighter(ImageChops.lighter(off[0], off[1]), off[2])
    return worst.point(lambda value: 255 if value < 70 else 0).getbbox()
