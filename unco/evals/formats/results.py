"""Read the results of a run, one per line, as `unco run` and comparisons write them."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from unco.errors import DataError
from unco.evals.formats.checks import check_ids, numbered
from unco.evals.formats.failed_posts import Tell, check_run, without_failed
from unco.evals.formats.json_text import json_lines
from unco.evals.formats.prediction_lines import check_inside, predicted_of
from unco.state import RESULT
from unco.types import Box, Result, Span

_KINDS: dict[str, type] = {"span": Span, "type": str, "region": Box}
"""Of a value, by its attribute."""


def read_results(path: Path, tell: Tell | None = None) -> list[Result]:
    """Read a file's results whole, with the record of each correction.

    Args:
        path: the file.
        tell: is called with a line about posts that could not be run, which are left out; the others are numbered as
            they stand, where they have no ids. None = such posts are refused.

    Raises:
        DataError: it cannot be read or is cut off, a line is no result, or an entity lies outside its post; names the
            line.
    """
    found, places = list[Result](), list[int]()
    for where, data in json_lines(path) if tell is None else without_failed(json_lines(path), tell, places):
        check_run(data, where)
        _check_numbers(data, where)
        try:
            found.append(RESULT.validate_python(data))
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            raise DataError(f"{where}: not a result: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
        _check_values(found[-1], where)
        check_inside(predicted_of(found[-1]), where)
    check_ids([result.id for result in found], str(path))
    return numbered(found, places) if len(places) < max(places, default=0) else found


def _check_numbers(data: Any, where: str) -> None:
    """Refuse NaN and infinities, which Python's JSON reads and no report can be written with."""
    try:
        json.dumps(data, allow_nan=False)
    except ValueError as error:
        raise DataError(f"{where}: not a result: a number in it is not finite") from error


def _check_values(result: Result, where: str) -> None:
    """Check that the values of each correction are of its attribute."""
    for entity in result.all_entities:
        for note in entity.corrections:
            kind = _KINDS.get(note.attribute, object)
            if not all(value is None or isinstance(value, kind) for value in (note.before, note.after)):
                raise DataError(f"{where}: not a result: a correction's {note.attribute} is none of that kind")
