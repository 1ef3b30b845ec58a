"""Simulated candidate regions in clutter: what is named hides among people, things and text that nobody named.

In the plain simulation (`plain.py`), a line of text with a name of the post is nearly always that name's
gold box, and every thing is what some name stands for. So a rule can read the answer off. Here, gold boxes are also cut
and misread, other people and things have boxes of the same shapes, and text elsewhere may say a name or any other word.
The shares are assumptions, not measured on real pictures.
"""

from collections.abc import Callable, Sequence
from math import exp, log
from random import Random
from string import ascii_lowercase

from unco.small_model.regions.region import MOST_REGIONS, Region, RegionKind, clipped_box
from unco.types import Box

FOUND = 0.85
"""Share of people's gold boxes that are found, and of others that are not read as text."""
READ = 0.35
"""Share of the other gold boxes that are found as text."""
NAME_READ = 0.5
"""Share of these on which the name itself is read, not something else."""
CUT = 0.2
"""Share of found boxes that lose a part of one side."""
BYSTANDERS, THINGS, LINES = (0, 0, 1, 1, 2, 4), (0, 1, 1, 2, 3), (0, 0, 1, 1, 2, 3)
"""How many people, things and lines of text there are beside the named ones; each number is as likely."""


def simulate_clutter(
    gold: Sequence[tuple[Box, bool, str]],
    size: tuple[int, int],
    post: tuple[Sequence[str], Sequence[str]],
    other_names: Sequence[str],
    random: Random,
) -> list[Region]:
    """Simulate the output of detectors of people, things and text for a picture with clutter, in random order.

    Args:
        gold: (box, is a person, surface) of each grounded entity.
        size: (width, height) of the picture in pixels.
        post: the post's words, and its names: those in the picture and those that are not.
        other_names: of other posts, to write on lines of text.
        random: the only source of randomness.
    """

    def elsewhere() -> str:
        return _words_elsewhere(*post, other_names, random)

    found = [_found(box, person, name, elsewhere, size, random) for box, person, name in gold]
    regions = [region for region in found if region]
    regions += [_region(_person_box(size, random), "person", "", random) for _ in range(random.choice(BYSTANDERS))]
    regions += [_region(_any_box(size, random), "object", "", random) for _ in range(random.choice(THINGS))]
    regions += [
        _region(_line_box(size, random), "text", _misread(elsewhere(), random), random)
        for _ in range(random.choice(LINES))
    ]
    random.shuffle(regions)
    return regions[:MOST_REGIONS]


def _found(
    box: Box, person: bool, name: str, elsewhere: Callable[[], str], size: tuple[int, int], random: Random
) -> Region | None:
    seen = _seen(box, size, random)
    if not person and random.random() < READ:
        return _region(seen, "text", _misread(name if random.random() < NAME_READ else elsewhere(), random), random)
    return _region(seen, "person" if person else "object", "", random) if random.random() < FOUND else None


def _region(box: Box, kind: RegionKind, text: str, random: Random) -> Region:
    return Region(box, kind, text, round(random.uniform(0.5, 1.0), 3))


def _seen(box: Box, size: tuple[int, int], random: Random) -> Box:
    """Move each edge by a normal error of a twelfth of the side; sometimes move one by up to half of it, too."""
    width, height = box.x2 - box.x1, box.y2 - box.y1
    edges = [edge + random.gauss(0, side / 12) for edge, side in zip(_edges(box), (width, height) * 2, strict=True)]
    if random.random() < CUT:
        at = random.randrange(4)
        edges[at] += (1 if at < 2 else -1) * (width, height)[at % 2] * random.uniform(0.2, 0.5)
    return clipped_box(edges, size) or box


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.x2, box.y2


def _person_box(size: tuple[int, int], random: Random) -> Box:
    return _placed(random.uniform(0.1, 0.65), random.uniform(0.25, 1.0), size, random)


def _any_box(size: tuple[int, int], random: Random) -> Box:
    width, height = (exp(random.uniform(log(0.04), 0.0)) for _ in range(2))
    return _placed(width, height, size, random)


def _line_box(size: tuple[int, int], random: Random) -> Box:
    if random.random() < 0.5:
        return _any_box(size, random)
    return _placed(random.uniform(0.1, 0.8), random.uniform(0.02, 0.12), size, random)


def _placed(width: float, height: float, size: tuple[int, int], random: Random) -> Box:
    """Place a box of these shares of the picture somewhere in it."""
    x1, y1 = random.uniform(0.0, 1.0 - width), random.uniform(0.0, 1.0 - height)
    return Box(x1 * size[0], y1 * size[1], (x1 + width) * size[0], (y1 + height) * size[1])


def _words_elsewhere(words: Sequence[str], names: Sequence[str], other_names: Sequence[str], random: Random) -> str:
    """Choose what a line of text says: a name of the post, other words of it, a name of another post, or no words."""
    share = random.random()
    if share < 0.15 and names:
        return random.choice(names)
    if share < 0.3 and words:
        first = random.randrange(len(words))
        return " ".join(words[first : first + random.randint(1, 3)])
    if share < 0.7 and other_names:
        return random.choice(other_names)
    return " ".join(
        "".join(random.choices(ascii_lowercase, k=random.randint(2, 8))) for _ in range(random.randint(1, 3))
    )


def _misread(text: str, random: Random) -> str:
    """Simulate errors of text recognition: all capitals, a word lost, an end cut off, single letters wrong."""
    words = text.split(" ")
    if len(words) > 1 and random.random() < 0.3:
        words.pop(random.randrange(len(words)))
    text = " ".join(words)
    if random.random() < 0.2:
        text = text[: max(1, round(len(text) * random.uniform(0.4, 0.9)))]
    text = "".join(random.choice(ascii_lowercase) if random.random() < 0.05 else letter for letter in text)
    return text.upper() if random.random() < 0.5 else text
