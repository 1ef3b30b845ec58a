"""Read gold or predictions in whichever format a path holds."""

from pathlib import Path

from unco.errors import DataError
from unco.evals.formats.conll_voc import read_folder
from unco.evals.formats.gold_lines import read_gold_lines
from unco.evals.formats.json_text import starts_as_list
from unco.evals.formats.official_json import read_official_gold, read_official_predictions
from unco.evals.formats.predicted import PredictedPost
from unco.evals.formats.prediction_lines import read_prediction_lines
from unco.small_model.gold_inputs import entity_names
from unco.types import GoldPost


def read_gold(path: Path, split: str | None = None, boxes: Path | None = None) -> list[GoldPost]:
    """Read gold posts from a folder with txt/ and xml/, a file of `gt_entities`, or JSON Lines.

    Args:
        path: folder or file.
        split: which one, of a folder.
        boxes: folder of the xml files, where it is not xml/ in the folder.

    Raises:
        DataError: nothing there, or not in the format, with its place.
    """
    if path.is_dir():
        if split is None:
            raise DataError(f"{path} is a data set's folder: say which split of it, with --split")
        return read_folder(path, split, boxes)
    return read_official_gold(path) if starts_as_list(path) else read_gold_lines(path)


def read_names(path: Path) -> set[str]:
    """Read the names of entities, their words joined by spaces, of training data: a file of gold, or a folder's train.

    Boxes are not looked for, so a folder needs no xml/.

    Raises:
        DataError: as of `read_gold`.
    """
    # No xml file lies among the texts, and a post without one has no boxes.
    posts = read_folder(path, "train", path / "txt") if path.is_dir() else read_gold(path)
    return set(entity_names(posts))


def read_predictions(path: Path) -> list[PredictedPost]:
    """Read predictions from a file of `pre_entities`, or from JSON Lines, which may hold whole results.

    Raises:
        DataError: nothing there, or not in the format, with its place.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder: predictions are a file, JSON Lines or a list of `pre_entities`")
    return read_official_predictions(path) if starts_as_list(path) else read_prediction_lines(path)
