"""Exceptions, named for who must act. Each message says what is wrong, where, and what to do."""

import re
from typing import Any

from unco.types import PictureFault, Reason

_ABSOLUTE_PATH = re.compile(r"""(?P<quote>['"])(?:/|[A-Za-z]:\\).*?(?P=quote)|(?<![\w:/.])/[^\s'",;:)]+""")


MAX_MESSAGE_CHARACTERS = 2000
"""Length of a message that is shown; what it quotes may be of any length."""


def shorten(message: str) -> str:
    """Cut a message that is too long to show."""
    return message if len(message) <= MAX_MESSAGE_CHARACTERS else f"{message[:MAX_MESSAGE_CHARACTERS]}..."


def without_paths(message: str) -> str:
    """Leave out absolute paths, which may be a server's own, and shorten what is too long to show."""
    return shorten(_ABSOLUTE_PATH.sub("<path>", message))


class UncoError(Exception):
    """Base of all errors that this package raises on purpose."""


class CallerError(UncoError):
    """An error that the caller can fix, so a client of LangGraph's server sees its message, not only its name."""

    def model_dump(self) -> dict[str, str]:
        """Return what the server sends; it hides the text of an error without this method.

        Absolute paths are left out, for they may be the server's own; keys stand in no message.
        """
        return {"error": type(self).__name__, "message": without_paths(str(self))}


class InputError(CallerError):
    """The caller must act: an input cannot be used."""


class PostError(InputError):
    """The text or the fields of a post cannot be used."""


class PictureError(InputError):
    """The picture cannot be opened, or may not be."""

    def __init__(self, message: str, reason: PictureFault | None = None) -> None:
        """Keep the message, and as a type why the picture cannot be used; None = it may not be."""
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the reason too, for other processes."""
        return type(self), (str(self), self.reason)


class SettingsError(InputError):
    """A threshold, mode, prompt version, box frame or other setting is unknown or out of range."""


class DataError(InputError):
    """A data set, prediction or recording file is not in the format it should be in."""


class SetupError(UncoError):
    """Whoever installed or configured unco must act: an extra is missing, a checkpoint is broken."""


class Overloaded(CallerError):
    """Callers must slow down: too many posts wait for the small model; nothing is wrong with the post."""


class NothingSucceeded(UncoError):
    """A run ended, but no post has a result, or no question got an answer."""


class EndpointError(UncoError):
    """The MLLM gave no usable answer. Inside the graph these become outcomes of a correction, never a crash."""

    reason: Reason | None = None
    """Why no answer came; None = one came, and cannot be used."""


class Unavailable(EndpointError):
    """The MLLM cannot be asked: no endpoint is configured, calls are off, or the endpoint cannot be reached."""

    def __init__(self, message: str, reason: Reason) -> None:
        """Keep the message, and the reason as a type that code can act on."""
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the reason too, for other processes."""
        return type(self), (str(self), self.reason)


class Waiting(EndpointError):
    """A question was exported for a batch; the post goes on when the answer is there."""


class CallFailed(EndpointError):
    """The endpoint was reached and gave no reply: it refuses the question, unless a subclass says otherwise."""

    reason: Reason | None = "endpoint"


class Busy(CallFailed):
    """The endpoint asks for patience (429, 503 and their like), also after retries; it may answer later."""

    reason = "busy"


class Broken(CallFailed):
    """The endpoint failed, closed the connection, was too slow or sent no real answer; it may answer later."""

    reason = "broken"


class AccessRefused(CallFailed):
    """The endpoint wants another key or money (401, 402, 407); it answers once it has that."""

    reason = "access"


class TimeIsUp(Broken):
    """The call's deadline passed before the endpoint's answer; another call might have waited longer."""


class RecordingMiss(EndpointError):
    """In mode `replay` no recording matches; the message names the nearest one and the first difference.

    Unlike the others, it ends the run, because a replay must answer as much as the recorded run.
    """

    reason = "not_recorded"


class ReplyError(EndpointError):
    """The reply cannot be read as an answer; unco asks again and quotes this message to the model."""


class Rejected(EndpointError):
    """The answer is readable but cannot be true: a span that is not in the text, a type that does not exist, ..."""
