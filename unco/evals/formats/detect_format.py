"""Read gold or predictions in whichever format a path holds."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from unco.corpus.formats.files import files_of, form_of
from unco.errors import DataError
from unco.evals.formats.checks import check_gold, numbered
from unco.evals.formats.conll_voc import read_text_file
from unco.evals.formats.failed_posts import Tell, without_failed
from unco.evals.formats.gold_lines import gold_from_dicts
from unco.evals.formats.json_text import json_rows
from unco.evals.formats.official_json import OFFICIAL_KEYS, official_gold, official_predictions
from unco.evals.formats.predicted import PredictedPost
from unco.evals.formats.prediction_lines import predictions_from_dicts
from unco.evals.formats.table_gold import gold_of_tags, gold_rows
from unco.small_model.gold_inputs import entity_names
from unco.types import GoldPost


def read_gold(path: Path, split: str | None = None, boxes: Path | None = None) -> list[GoldPost]:
    """Read gold posts from CoNLL text with boxes in xml/, or from rows of JSON, CSV or a table.

    Args:
        path: folder or file.
        split: which one, of a folder.
        boxes: folder of the xml files, where it is not xml/ in the folder.

    Raises:
        DataError: nothing there, or not in the format, with its place.
    """
    if path.is_dir() and split is None and not (path / "state.json").is_file():
        raise DataError(f"{path} is a data set's folder: say which split of it, with --split")
    return read_gold_files(files_of(path, split), boxes)


def read_names(path: Path) -> set[str]:
    """Read the names of entities, their words joined by spaces, of training data: a file of gold, or a folder's train.

    Boxes are not looked for, so there need be none.

    Raises:
        DataError: as of `read_gold`.
    """
    # Boxes lie in a folder of their own, and a post whose xml file is not found has none.
    return set(entity_names(read_gold(path, "train", path if path.is_dir() else path.parent)))


def training_names(path: Path) -> set[str]:
    """Read the names of a data set's training data, as `read_names`; none where there is no train split."""
    try:
        return read_names(path) if path.is_dir() and files_of(path, "train") else set()
    except DataError:
        return set()


def read_gold_files(files: Sequence[Path], boxes: Path | None = None, labelled: bool = True) -> list[GoldPost]:
    """Read the gold posts of files of one form, one after another.

    Args:
        files: one or more.
        boxes: folder of the xml files, where it is not xml/ beside CoNLL text, or beside the folder txt/ of that.
        labelled: whether each of our own lines must have its `entities`; otherwise one without them has none.

    Raises:
        DataError: one cannot be read, or is not in the format, with its place.
    """
    if boxes is not None and not boxes.is_dir():
        raise DataError(f"{boxes} is missing: give the folder of the VOC files with --boxes")
    try:
        if form_of(files[0]) == "conll":
            posts = [post for file in files for post in read_text_file(file, boxes or _boxes_beside(file))]
            check_gold(posts, str(files[0].parent))
            return posts
        return _gold_of_rows(files, labelled)
    except OSError as error:
        raise DataError(f"{error.filename or files[0]} cannot be read: {error.strerror or error}") from error


def _gold_of_rows(files: Sequence[Path], labelled: bool) -> list[GoldPost]:
    rows = chain.from_iterable(map(gold_rows, files))
    first = next(rows, None)
    if first is None:
        return []
    whole, name = chain([first], rows), str(files[0] if len(files) == 1 else files[0].parent)
    if isinstance(first[1], dict) and "ner_tags" in first[1]:
        return gold_of_tags(whole, name)
    return official_gold(whole, name) if _is_official(first) else gold_from_dicts(whole, name, labelled)


def _is_official(row: tuple[str, Any]) -> bool:
    return isinstance(row[1], dict) and not OFFICIAL_KEYS.isdisjoint(row[1])


def _boxes_beside(text: Path) -> Path:
    """Return the folder xml/ beside a text, or beside the folder txt/ that it is in."""
    return (text.parent.parent if text.parent.name == "txt" else text.parent) / "xml"


def read_predictions(path: Path, tell: Tell | None = None) -> list[PredictedPost]:
    """Read predictions from rows of JSON or JSON Lines: `pre_entities`, our own, or whole results.

    Args:
        path: the file.
        tell: as of `read_results`.

    Raises:
        DataError: nothing there, or not in the format, with its place.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder: predictions are a file, JSON Lines or a list of `pre_entities`")
    places = list[int]()
    rows = json_rows(path) if tell is None else without_failed(json_rows(path), tell, places)
    first = next(rows, None)
    if first is None:
        return []
    whole, name = chain([first], rows), str(path)
    found = official_predictions(whole, name) if _is_official(first) else predictions_from_dicts(whole, name)
    return numbered(found, places) if len(places) < max(places, default=0) else found
