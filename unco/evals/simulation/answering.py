"""Compute a simulated model's answers: gold values, made wrong with the chances of its profile."""

import json
import re
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from unco.evals.simulation.families import Family, Shares
from unco.evals.simulation.gold import GoldIndex, best_match, character_range
from unco.evals.simulation.harder import profile_for
from unco.evals.simulation.profile import Losses, Profile
from unco.evals.simulation.question import Question, find_rectangle
from unco.small_model.label_schemes import COARSE_OF, GMNER_OF
from unco.types import ATTRIBUTES, Box, GoldEntity, GoldPost

INVENTED = ("Zyx Quorndale", "Brimtock Society", "Upper Vellamont", "Orrin Dask")
"""Names that occur in no post."""
NO_TYPE = "SOMETHING-ELSE"
"""A type that is in no scheme."""
BOX_KEYS = ("corrected_bounding_box", "bounding_box")

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a simulated model knows, how it writes boxes and how it errs."""

    gold: GoldIndex
    family: Family
    profile: Profile
    names: frozenset[str] = frozenset()
    """Names of the training data, as of `name_key`; empty = none is known."""

    def about(self, post: GoldPost | None, entity: GoldEntity | None) -> "Knowledge":
        """Return the same with the profile of answers about one entity."""
        return replace(self, profile=profile_for(entity, post, self.profile, self.names))


def answer(question: Question, knowledge: Knowledge, draw: Random) -> Answer:
    """Make the JSON object of the answer, with the keys that the question asks for."""
    post = knowledge.gold.find(question.text, question.picture.size if question.picture else None)
    entity = best_match(post, question.entity) if post else None
    knowledge = knowledge.about(post, entity)
    knowledge = replace(knowledge, profile=knowledge.profile.less_accurate(_lost(question, knowledge.profile)))
    return {key: _answer_value(key, question, post, entity, knowledge, draw) for key in question.keys}


def _lost(question: Question, profile: Profile) -> Losses:
    """Compute the share of right answers that go wrong because of what the prompt leaves out."""
    kept = 1.0
    if "reasoning_process" not in question.keys:
        kept *= 1 - profile.without_reasoning
    if question.entity and not question.says_uncertainty:
        kept *= 1 - profile.without_uncertainty
    return Losses(span=1 - kept, type=1 - kept, region=1 - kept)


def _answer_value(
    key: str, question: Question, post: GoldPost | None, entity: GoldEntity | None, knowledge: Knowledge, draw: Random
) -> Any:
    match key:
        case "reasoning_process":
            return "Simulated: looked up in the gold answers, then spoilt as the profile says."
        case "corrected_entity":
            return _answer_words(question, post, entity, knowledge.profile, draw)
        case "corrected_type":
            return _answer_type(question, entity, knowledge.profile, draw)
        case "corrected_bounding_box":
            return _answer_box(question, post, entity, knowledge, draw)
        case "entities":
            return _answer_entities(question, post, knowledge, draw)
        case "chosen":
            return choose_reading(question, post, entity, knowledge, draw)
    return None  # a candidate's number: the box is given instead


def choose_reading(
    question: Question, post: GoldPost | None, entity: GoldEntity | None, knowledge: Knowledge, draw: Random
) -> str:
    """Choose the reading that is right, or with the profile's chances the other; any where both are, or neither."""
    rights = [_reading_is_right(reading, question, post, entity, knowledge) for reading in question.readings]
    errs, pick = draw.random(), draw.random()
    if rights[0] == rights[1] or question.about not in ATTRIBUTES:
        return "first" if pick < 0.5 else "second"
    is_right = errs < getattr(knowledge.profile.right, question.about)
    return "first" if rights[0] == is_right else "second"


def _reading_is_right(
    reading: str, question: Question, post: GoldPost | None, entity: GoldEntity | None, knowledge: Knowledge
) -> bool:
    if question.about == "type":
        kind = entity.type if entity else question.given_type
        return reading.partition(":")[0] in (kind, COARSE_OF.get(kind, ""), GMNER_OF.get(kind, ""))
    perfect = replace(knowledge, profile=Profile())
    if question.about == "span":
        return reading == _answer_words(question, post, entity, perfect.profile, Random(0))
    box = _answer_box(question, post, entity, perfect, Random(0))
    return same_answer(json.loads(reading) if reading.startswith("[") else None, box)


SAME_BOX_IOU = 0.5
"""From which on a box counts as right, as in the paper's scores."""


def same_answer(found: Any, right: Any) -> bool:
    """Return whether two values of answers are the same; of two boxes, whether they overlap enough."""
    if not (isinstance(found, list) and isinstance(right, list)):
        return bool(found == right)
    try:
        return _box(found).iou(_box(right)) >= SAME_BOX_IOU
    except ValueError:  # rounded to nothing
        return False


def _box(corners: list[float]) -> Box:
    """Make a box of two corners; whether x or y comes first makes no difference to how two of them overlap."""
    return Box(min(corners[0], corners[2]), min(corners[1], corners[3]), max(corners[::2]), max(corners[1::2]))


def _answer_entities(question: Question, post: GoldPost | None, knowledge: Knowledge, draw: Random) -> list[Answer]:
    """Answer with the post's entities that were not found already, and perhaps one that does not exist."""
    answers = [
        {
            "entity": _answer_words(question, post, entity, own.profile, draw),
            "type": _answer_type(question, entity, own.profile, draw),
            "bounding_box": _answer_box(question, post, entity, own, draw),
        }
        for entity in (_not_found_yet(post, question.found) if post else ())
        for own in (knowledge.about(post, entity),)
    ]
    if draw.random() < knowledge.profile.hallucination.span:
        kind = draw.choice(question.labels) if question.labels else NO_TYPE
        answers.append({"entity": draw.choice(INVENTED), "type": kind, "bounding_box": None})
    return answers


