"""F1 of the shipped small model on texts of several lines, with signs for their line breaks and without.

The texts are made of a data set's posts and names: `python -m benchmarks.lines FOLDER`.
"""

import random
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from unco.evals.data.twitter_gmner import read_gmner
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.tools.extraction.lines import post_words
from unco.types import GoldPost

HEADINGS = ("Starting XI:", "Tour dates", "Line up tonight", "My top five:", "Top stories", "")
ENDS = ("", "", "see you there", "who wins?")
LISTS, WIDTHS = 400, (25, 35, 45, 65)
"""Lists of two to six names of one type, and characters of a line."""

Found = set[tuple[int, int, str]]
"""(first character, last character + 1, type)."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of several lines, and the names in it."""

    text: str
    gold: Found


def measure_lines(data: Path, split: str = "test", most: int | None = None) -> Table:
    """Score each kind of text, read as it is and with signs.

    Args:
        data: folder of Twitter-GMNER.
        split: of it.
        most: posts; None = all.
    """
    predictor, gold = from_pretrained(), read_gmner(data, split)[:most]
    kinds = {
        f"{LISTS} lists of names": list(lists_of_names(gold)),
        "two posts, a blank line between": [_joined(pair, "\n\n") for pair in zip(gold[::2], gold[1::2], strict=False)],
        "four posts, a line each": [_joined(gold[at : at + 4], "\n") for at in range(0, len(gold), 4)],
        **{f"posts, broken at {width} characters": [_broken(post, width) for post in gold] for width in WIDTHS},
    }
    table = Table("texts", "without signs", "with signs", title="MNER F1 of texts of several lines")
    for name, texts in kinds.items():
        table.add_row(name, *(f"{_f1(texts, _predicted(predictor, texts, signs)):.1f}" for signs in (False, True)))
    return table


def lists_of_names(gold: Sequence[GoldPost]) -> Iterator[Text]:
    """Make lists of a data set's names of at most four words, each below the other."""
    chosen, by_type = random.Random(3), dict[str, list[str]]()
    for post in gold:
        for entity in post.entities:
            by_type.setdefault(entity.type, []).append(" ".join(post.tokens[entity.span.start : entity.span.stop]))
    for _ in range(LISTS):
        kind = chosen.choice(sorted(by_type))
        names = [name for name in chosen.choices(by_type[kind], k=chosen.randint(2, 6)) if len(name.split()) <= 4]
        lines = [(chosen.choice(HEADINGS), None), *((name, kind) for name in names), (chosen.choice(ENDS), None)]
        text, found = "", Found()
        for line, of in lines:
            found |= {(len(text), len(text) + len(line), of)} if of else set()
            text += f"{line}\n" if line else ""
        yield Text(text, found)


def _joined(posts: Sequence[GoldPost], between: str) -> Text:
    text, found = "", Found()
    for post in posts:
        found |= {(start + len(text), stop + len(text), kind) for start, stop, kind in _characters(post)}
        text += " ".join(post.tokens) + between
    return Text(text, found)


def _broken(post: GoldPost, width: int) -> Text:
    """Break a post's lines where they are full; blanks become line breaks, so that all characters keep their places."""
    lines = textwrap.wrap(" ".join(post.tokens), width, break_long_words=False, break_on_hyphens=False)
    return Text("\n".join(lines), _characters(post))


def _characters(post: GoldPost) -> Found:
    begins = [sum(len(token) + 1 for token in post.tokens[:index]) for index in range(len(post.tokens) + 1)]
    return {(begins[one.span.start], begins[one.span.stop] - 1, one.type) for one in post.entities}


def _predicted(predictor: Predictor, texts: Sequence[Text], signs: bool) -> list[Found]:
    words = [post_words(one.text) for one in texts]
    found = list[Found]()
    read = [ModelInput(post.read if signs else post.tokens) for post in words]
    for post, entities in zip(words, predictor.predict(read), strict=True):
        spans = [(post.span_of(one.span) if signs else one.span, one.type) for one in entities]
        found.append(
            {(post.offsets[span.start][0], post.offsets[span.stop - 1][1], kind) for span, kind in spans if span}
        )
    return found


def _f1(texts: Sequence[Text], predicted: Sequence[Found]) -> float:
    right = sum(len(one.gold & found) for one, found in zip(texts, predicted, strict=True))
    return 200 * right / max(1, sum(len(one.gold) + len(found) for one, found in zip(texts, predicted, strict=True)))


def main(data: Path, split: str = "test", most: int | None = None) -> None:
    """Print the table."""
    Console().print(measure_lines(data, split, most))


if __name__ == "__main__":
    typer.run(main)
