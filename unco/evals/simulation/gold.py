"""The gold answers of a simulated model: read from a data set or a file, and looked up by a post's text."""

from collections.abc import Iterable
from pathlib import Path

from unco.corpus.formats.files import files_of, split_of
from unco.errors import DataError
from unco.evals.data.twitter_gmner import SPLITS
from unco.evals.formats.detect_format import read_gold_files
from unco.types import GoldEntity, GoldPost


def read_gold(path: Path, boxes: Path | None = None) -> list[GoldPost]:
    """Read gold posts of a data set's folder, all splits (of equal texts the first counts); or of one file.

    Args:
        path: as of `unco.evals.formats.detect_format`; our own lines in one file may lack `entities`.
        boxes: folder of the VOC files, where it is not xml/ in the folder.

    Raises:
        DataError: nothing there, or not in the format, with its place.
    """
    if not path.exists():
        raise DataError(f"{path} holds no gold posts: give a JSON Lines file, or a folder with txt/ and xml/")
    if path.is_file() and not path.stat().st_size:
        return []  # none is enough to be probed for a box frame
    files = sorted(files_of(path), key=_place_of_split)
    return [post for file in files for post in read_gold_files([file], boxes, labelled=path.is_dir())]


def _place_of_split(file: Path) -> int:
    split = split_of(file)
    return SPLITS.index(split) if split in SPLITS else len(SPLITS)


class GoldIndex:
    """Looks up gold posts by their text, ignoring white space."""

    def __init__(self, posts: Iterable[GoldPost]) -> None:
        """Index posts; all posts with the same text are kept."""
        self._by_text: dict[str, list[GoldPost]] = {}
        for post in posts:
            self._by_text.setdefault(without_spaces("".join(post.tokens)), []).append(post)

    def find(self, text: str, size: tuple[int, int] | None) -> GoldPost | None:
        """Find the post of a text; of several the one whose picture's aspect ratio is nearest to the given size."""
        posts = self._by_text.get(without_spaces(text), [])
        if size is None or len(posts) < 2:
            return posts[0] if posts else None
        return min(posts, key=lambda post: abs(post.size[0] / post.size[1] - size[0] / size[1]) if post.size else 1e9)


def without_spaces(text: str) -> str:
    """Remove white space, and restore a `<` that the prompt had to escape."""
    return "".join(text.split()).replace("‹", "<")


def character_range(post: GoldPost, entity: GoldEntity) -> tuple[int, int]:
    """Find the characters (start, stop) of an entity in its post's text without white space."""
    lengths = [len(without_spaces(token)) for token in post.tokens]
    return sum(lengths[: entity.span.start]), sum(lengths[: entity.span.stop])


def best_match(post: GoldPost, words: str) -> GoldEntity | None:
    """Find the gold entity that words of a post overlap most; None when they overlap none.

    Of equals the one that is spaced as the words are, for a name can stand in a post as a hashtag too; then the first.
    """
    text, asked = without_spaces("".join(post.tokens)), without_spaces(words)
    places = [start for start in range(len(text)) if asked and text.startswith(asked, start)]
    best, most = None, (0.0, False)
    for entity in post.entities:
        start, stop = character_range(post, entity)
        spaced_alike = " ".join(post.tokens[entity.span.start : entity.span.stop]) == " ".join(words.split())
        for place in places:
            shared = min(stop, place + len(asked)) - max(start, place)
            share = shared / (stop - start + len(asked) - shared) if shared > 0 else 0.0
            if share > 0 and (share, spaced_alike) > most:
                best, most = entity, (share, spaced_alike)
    return best