def _not_found_yet(post: GoldPost, found: str) -> tuple[GoldEntity, ...]:
    """List the gold entities that no listed one overlaps; each line of the list stands for one entity."""
    left = post.entities
    for line in found.splitlines():
        words = re.sub(r"^- | \([^()]*\)$|: \S+$", "", line.strip())
        taken = best_match(replace(post, entities=left), words)
        left = tuple(entity for entity in left if entity is not taken)
    return left


def _answer_words(
    question: Question, post: GoldPost | None, entity: GoldEntity | None, profile: Profile, draw: Random
) -> str:
    """Answer with the entity's words; wrong ones end a word too early or too late."""
    invents, errs, pick = draw.random(), draw.random(), draw.random()
    if invents < profile.hallucination.span:
        return INVENTED[int(pick * len(INVENTED))]
    if post is None or entity is None:
        return question.entity
    start, stop = _position(question.text, post, entity)
    right = question.text[start:stop]
    if errs < profile.right.span:
        return right
    others = [words for words in _shifted_spans(question.text, start, stop) if words != right]
    return others[int(pick * len(others))] if others else right


def _shifted_spans(text: str, start: int, stop: int) -> list[str]:
    """List the texts of a span with one word more or less at either end."""
    words = [(found.start(), found.end()) for found in re.finditer(r"\S+", text)]
    inside = [index for index, (first, last) in enumerate(words) if last > start and first < stop]
    first, last = inside[0], inside[-1]
    ends = [(first - 1, last), (first, last + 1), (first + 1, last), (first, last - 1)]
    return [text[words[a][0] : words[b][1]] for a, b in ends if 0 <= a <= b < len(words)]


def _position(text: str, post: GoldPost, entity: GoldEntity) -> tuple[int, int]:
    """Find the characters (start, stop) of an entity in the text of the question."""
    visible = [index for index, char in enumerate(text) if not char.isspace()]
    start, stop = character_range(post, entity)
    return visible[start], visible[stop - 1] + 1


def _answer_type(question: Question, entity: GoldEntity | None, profile: Profile, draw: Random) -> str:
    """Answer with the gold type, or the listed coarser one; wrong ones are another listed type."""
    invents, errs, pick = draw.random(), draw.random(), draw.random()
    if invents < profile.hallucination.type:
        return NO_TYPE
    kind = entity.type if entity else ""
    names = (kind, COARSE_OF.get(kind, ""), GMNER_OF.get(kind, ""))
    right = next((name for name in names if name in question.labels), question.given_type)
    others = [label for label in question.labels if label != right]
    return right if errs < profile.right.type or not others else others[int(pick * len(others))]


def _answer_box(
    question: Question, post: GoldPost | None, entity: GoldEntity | None, knowledge: Knowledge, draw: Random
) -> list[float] | None:
    """Answer with the entity's first box in the family's numbers; None without a box, or without a picture."""
    shares = _true_shares(question, post, entity)
    invents, errs = draw.random(), draw.random()
    if question.picture is None:
        return None
    if shares is None and invents < knowledge.profile.hallucination.region:
        shares = _random_box(draw)
    elif errs >= knowledge.profile.right.region:
        shares = _wrong_shares(shares, draw)
    if shares is None:
        return None
    return knowledge.family.write(_add_noise(shares, knowledge.profile.box_noise, draw), question.picture.size)


def _true_shares(question: Question, post: GoldPost | None, entity: GoldEntity | None) -> Shares | None:
    """Find where the entity is, as shares of the picture."""
    if question.picture is not None and (seen := find_rectangle(question.picture, question.entity)):
        width, height = question.picture.size
        return seen[0] / width, seen[1] / height, seen[2] / width, seen[3] / height
    if post is None or entity is None or post.size is None or not entity.boxes:
        return None
    box, (width, height) = entity.boxes[0], post.size
    return box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height


def _wrong_shares(right: Shares | None, draw: Random) -> Shares | None:
    """Make a wrong region: none for a box, some box for none, or a box beside the right one."""
    if right is None:
        return _random_box(draw)
    if draw.random() < 0.3:
        return None
    width, height = right[2] - right[0], right[3] - right[1]
    across = width * draw.uniform(0.6, 1.2) * (1 if right[0] < 1 - right[2] else -1)
    down = height * draw.uniform(0.0, 0.5) * (1 if right[1] < 1 - right[3] else -1)
    return _clip((right[0] + across, right[1] + down, right[2] + across, right[3] + down))


def _random_box(draw: Random) -> Shares:
    """Draw a random box of a tenth to a half of each side."""
    width, height = draw.uniform(0.1, 0.5), draw.uniform(0.1, 0.5)
    left, top = draw.uniform(0, 1 - width), draw.uniform(0, 1 - height)
    return left, top, left + width, top + height


def _add_noise(shares: Shares, noise: float, draw: Random) -> Shares:
    """Move the corners by normal noise."""
    sides = (shares[2] - shares[0], shares[3] - shares[1])
    x1, y1, x2, y2 = (share + draw.gauss(0, noise) * sides[i % 2] for i, share in enumerate(shares))
    return _clip((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))


def _clip(shares: Shares) -> Shares:
    """Clip a box to the picture, and make it at least a hundredth of each side."""
    x1, y1, x2, y2 = shares
    left, top = min(max(x1, 0.0), 0.99), min(max(y1, 0.0), 0.99)
    return left, top, min(max(x2, left + 0.01), 1.0), min(max(y2, top + 0.01), 1.0)
