"""A deadline over a whole exchange with a host: handshake, headers, chunk sizes and body.

A socket's own timeout starts anew with each byte, so a host that sends one now and then would hold us for ever.
"""

import socket
from contextlib import suppress
from threading import Timer
from types import TracebackType


class Deadline:
    """Shuts the connections that it is given when the time is over, whatever they are waiting for."""

    def __init__(self, seconds: float) -> None:
        """Set the time; it runs from entering the context."""
        self.over = False
        """Whether the time is over."""
        self._connections: list[socket.socket] = []
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        """Start the time."""
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the time."""
        self._timer.cancel()
        for connection in self._connections:
            connection.close()

    def watch(self, connection: socket.socket) -> None:
        """Shut this connection at the end; TLS takes the socket over, so a second handle to it is kept.

        Raises:
            TimeoutError: the time is over.
        """
        self._connections.append(connection.dup())
        self.check()

    def check(self) -> None:
        """Raise TimeoutError if the time is over: what was read until then may be cut short."""
        if self.over:
            raise TimeoutError("the time is over")

    def _end(self) -> None:
        self.over = True
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
