"""Errors as a client reads them: one shape (RFC 9457, problem+json) that says what is wrong, where, and what to do."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from unco.errors import CallerError, DataError, InputError, Overloaded, UncoError, shorten, without_paths
from unco.state import Json

MEDIA_TYPE = "application/problem+json"

_LATER_S = 1.0
"""After which a client may try again what was too much just now."""

_HIDDEN = "the server cannot do this now; whoever runs it finds the reason in its log, under this request's id"

_OF_HTTP = {
    404: "there is nothing at this address: /openapi.json lists what there is",
    405: "this address is called with another method: the header Allow names it",
}

_TITLES = {413: "Content Too Large", 422: "Unprocessable Content", 499: "Client Closed Request"}
"""Which Python, by its version, calls otherwise, or does not know."""


class RequestError(CallerError):
    """A request that cannot be answered, whatever its post is."""

    def __init__(self, status: int, message: str, retry_after: float | None = None) -> None:
        """Keep the HTTP status, and the seconds after which the client may try again; None = it need not."""
        super().__init__(message)
        self.status, self.retry_after = status, retry_after


@dataclass(frozen=True, slots=True)
class Problem:
    """An error without anything of the server in it."""

    status: int
    kind: str
    """Name of the error's class, which says who must act."""
    detail: str
    headers: tuple[tuple[str, str], ...] = ()

    def as_json(self, request_id: str) -> Json:
        """Return the problem as a client reads it."""
        title = _TITLES.get(self.status) or HTTPStatus(self.status).phrase
        return {
            "type": "about:blank",
            "title": title,
            "status": self.status,
            "error": self.kind,
            "detail": self.detail,
            "request_id": request_id,
        }

    def response(self, request_id: str) -> JSONResponse:
        """Return the problem as a response."""
        headers = dict(self.headers)
        return JSONResponse(self.as_json(request_id), self.status, headers, media_type=MEDIA_TYPE)


def problem_of(error: BaseException) -> Problem:
    """Say of an error what a client may know; of one that it can do nothing about only that it is the server's."""
    kind = type(error).__name__
    match error:
        case RequestError():  # of the service's own words: a path in them is one of its addresses
            return Problem(error.status, kind, shorten(str(error)), _headers(error.retry_after, error.status))
        case HTTPException():
            detail = _OF_HTTP.get(error.status_code) or without_paths(str(error.detail))
            return Problem(error.status_code, "RequestError", detail, tuple((error.headers or {}).items()))
        case Overloaded():
            return Problem(429, kind, _told(error), _headers(_LATER_S))
        case InputError() if not isinstance(error, DataError):  # a file of data is the server's own
            return Problem(422, kind, _told(error))
        case UncoError():
            return Problem(503, kind, _HIDDEN, _headers(_LATER_S))
    return Problem(500, "ServerError", _HIDDEN)


def _told(error: CallerError) -> str:
    return error.model_dump()["message"]


def _headers(retry_after: float | None, status: int = 429) -> tuple[tuple[str, str], ...]:
    again = () if retry_after is None else (("Retry-After", str(max(1, round(retry_after + 0.49)))),)
    return (*again, ("WWW-Authenticate", 'Bearer realm="unco"')) if status == 401 else again
