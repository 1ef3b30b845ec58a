"""Read gold or predictions in whichever format a path holds."""

from pathlib import Path

from unco.corpus.formats.files import files_of, form_of
from unco.errors import DataError
from unco.evals.formats.conll_voc import read_text_file
from unco.evals.formats.gold_lines import read_gold_lines
from unco.evals.formats.json_text import starts_as_list
from unco.evals.formats.official_json import read_official_gold, read_official_predictions
from unco.evals.formats.predicted import PredictedPost
from unco.evals.formats.prediction_lines import read_prediction_lines
from unco.evals.formats.table_gold import is_tagged_json, read_table_gold
from unco.small_model.gold_inputs import entity_names
from unco.types import GoldPost


def read_gold(path: Path, split: str | None = None, boxes: Path | None = None) -> list[GoldPost]:
    """Read gold posts from CoNLL text with boxes in xml/, JSON Lines, a file of `gt_entities`, or a table for NER.

    Args:
        path: folder or file.
        split: which one, of a folder.
        boxes: folder of the xml files, where it is not xml/ in the folder.

    Raises:
        DataError: nothing there, or not in the format, with its place.
    """
    if path.is_dir() and split is None and not (path / "state.json").is_file():
        raise DataError(f"{path} is a data set's folder: say which split of it, with --split")
    files = files_of(path, split)
    return read_table_gold(files) if len(files) > 1 else read_gold_file(files[0], boxes)


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


def read_gold_file(path: Path, boxes: Path | None = None) -> list[GoldPost]:
    """Read the gold posts of one file.

    Args:
        path: of the file.
        boxes: folder of the xml files, where it is not xml/ beside CoNLL text, or beside the folder txt/ of that.

    Raises:
        DataError: it cannot be read, or is not in the format, with its place.
    """
    form = form_of(path)
    if form == "conll":
        return read_text_file(path, boxes or _boxes_beside(path))
    if form == "table" or is_tagged_json(path):
        return read_table_gold([path])
    return read_official_gold(path) if starts_as_list(path) else read_gold_lines(path)


def _boxes_beside(text: Path) -> Path:
    """Return the folder xml/ beside a text, or beside the folder txt/ that it is in."""
    return (text.parent.parent if text.parent.name == "txt" else text.parent) / "xml"


def read_predictions(path: Path) -> list[PredictedPost]:
    """Read predictions from a file of `pre_entities`, or from JSON Lines, which may hold whole results.

    Raises:
        DataError: nothing there, or not in the format, with its place.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder: predictions are a file, JSON Lines or a list of `pre_entities`")
    return read_official_predictions(path) if starts_as_list(path) else read_prediction_lines(path)
