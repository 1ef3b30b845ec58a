"""Checks whether an answered box can be one: written in the frame's own tokens, and large enough to show something."""

from collections.abc import Mapping

from unco.errors import Rejected
from unco.tools.box_frames.frame import Frame
from unco.types import Box

MIN_SIDE = 5.0
"""Pixels of the original picture; a box with a shorter side is rejected."""

MIN_SHARE = 1e-4
"""Share of the picture's area; a smaller box is rejected. Copied numbers such as 1, 2, 3, 4 are smaller in any frame.

Both are measured on the 8,058 boxes of Twitter10000 v2.0: 3 are below, and at most 7 (99.91 % pass) once they are
written in a frame's whole numbers. docs/box-frames.md has the command.
"""

FRAME_OF_TOKENS: Mapping[str, str] = {"loc": "0-1023-yx", "loc_": "0-999-cells", "patch_index": "0-1-in-32"}
"""The frame whose numbers a family's location tokens name."""

_SLACK = 1e-3
"""Pixels: a box of exactly the least size must survive the arithmetic."""


def check_tokens(tokens: str, frame: Frame) -> None:
    """Check that location tokens, if a box was written in some, are those of the frame.

    Raises:
        Rejected: they are another family's.
    """
    if tokens and FRAME_OF_TOKENS[tokens] != frame.name:
        raise Rejected(
            f"<{tokens}...> tokens are no numbers of the frame {frame.name}, but of {FRAME_OF_TOKENS[tokens]}"
        )


def check_large_enough(box: Box, width: int, height: int) -> None:
    """Check that a box is large enough to show an entity.

    Raises:
        Rejected: it is smaller than boxes of entities are.
    """
    across, down = box.x2 - box.x1, box.y2 - box.y1
    if min(across, down) < MIN_SIDE - _SLACK or across * down < MIN_SHARE * width * height - _SLACK:
        raise Rejected(
            f"a box of {across:.3g} x {down:.3g} pixels is too small to show anything in the {width} x {height} "
            "picture: perhaps it has the numbers of an example"
        )
