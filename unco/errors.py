"""Errors, named for who must act. Each message says what is wrong, where, and what to do."""

import re
from typing import Any

from unco.types import Reason

_ABSOLUTE_PATH = re.compile(r"""(?P<quote>['"])(?:/|[A-Za-z]:\\).*?(?P=quote)|(?<![\w:/.])/[^\s'",;:)]+""")


MOST_CHARACTERS = 2000
"""Of a message that is shown; what it quotes may be a stranger's, and without end."""


def shortened(message: str) -> str:
    """A message that is not longer than anybody reads."""
    return message if len(message) <= MOST_CHARACTERS else f"{message[:MOST_CHARACTERS]}..."


class UncoError(Exception):
    """Base of all errors that this package raises on purpose."""


class CallerError(UncoError):
    """The caller can help it, so a client of LangGraph's server reads why; of any other error it reads the name."""

    def model_dump(self) -> dict[str, str]:
        """What the server sends: it hides an error's text unless the error can be dumped.

        Absolute paths are left out, for they may be the server's own; keys stand in no message.
        """
        return {"error": type(self).__name__, "message": shortened(_ABSOLUTE_PATH.sub("<path>", str(self)))}


class InputError(CallerError):
    """The caller must act: something that was handed in cannot be used."""


class PostError(InputError):
    """The text or the fields of a post cannot be used."""


class PictureError(InputError):
    """The picture cannot be opened, or may not be."""


class SettingsError(InputError):
    """A threshold, mode, prompt version, box frame or other setting is unknown or out of range."""


class DataError(InputError):
    """A data set, prediction or recording file is not in the format it should be in."""


class SetupError(UncoError):
    """Whoever installed or configured unco must act: an extra is missing, a checkpoint is broken."""


class Overloaded(CallerError):
    """Callers must slow down: more posts wait for the small model than it takes; nothing is wrong with the post."""


class EndpointError(UncoError):
    """The MLLM gave no usable answer. Inside the graph these become outcomes of a correction, never a crash."""

    reason: Reason | None = None
    """Why no answer came; None = one came, and cannot be used."""


class Unavailable(EndpointError):
    """Nobody to ask: no endpoint configured, calls are off, or the endpoint cannot be reached."""

    def __init__(self, message: str, reason: Reason) -> None:
        """Say it in words, and as a type that code can act on."""
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel whole between processes."""
        return type(self), (str(self), self.reason)


class Waiting(EndpointError):
    """A question is written down for a batch; the post goes on when the answer is there."""


class CallFailed(EndpointError):
    """The endpoint was reached and refused, broke down or was too slow, also after retries."""

    reason = "endpoint"


class TimeIsUp(CallFailed):
    """The call's deadline came before the endpoint's answer: another call might have waited longer."""


class RecordingMiss(EndpointError):
    """Replay was asked for and no recording matches; the message names the nearest one and the first difference."""

    reason = "not_recorded"


class ReplyError(EndpointError):
    """The reply came and is not a readable answer; the message is what the re-ask quotes to the model."""


class Rejected(EndpointError):
    """The answer is readable and wrong on its face: a span that is not in the text, a type that does not exist, ..."""
