"""Finds the files that hold the posts of a path, and tells the form of each."""

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from unco.corpus.formats.conll import is_running_text
from unco.corpus.formats.conll_layout import is_tag
from unco.corpus.formats.data_set_rows import FIELDS, TEXTS
from unco.corpus.formats.delimited import header_of
from unco.corpus.formats.opened import PACKED
from unco.corpus.formats.text_lines import head_of
from unco.errors import DataError

Form = Literal["conll", "plain", "table", "delimited", "document", "lines"]
"""CoNLL text; running text, a post a line; Parquet or Arrow; CSV or TSV; one JSON value; JSON Lines."""

CONLL = (".conll", ".conllu", ".txt", ".bio", ".iob", ".iob2")
_TABLES = (".parquet", ".arrow", ".feather")
_JSON = (".jsonl", ".ndjson", ".json")
_DELIMITED = (".csv", ".tsv")
_KINDS = (_TABLES[:1], _TABLES[1:], CONLL, _JSON, _DELIMITED)
"""Endings of the files of a folder; those of the first kind that is there count."""

_TAGGED = re.compile(
    rb"\s*(?:#[^\r\n]*[\r\n]\s*)*"
    rb"(?:IMGID:|-DOCSTART-|\S+[ \t](?:[^\r\n]*[ \t])?(?:O|[BIESLUMW]-\S+)[ \t]*(?:[\r\n]|$))"
)
"""How CoNLL text begins, whatever its file is called: below comments a token and its tag."""
_ONE_VALUE = re.compile(rb"\s*(\[|\{\s*[\r\n])")
"""How JSON begins that is no JSON Lines: a list, or an object over many lines."""
_JSON_OBJECTS = re.compile(rb'\s*(?:\[\s*)?\{\s*"(?:[^"\\\r\n]|\\.)*"\s*:')
"""How JSON with objects begins, which no other text does: with a name and a colon."""
_COLUMN = re.compile(r"[^\W\d][\w.-]*")
_BESIDE_TEXT = FIELDS.difference(TEXTS).union(("label", "labels", "tags", "ner_tags"))
"""Columns of which one tells a header from a token `text` and its tag."""
_ASIDE = re.compile(
    r"\..*|(readme|licen[cs]e|requirements)\b.*|(dataset_infos?|dataset_dict|state)\.json", re.IGNORECASE
)
"""Names of files that lie beside posts and hold none; hidden ones too, of which macOS writes one for each (._a.txt)."""

_SPLIT = re.compile(r"(train|dev|val|valid|validation|test)([-_.].*)?", re.IGNORECASE)


_DEV = ("dev", "val", "valid", "validation")
"""What data sets call the posts that choices are made on."""


def form_of(path: Path) -> Form:
    """Tell the form of a file of posts, by its ending and by how it begins; whether it is packed does not matter."""
    ending = _unpacked(path).suffix.lower()
    if ending in _TABLES:
        return "table"
    head = head_of(path)
    if ending in _JSON:
        return _form_of_json(head)
    if ending in CONLL and path.is_file():
        return _form_of_text(path, head, ending == ".txt")
    if ending != ".csv" and _TAGGED.match(head):
        return "conll"
    if ending in _DELIMITED:
        return "delimited"
    return _form_of_json(head) if _JSON_OBJECTS.match(head) else "lines"


def is_list(path: Path) -> bool:
    """Return whether a file of JSON is a list."""
    return head_of(path).lstrip().startswith(b"[")


def _form_of_json(head: bytes) -> Form:
    return "document" if _ONE_VALUE.match(head) else "lines"


def _form_of_text(path: Path, head: bytes, may_run_on: bool) -> Form:
    """Tell the form of a file that is named as text; JSON and tables may be called .txt, too."""
    if _JSON_OBJECTS.match(head):
        return _form_of_json(head)
    if may_run_on and _is_table(head):
        return "delimited"
    return "plain" if may_run_on and is_running_text(path) else "conll"


def _is_table(head: bytes) -> bool:
    """Return whether a text begins with a header that has a column of text, and a row under it."""
    first, *others = head.decode(errors="replace").lstrip().splitlines() or [""]
    try:
        names, delimiter = header_of(first)
    except csv.Error:
        return False
    is_header = (
        not TEXTS.isdisjoint(names) and not _BESIDE_TEXT.isdisjoint(names) and all(map(_COLUMN.fullmatch, names))
    )
    rows = [line for line in others if line.strip()]
    return is_header and bool(rows) and delimiter in rows[0] and not _are_tokens(others, delimiter)


