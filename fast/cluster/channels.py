"""Messages between a client and a worker on one machine: pickled objects over a pair of sockets, each with a deadline.

Who receives from a process that was killed, or sends to it, gets a ConnectionError; whoever waits too long, a
TimeoutError.
"""

from __future__ import annotations

import pickle
import socket
import struct
from time import monotonic
from typing import Any

LENGTH = struct.Struct("!Q")


class Channel:
    """One end of a pair of sockets."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end

    def fileno(self) -> int:
        """What `select` waits for."""
        return self.end.fileno()

    def send(self, message: Any, seconds: float | None = None) -> None:
        """Send a message in so many seconds."""
        content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self.end.settimeout(seconds)
        self.end.sendall(LENGTH.pack(len(content)))
        self.end.sendall(content)

    def receive(self, seconds: float | None = None) -> Any:
        """Receive a message in so many seconds."""
        deadline = None if seconds is None else monotonic() + seconds
        (length,) = LENGTH.unpack(self._bytes(LENGTH.size, deadline))
        return pickle.loads(self._bytes(length, deadline))

    def close(self) -> None:
        """Let the other end know that nothing comes any more."""
        self.end.close()

    def _bytes(self, count: int, deadline: float | None) -> bytearray:
        content = bytearray(count)
        rest = memoryview(content)
        while rest:
            # A timeout of 0 wouldn't wait at all, which is another error.
            self.end.settimeout(None if deadline is None else max(deadline - monotonic(), 1e-3))
            came = self.end.recv_into(rest)
            if not came:
                raise ConnectionResetError("the other end is closed")
            rest = rest[came:]
        return content
