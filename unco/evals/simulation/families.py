"""How each model family resizes a picture and writes a box. Independent of `unco.tools.box_frames`, which it checks.

A box comes in as shares of the picture, x first. A family resizes the picture without telling the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass

from unco.errors import SettingsError

Size = tuple[int, int]
Shares = tuple[float, float, float, float]
"""Left, top, right, bottom, each in [0, 1]."""


def no_resize(width: int, height: int) -> Size:
    """Keep the size: no resize, or one that the numbers do not show."""
    return width, height


def resize_to_2048(width: int, height: int) -> Size:
    """Resize to at most 2,048 pixels a side."""
    longest = max(width, height)
    return (width, height) if longest <= 2048 else (round(width * 2048 / longest), round(height * 2048 / longest))


def resize_to_multiples_of_28(most: int) -> Callable[[int, int], Size]:
    """Make a resize to sides in multiples of 28, with at most `most` pixels in all and at least 3,136."""

    def seen_size(width: int, height: int) -> Size:
        tiles = [max(1, round(width / 28)), max(1, round(height / 28))]
        if tiles[0] * tiles[1] * 784 > most:
            ratio = (most / (width * height)) ** 0.5
            tiles = [max(1, int(width * ratio / 28)), max(1, int(height * ratio / 28))]
        elif tiles[0] * tiles[1] < 4:
            ratio = (3136 / (width * height)) ** 0.5
            tiles = [-int(-width * ratio // 28), -int(-height * ratio // 28)]
        return tiles[0] * 28, tiles[1] * 28

    return seen_size


def resize_within_1568(width: int, height: int) -> Size:
    """Resize to the largest copy of at most 1,568 pixels a side and 1,568 patches of 28 x 28."""
    for longest in range(min(1568, max(width, height)), 0, -1):
        ratio = longest / max(width, height)
        size = max(1, round(width * ratio)), max(1, round(height * ratio))
        if -(-size[0] // 28) * -(-size[1] // 28) <= 1568:
            return size
    return 1, 1


@dataclass(frozen=True, slots=True)
class Family:
    """How one model family sees pictures and writes boxes."""

    number: Callable[[float, int], float]
    """Converts a share, and the side after the resize in pixels, to the number that is written."""
    seen_size: Callable[[int, int], Size] = no_resize
    """Converts the size that was received to the size after the resize."""
    y_first: bool = False

    def write(self, shares: Shares, received: Size) -> list[float]:
        """Write a box in the family's own numbers."""
        width, height = self.seen_size(*received)
        x1, y1, x2, y2 = (self.number(share, side) for share, side in zip(shares, (width, height) * 2, strict=True))
        return [y1, x1, y2, x2] if self.y_first else [x1, y1, x2, y2]


def pixel(share: float, side: int) -> float:
    """Convert a share to whole pixels of the resized picture."""
    return round(share * side)


def thousandth(share: float, side: int) -> float:
    """Convert a share to a whole number from 0 to 1000."""
    return round(share * 1000)


FAMILIES: dict[str, Family] = {
    "qwen2-vl": Family(thousandth),
    "qwen2.5-vl": Family(pixel, resize_to_multiples_of_28(1_003_520)),
    "qwen3-vl": Family(thousandth),
    "internvl": Family(thousandth),
    "deepseek-vl2": Family(lambda share, _: round(share * 999)),
    "gemini": Family(thousandth, y_first=True),
    "gpt-4o": Family(pixel, resize_to_2048),
    "claude": Family(pixel, resize_within_1568),
    "kosmos-2": Family(lambda share, _: (min(31, int(share * 32)) + 0.5) / 32),
    "paligemma": Family(lambda share, _: min(1023, int(share * 1024)), y_first=True),
    "florence-2": Family(lambda share, _: min(999, int(share * 1000))),
    "moondream": Family(lambda share, _: round(share, 4)),
    "kimi-vl": Family(lambda share, _: round(share, 3)),
}
"""Families by name; `qwen2.5-vl:<max pixels>` is a server of that family with another setting."""


def family_by_name(name: str) -> Family:
    """Find a family by its name.

    Raises:
        SettingsError: there is none; lists the known ones.
    """
    kind, _, most = name.partition(":")
    if kind == "qwen2.5-vl" and most.isascii() and most.isdigit() and int(most) >= 3136:
        return Family(pixel, resize_to_multiples_of_28(int(most)))
    if name not in FAMILIES:
        raise SettingsError(f"unknown family {name!r}: choose one of {', '.join(FAMILIES)}")
    return FAMILIES[name]
