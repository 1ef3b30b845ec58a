"""Files of questions for a provider's Batch API: a folder with 0001.jsonl, 0002.jsonl, ..., one question per line.

A line is OpenAI's: `custom_id`, `method`, `url`, `body`. `custom_id` is the cache's key of the question, so that an
answer is cached where a run looks for it. A file gets its name when it is complete; an incomplete one is begun anew.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from unco.errors import DataError, SettingsError, SetupError
from unco.tools.llm import endpoint
from unco.tools.llm.cache.process_locks import lock_byte
from unco.tools.llm.request import Request
from unco.tools.llm.request_shape import Shape, with_room

MAX_FILE_QUESTIONS = 50_000
"""Questions in a file, as OpenAI limits them."""

MAX_FILE_BYTES = 200_000_000
"""Size of a file, as OpenAI limits it (200 MB)."""


class QuestionFiles:
    """A folder that questions are added to, in files within a provider's limits; used in a `with` statement."""

    def __init__(
        self, folder: Path, most_questions: int = MAX_FILE_QUESTIONS, most_bytes: int = MAX_FILE_BYTES
    ) -> None:
        """Name the folder; a file is begun with its first question.

        Args:
            folder: what it holds already stays.
            most_questions: of a file.
            most_bytes: of a file.
        """
        self._folder = folder
        self._most_questions, self._most_bytes = most_questions, most_bytes
        self._file: BinaryIO | None = None
        self._in_file = 0
        self.written: list[Path] = []
        """Files that are complete."""

    def __enter__(self) -> "QuestionFiles":
        """Make the folder, for its owner alone, and lock it: two exports would write the same questions.

        Raises:
            SettingsError: another export writes into the folder at this moment.
            SetupError: it cannot be written.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = (self._folder / ".lock").open("wb")
            held = lock_byte(self._lock.fileno(), 0)
        except OSError as error:
            raise self._unwritable(error) from error
        if not held:
            self._lock.close()
            raise SettingsError(f"another export writes into {self._folder} at this moment: wait for its end")
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """Give the last file its name; after an error it gets none, and its questions are written anew another time."""
        try:
            if kind is None:
                self._finish()
        finally:
            with suppress(OSError):  # it tries once more to write what could not be written
                if self._file is not None:
                    self._file.close()
            self._lock.close()

    def add(self, custom_id: str, body: dict[str, Any]) -> None:
        """Write a question.

        Raises:
            SetupError: it cannot be written.
        """
        question = {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}
        line = (json.dumps(question, ensure_ascii=False) + "\n").encode()
        try:
            if self._file and (
                self._in_file == self._most_questions or self._file.tell() + len(line) > self._most_bytes
            ):
                self._finish()
            if self._file is None:
                self._file = self._unfinished().open("wb")
            self._file.write(line)
            self._in_file += 1
        except OSError as error:
            raise self._unwritable(error) from error

    def _unfinished(self) -> Path:
        return self._folder / "unfinished"

    def _finish(self) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
            last = max((int(path.stem) for path in _paths(self._folder)), default=0)
            path = self._folder / f"{last + 1:04}.jsonl"
            self._unfinished().rename(path)
        except OSError as error:
            raise self._unwritable(error) from error
        self.written.append(path)
        self._file, self._in_file = None, 0

    def _unwritable(self, error: OSError) -> SetupError:
        return SetupError(f"{self._folder} cannot be written: {error.strerror or error}: make room, then export again")


def body_of(request: Request, shape: Shape) -> dict[str, Any]:
    """Build the `body` of a line: what a live call would send."""
    from langchain_core.messages import convert_to_openai_messages

    return {
        "model": request.model,
        "messages": convert_to_openai_messages(endpoint.messages(request, shape)),
        **({"temperature": request.temperature} if shape.temperature else {}),
        **endpoint.body_fields(with_room(request, shape), shape),
    }


def read_questions(folder: Path) -> dict[str, str]:
    """Read the `custom_id` of every question in a folder's files, with the name of the model that it is for.

    Raises:
        DataError: a file is not one of questions.
    """
    return {custom_id: model for path in _paths(folder) for custom_id, model in _questions(path)}


def _questions(path: Path) -> Iterator[tuple[str, str]]:
    number = 0
    try:
        with path.open("rb") as lines:
            for line in lines:
                number += 1
                question = json.loads(line)
                yield str(question["custom_id"]), str(question["body"]["model"])
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{path}:{number}: not a question that `unco batch export` wrote") from error


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.jsonl") if path.stem.isdecimal())
