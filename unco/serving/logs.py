"""The log: a line of JSON for each request and each event, without texts of posts, keys or paths."""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from unco.errors import SetupError, without_paths

log = logging.getLogger("unco.serving")

LOG_CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "unco.serving.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"uvicorn.error": {"level": "INFO"}, "unco.serving": {"level": "INFO"}},
}
"""For `logging.config.dictConfig`; uvicorn gives it to each worker."""


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON. Of an exception it tells the class and the place, not the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        own = record.name.startswith("unco.serving")
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if own else without_paths(record.getMessage()),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= fault_of(record.exc_info[1])
        return json.dumps(line, default=str)


def fault_of(error: BaseException) -> dict[str, str]:
    """Tell an error's class and where in unco it arose: a message may quote a post, and a traceback names paths."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [
        f"{frame.filename.rpartition('/unco/')[2]}:{frame.lineno}" for frame in frames if "/unco/" in frame.filename
    ]
    known = {"fault": type(error).__name__} | ({"at": places[-1]} if places else {})
    return known | ({"cause": type(error.__cause__).__name__} if error.__cause__ else {})


def note(event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Write an event with its fields."""
    log.log(level, event, extra={"fields": fields})


def note_fault(error: BaseException, request_id: str) -> None:
    """Write down an error that is the server's own; of its set-up, which no post has a part in, also what is wrong."""
    why = {"why": without_paths(str(error))} if isinstance(error, SetupError) else {}
    note("fault", logging.ERROR, request_id=request_id, **fault_of(error), **why)
