"""Simulated candidate regions, for training without the pictures themselves.

Gold boxes are real (the data set's xml files); a detector's output is simulated from them: some are missed, the others
are moved a little, people become `person` regions, some names are "read" as text, and distractors are added. A model
trained on these learns to weigh geometry, kind and recognised text, not pixels.
"""

from collections.abc import Sequence
from random import Random

from unco.small_model.regions.region import MOST_REGIONS, Region, RegionKind
from unco.types import Box

FACE_RECALL = 0.85
"""Share of people's boxes that the simulated face detector finds."""
TEXT_RECALL = 0.4
"""Share of the other boxes whose text the simulated OCR reads."""
OBJECT_RECALL = 0.35
"""Share of the remaining boxes that are found as `object` regions."""


def simulate_regions(
    gold: Sequence[tuple[Box, bool, str]], size: tuple[int, int], distractor_texts: Sequence[str], random: Random
) -> list[Region]:
    """Simulate the output of a detector of faces and text lines for a picture, in random order.

    Args:
        gold: (box, is a person, surface) of each grounded entity.
        size: (width, height) of the picture in pixels.
        distractor_texts: words to put on distracting text lines.
        random: the only source of randomness.
    """
    regions = [region for box, person, name in gold if (region := _detect(box, person, name, size, random))]
    regions += [_distractor("person", "", size, random) for _ in range(random.choice((0, 0, 0, 1, 1, 2)))]
    texts = random.sample(list(distractor_texts), min(len(distractor_texts), random.choice((0, 0, 1, 2, 3))))
    regions += [_distractor("text", text, size, random) for text in texts]
    random.shuffle(regions)
    return regions[:MOST_REGIONS]


def _detect(box: Box, person: bool, name: str, size: tuple[int, int], random: Random) -> Region | None:
    if person:
        return _region(box, "person", "", size, random) if random.random() < FACE_RECALL else None
    if random.random() < TEXT_RECALL:
        return _region(box, "text", _misread(name, random), size, random)
    return _region(box, "object", "", size, random) if random.random() < OBJECT_RECALL else None


def _region(box: Box, kind: RegionKind, text: str, size: tuple[int, int], random: Random) -> Region:
    return Region(_jitter(box, size, random), kind, text, round(random.uniform(0.6, 1.0), 3))


def _jitter(box: Box, size: tuple[int, int], random: Random) -> Box:
    """Move each edge by a normal error of a twelfth of the side, clipped to the picture."""
    width, height = box.x2 - box.x1, box.y2 - box.y1
    x1, x2 = sorted(min(max(x + random.gauss(0, width / 12), 0.0), float(size[0])) for x in (box.x1, box.x2))
    y1, y2 = sorted(min(max(y + random.gauss(0, height / 12), 0.0), float(size[1])) for y in (box.y1, box.y2))
    return Box(x1, y1, x2, y2) if x1 < x2 and y1 < y2 else box


def _misread(name: str, random: Random) -> str:
    """Simulate OCR errors: sometimes all capitals, sometimes a word lost."""
    words = name.split(" ")
    if len(words) > 1 and random.random() < 0.3:
        words.pop(random.randrange(len(words)))
    text = " ".join(words)
    return text.upper() if random.random() < 0.5 else text


def _distractor(kind: RegionKind, text: str, size: tuple[int, int], random: Random) -> Region:
    width = size[0] * random.uniform(0.1, 0.6)
    height = size[1] * (random.uniform(0.02, 0.12) if kind == "text" else random.uniform(0.2, 0.9))
    x1, y1 = random.uniform(0, size[0] - width), random.uniform(0, size[1] - height)
    return Region(Box(x1, y1, x1 + width, y1 + height), kind, text, round(random.uniform(0.6, 1.0), 3))