def _are_tokens(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether rows are a token each: most end in a tag, or blank lines part them and no cell has a blank."""
    rows = [line for line in lines if line.strip()]
    last = [row.rsplit(delimiter, 1)[-1].strip() for row in rows]
    if 2 * sum(is_tag(cell) and " " not in cell for cell in last) > len(rows):
        return True
    is_parted = any(not line.strip() for line in lines[: lines.index(rows[-1])])
    return is_parted and not any(" " in row for row in rows)


def files_of(path: Path, split: str | None = None) -> list[Path]:
    """Return the files of a path, in their order: itself; or those of the folder of a data set.

    Such a folder is what `datasets` saved to disk, one data set or several splits; or it holds files of one kind, in
    txt/ or data/ if it has that. Of several kinds Parquet goes first, then Arrow, CoNLL text, JSON, CSV; files of these
    two are named as splits are: train, dev, validation, test.

    Args:
        path: a file or a folder.
        split: of a folder; None = all that it holds.

    Raises:
        DataError: a folder without such files, or without that split.
    """
    if not path.is_dir():
        return [path]
    if (path / "dataset_dict.json").is_file():
        splits = _names(path / "dataset_dict.json", "splits")
        return [file for name in _chosen(splits, split, path) for file in files_of(path / name)]
    if (path / "state.json").is_file():
        return [path / part for part in _names(path / "state.json", "_data_files")]
    found = next(filter(None, map(_of_one_kind, (path / "txt", path / "data", path))), None)
    if found is None and split is not None and (path / split).is_dir():
        return files_of(path / split)
    if found is None:
        raise DataError(_nothing_in(path))
    if split is None:
        return found
    names = dict.fromkeys(split_of(file) for file in found)
    return [file for file in found if split_of(file) in _chosen(list(names), split, path)]


def _nothing_in(folder: Path) -> str:
    """Say why a folder has no file of posts."""
    names = sorted(file.name for file in folder.iterdir() if not _ASIDE.fullmatch(file.name) and file.is_file())
    loose = next((name for name in names if _unpacked(Path(name)).suffix.lower() in (*_JSON, *_DELIMITED)), "")
    if loose:
        files = "of a folder's JSON and CSV only files named as splits are read (train, dev, validation, test)"
        return f"{folder} has no file of posts: {files}: name the file itself, {folder / loose}"
    endings = ", ".join(ending for kind in _KINDS for ending in kind)
    return f"{folder} has no file of posts ({endings}): name the folder that holds them"


def _of_one_kind(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    files = sorted(file for file in folder.iterdir() if not _ASIDE.fullmatch(file.name) and file.is_file())
    kinds = (
        [file for file in files if _unpacked(file).suffix.lower() in kind and _may_hold_posts(file)] for kind in _KINDS
    )
    found = {_unpacked(file): file for file in reversed(next(filter(None, kinds), []))}
    return sorted(found.values())  # of a file and the same one packed, which comes behind it, the file alone


def _may_hold_posts(file: Path) -> bool:
    """Return whether a file of a folder holds posts; of JSON and CSV, which hold anything, by the name of its split."""
    ending = _unpacked(file).suffix.lower()
    return not (ending in _JSON or ending in _DELIMITED) or _SPLIT.fullmatch(split_of(file)) is not None


def _chosen(splits: list[str], split: str | None, path: Path) -> Sequence[str]:
    if split == "dev":
        split = next((name for name in splits if name.lower() in _DEV), split)
    if split is not None and split not in splits:
        raise DataError(f"{path} has no split {split!r}: it has {', '.join(splits)}")
    return splits if split is None else (split,)


def split_of(file: Path) -> str:
    """Return the split that a file holds: `train` of train.txt and of train-00000-of-00002.parquet."""
    return re.sub(r"-\d+-of-\d+$", "", _unpacked(file).stem)


def _unpacked(path: Path) -> Path:
    """Return the name of a file without the ending that says that it is packed."""
    return path.with_suffix("") if path.suffix.lower() in PACKED else path


def _names(path: Path, key: str) -> list[str]:
    """Read names from a file of `datasets`. They are data: none leads out of the folder.

    Raises:
        DataError: it is not such a file.
    """
    try:
        data: Any = json.loads(path.read_text("utf-8"))
        names = [Path(one if isinstance(one, str) else one["filename"]).name for one in data[key]]
        if not all(names) or ".." in names:
            raise ValueError(f"{key} are no names")
        return names
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path} is not a folder of `datasets`: {error}") from error
