"""Pictures of posts, as results tell of them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """Reference, hash and size of a picture; never its bytes."""

    ref: str
    """Path or URL as given, or `data:sha256,<hash>` for bytes that came inline."""
    sha256: str
    """Of the file's bytes, hex."""
    width: int
    """Pixels, as shown (EXIF orientation applied)."""
    height: int


PictureFault = Literal["missing", "unreachable", "unreadable", "malformed", "unknown_format", "damaged", "too_large"]
"""Why a picture cannot be used.

`missing`: nothing is there. `unreachable`: its address gave no picture, or not in time. `unreadable`: it is there and
cannot be read as a file. `malformed`: its reference is none. `unknown_format`: no picture, or of a kind that cannot be
decoded here. `damaged`: broken or cut short. `too_large`: decoding it would take too much memory or time.
"""


@dataclass(frozen=True, slots=True)
class UnusablePicture:
    """A picture that came with a post and could not be used: the post was read without it."""

    reason: PictureFault
    detail: str
    """What is wrong with it and what to do, for people."""
    state: Literal["unusable"] = "unusable"
