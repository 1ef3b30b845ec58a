"""F1 of the shipped small model on a data set's texts, as they are and with what people do to letters and blanks.

Everything is split into words anew, from text, the unchanged posts too. An entity counts as found when its letters
stand at the same place among the post's letters, and its type is right.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from unicodedata import category, normalize

import typer
from rich.console import Console
from rich.table import Table

from unco.evals.data.twitter_gmner import read_gmner
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.letters import INVISIBLE
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.small_model.words import split_words
from unco.types import GoldPost

Found = set[tuple[int, int, str]]
"""(first letter, last letter + 1, type), counted in letters that are seen."""

_BOLD, _WIDE = 0x1D400 - ord("A"), 0xFF21 - ord("A")
CHANGES: dict[str, Callable[[str], str]] = {
    "as they are": lambda text: text,
    "bold letters": lambda text: re.sub(r"[A-Z]", lambda found: chr(ord(found[0]) + _BOLD), text),
    "wide letters": lambda text: re.sub(r"[A-Za-z]", lambda found: chr(ord(found[0]) + _WIDE), text),
    "accents": lambda text: re.sub(r"(?<=\w)[aeiou](?=\w)", lambda found: found[0] + "\u0301", text),
    "accents, a character each": lambda text: normalize("NFC", CHANGES["accents"](text)),
    "struck through": lambda text: re.sub(r"(?<=[A-Za-z])", "\u0336", text),
    "soft hyphens in words": lambda text: re.sub(r"(?<=[a-z]{2})(?=[a-z]{2})", "\u00ad", text, count=5),
    "no blank after . and ,": lambda text: re.sub(r" ([.,]) (?=[A-Z])", r"\1", text),
}
JOINED = (1, 2, 4, 12)


def measure_changed_texts(data: Path, split: str = "test", most: int | None = None) -> list[Table]:
    """Score each change, and posts that are joined, several to one.

    Args:
        data: folder of Twitter-GMNER.
        split: of it.
        most: posts that are joined; None = all.
    """
    predictor, gold = from_pretrained(), read_gmner(data, split)
    changed = Table("texts", "F1", title=f"{len(gold)} posts, changed")
    for name, change in CHANGES.items():
        changed.add_row(name, f"{_f1([_gold(post) for post in gold], _from_text(predictor, gold, change)):.1f}")
    joined = Table("posts in one", "F1", title=f"{len(gold[:most])} posts, joined")
    for count in JOINED:
        groups = [gold[start : start + count] for start in range(0, len(gold[:most]), count)]
        joined.add_row(str(count), f"{_joined_f1(predictor, groups):.1f}")
    return [changed, joined]


def _from_text(predictor: Predictor, gold: Sequence[GoldPost], change: Callable[[str], str]) -> list[Found]:
    words = [split_words(change(" ".join(post.tokens)))[0] for post in gold]
    predicted = predictor.predict([ModelInput(post) for post in words])
    return [
        {_letters(post, entity.span.start, entity.span.stop, entity.type) for entity in entities}
        for post, entities in zip(words, predicted, strict=True)
    ]


def _joined_f1(predictor: Predictor, groups: Sequence[Sequence[GoldPost]]) -> float:
    words = [tuple(token for post in group for token in post.tokens) for group in groups]
    gold: list[Found] = []
    for group in groups:
        found, offset = set(), 0
        for post in group:
            found |= {(start + offset, stop + offset, kind) for start, stop, kind in _gold(post)}
            offset += _letters(post.tokens, 0, len(post.tokens), "")[1]
        gold.append(found)
    predicted = [
        {_letters(post, entity.span.start, entity.span.stop, entity.type) for entity in entities}
        for post, entities in zip(words, predictor.predict([ModelInput(post) for post in words]), strict=True)
    ]
    return _f1(gold, predicted)


def _gold(post: GoldPost) -> Found:
    return {_letters(post.tokens, one.span.start, one.span.stop, one.type) for one in post.entities}


def _letters(words: Sequence[str], start: int, stop: int, kind: str) -> tuple[int, int, str]:
    def count(part: Sequence[str]) -> int:
        seen = (char for word in part for char in normalize("NFC", word))
        return sum(char not in INVISIBLE and category(char) != "Mn" for char in seen)

    return count(words[:start]), count(words[:stop]), kind


def _f1(gold: Sequence[Found], predicted: Sequence[Found]) -> float:
    right = sum(len(one & other) for one, other in zip(gold, predicted, strict=True))
    return 200 * right / max(1, sum(map(len, gold)) + sum(map(len, predicted)))


def main(data: Path, split: str = "test", most: int = 600) -> None:
    """Print both tables."""
    for table in measure_changed_texts(data, split, most):
        Console().print(table)


if __name__ == "__main__":
    typer.run(main)
