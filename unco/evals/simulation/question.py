"""Parse a request as a simulated model sees it: the messages and the picture, as for any model; nothing else."""

import base64
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageColor

KEYS = ("corrected_entity", "corrected_type", "corrected_bounding_box", "candidate", "entities", "chosen")
"""Keys of an answer that a system message can ask for, the reasoning aside."""

_KEY = re.compile(rf'"(reasoning_process|{"|".join(KEYS)})"\s*:')
_UNCERTAINTY = re.compile(r"^Uncertainty of ", re.MULTILINE)
_ABOUT = re.compile(r"^First reading of its (\w+):", re.MULTILINE)
_LABEL = re.compile(r"^\s*- ([^:\n]+): ", re.MULTILINE)
_TYPE = re.compile(r"^(?:Its type|Type as given)[^:\n]*: *(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedPicture:
    """A picture as it was received."""

    image: Image.Image
    sha256: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.size


@dataclass(frozen=True, slots=True)
class Question:
    """A parsed request."""

    keys: tuple[str, ...]
    """Keys of the answer, in the order in which the system message shows them."""
    text: str
    """The post."""
    entity: str
    """The entity asked about; empty when the question is about the whole post."""
    given_type: str
    """The type that the entity was given; empty when none was."""
    found: str
    """List of the entities found already, where the question is about the rest."""
    readings: tuple[str, str]
    """Two values to choose from; empty when there are none."""
    about: str
    """The attribute that they are of."""
    labels: tuple[str, ...]
    """Types to choose from."""
    picture: ReceivedPicture | None
    says_uncertainty: bool
    """Whether the question says how unsure the small model is."""
    content_hash: str
    """Hash of all texts and the picture; equal questions have equal ones."""


def read_question(body: dict[str, Any]) -> Question:
    """Parse a chat completion request.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    texts, urls = zip(*(_parts(message["content"]) for message in body["messages"]), strict=True)
    system, user = texts[0], next(text for text, m in zip(texts, body["messages"], strict=True) if m["role"] == "user")
    picture = next((decode_picture(url) for found in urls for url in found), None)
    everything = "\0".join((*texts, picture.sha256 if picture else ""))
    return Question(
        keys=tuple(dict.fromkeys(_KEY.findall(system))),
        text=_between_tags("post", user),
        entity=_between_tags("entity", user),
        given_type=next(iter(_TYPE.findall(user)), "").strip(),
        found=_between_tags("found", user),
        readings=(_between_tags("first", user), _between_tags("second", user)),
        about=next(iter(_ABOUT.findall(user)), ""),
        labels=tuple(name.strip() for name in _LABEL.findall(system)),
        picture=picture,
        says_uncertainty=bool(_UNCERTAINTY.search(user)),
        content_hash=sha256(everything.encode("utf-8", "replace")).hexdigest(),
    )


def prompt_characters(body: dict[str, Any]) -> int:
    """Count the characters of all messages."""
    return sum(len(_parts(message["content"])[0]) for message in body["messages"])


def _parts(content: str | list[dict[str, Any]]) -> tuple[str, list[str]]:
    """Split a message into its text and the addresses of its pictures."""
    if isinstance(content, str):
        return content, []
    text = "\n".join(part["text"] for part in content if part["type"] == "text")
    return text, [part["image_url"]["url"] for part in content if part["type"] == "image_url"]


def _between_tags(name: str, text: str) -> str:
    """Find the text in the last pair of tags: examples may come before the post that is asked about."""
    found = re.findall(rf"<{name}>\n?(.*?)\n?</{name}>", text, re.DOTALL)
    return found[-1] if found else ""


@lru_cache(maxsize=32)
def decode_picture(url: str) -> ReceivedPicture:
    """Decode a picture that came as a `data:` URL."""
    data = base64.b64decode(url.partition(";base64,")[2], validate=True)
    return ReceivedPicture(Image.open(BytesIO(data)).convert("RGB"), sha256(data).hexdigest())


@lru_cache(maxsize=256)
def find_rectangle(picture: ReceivedPicture, words: str) -> tuple[int, int, int, int] | None:
    """Find the one thing that a simulated model can really see: a rectangle of a named plain colour, in pixels."""
    named = re.fullmatch(r"the (\w+) rectangle", words)
    if named is None or named[1] not in ImageColor.colormap:
        return None
    colour = ImageColor.getrgb(named[1])[:3]
    off = ImageChops.difference(picture.image, Image.new("RGB", picture.size, colour)).split()
    worst = ImageChops.lighter(ImageChops.lighter(off[0], off[1]), off[2])
    return worst.point(lambda value: 255 if value < 70 else 0).getbbox()
