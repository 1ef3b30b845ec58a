"""Find places for labels in a picture: beside their box, off every other label and off the lines of all boxes."""

from collections.abc import Iterator, Sequence

Corners = tuple[float, float, float, float]

PEN = 5
"""Pixels on either side of a box's line that no label may cover."""

STEP = 24
"""Pixels between two places that are tried when no place beside the box is free."""

MOST = 40
"""Labels up to which all of the picture is searched; a picture that has more is full, and searching takes long."""


def free_place(
    box: Corners,
    size: tuple[float, float],
    picture: tuple[int, int],
    labels: Sequence[Corners],
    boxes: Sequence[Corners],
) -> Corners | None:
    """Find the place of a label: above its box if that is free, else the nearest free place.

    Args:
        box: of the entity.
        size: width and height of the label.
        picture: width and height.
        labels: places that are taken.
        boxes: all boxes, this one included.

    Returns:
        The place; None = there is none, because the label is too large or the picture too full.
    """
    width, height = size
    for left, top in _places(box, size, picture, len(labels) < MOST):
        place = (left, top, left + width, top + height)
        inside = left >= 0 and top >= 0 and place[2] <= picture[0] and place[3] <= picture[1]
        if inside and not any(_meet(place, other) for other in labels) and not any(_hides(place, one) for one in boxes):
            return place
    return None


def _places(
    box: Corners, size: tuple[float, float], picture: tuple[int, int], anywhere: bool
) -> Iterator[tuple[float, float]]:
    """Yield left upper corners: above, below, inside and beside the box; then, if wanted, all over, nearest first."""
    left, top, right, bottom = box
    width, height = size
    start = min(max(left, 0.0), max(0.0, picture[0] - width))
    near, under = PEN + 1, bottom + PEN + 1
    for x in (start, max(0.0, right - width)):
        yield from ((x, top - near - height), (x, under))
    yield left + near, top + near
    yield from ((right + near, top), (left - near - width, top))
    if not anywhere:
        return
    grid = [(float(x), float(y)) for x in range(0, picture[0], 4 * STEP) for y in range(0, picture[1], STEP)]
    yield from sorted(grid, key=lambda place: abs(place[0] - start) + abs(place[1] - top))


def _meet(one: Corners, other: Corners) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _hides(label: Corners, box: Corners) -> bool:
    """Return whether a label covers a part of a box's line; one that lies within the box does not."""
    around = box[0] - PEN, box[1] - PEN, box[2] + PEN, box[3] + PEN
    within = label[0] > box[0] + PEN and label[1] > box[1] + PEN and label[2] < box[2] - PEN and label[3] < box[3] - PEN
    return _meet(label, around) and not within
