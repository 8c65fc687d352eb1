"""Messages between processes: JSON, with arrays as bytes beside it.

Whoever reads one trusts nothing: no pickle, sizes within limits, and a time limit for the whole message. What isn't a
message ends the connection, not the reader.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from conformance.schedules import Schedule

HEADER = struct.Struct("<IQ")
#: The most bytes of a message's JSON, and of its arrays.
MOST_JSON, MOST_BYTES = 1 << 26, 1 << 34


class ConnectionLost(Exception):
    """The other side has ended, or doesn't speak as it should."""


class TimedOut(Exception):
    """No message came in time."""


class Channel:
    """One end of a connection."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    def fileno(self) -> int:
        """The descriptor, to hand to another process."""
        return self._socket.fileno()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def send(self, message: Any) -> None:
        """Send a message: plain values, dataclasses, tuples, and arrays."""
        blobs: list[bytes] = []
        text = json.dumps(pack(message, blobs)).encode()
        body = b"".join(blobs)
        self._socket.settimeout(None)
        try:
            self._socket.sendall(HEADER.pack(len(text), len(body)) + text + body)
        except OSError as error:
            raise ConnectionLost(str(error)) from None

    def receive(self, seconds: float = math.inf) -> Any:
        """The next message, within a time; raises ConnectionLost or TimedOut."""
        end = time.monotonic() + seconds
        text_size, body_size = HEADER.unpack(self._read(HEADER.size, end))
        if text_size > MOST_JSON or body_size > MOST_BYTES:
            raise ConnectionLost("what came is no message")
        text, body = self._read(text_size, end), self._read(body_size, end)
        try:
            return unpack(json.loads(text), body)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            raise ConnectionLost(f"what came is no message: {type(error).__name__}") from None

    def _read(self, count: int, end: float) -> bytearray:
        data = bytearray(count)
        view, start = memoryview(data), 0
        while start < count:
            left = end - time.monotonic()
            if left <= 0:
                raise TimedOut
            self._socket.settimeout(None if left == math.inf else left)
            try:
                got = self._socket.recv_into(view[start:])
            except TimeoutError:
                raise TimedOut from None
            except OSError as error:
                raise ConnectionLost(str(error)) from None
            if not got:
                raise ConnectionLost("the process has ended")
            start += got
        return data


def pair() -> tuple[Channel, Channel]:
    """The two ends of a new connection."""
    ours, theirs = socket.socketpair()
    return Channel(ours), Channel(theirs)


def pack(value: Any, blobs: list[bytes]) -> Any:
    """A value as JSON has it; arrays are appended to `blobs`."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, Schedule):
        return {"schedule": list(value.rates)}
    if isinstance(value, complex):
        return {"complex": [repr(value.real), repr(value.imag)]}
    if isinstance(value, np.generic):
        return {"scalar": pack(np.asarray(value), blobs)}
    if isinstance(value, np.ndarray):
        return _pack_array(value, blobs)
    if isinstance(value, (set, frozenset)):
        return {"set": [pack(part, blobs) for part in value]}
    if isinstance(value, tuple):
        return {"tuple": [pack(part, blobs) for part in value]}
    if isinstance(value, list):
        return [pack(part, blobs) for part in value]
    if is_dataclass(value):
        return {"dict": {field.name: pack(getattr(value, field.name), blobs) for field in fields(value)}}
    return {"dict": {name: pack(part, blobs) for name, part in value.items()}}


def _pack_array(array: np.ndarray[Any, Any], blobs: list[bytes]) -> Any:
    if array.dtype.kind == "O":
        return {"objects": [list(array.shape), [pack(part, blobs) for part in array.flat]]}
    start = sum(map(len, blobs))
    blobs.append(array.tobytes())
    return {"array": [array.dtype.str, list(array.shape), start]}


def unpack(value: Any, body: bytearray) -> Any:
    """The value that `pack` was given; dataclasses come back as dicts."""
    if isinstance(value, list):
        return [unpack(part, body) for part in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    return UNPACK[kind](content, body)


def _unpack_array(content: Any, body: bytearray) -> Any:
    dtype, shape, start = content
    return np.frombuffer(body, np.dtype(dtype), math.prod(shape), start).reshape(shape).copy()


def _unpack_objects(content: Any, body: bytearray) -> Any:
    shape, parts = content
    array = np.empty(len(parts), object)
    for place, part in enumerate(parts):
        array[place] = unpack(part, body)
    return array.reshape(shape)


#: How each kind of value is made again, from its content and the bytes of all arrays.
UNPACK: dict[str, Callable[[Any, bytearray], Any]] = {
    "float": lambda content, body: float(content),
    "complex": lambda content, body: complex(*map(float, content)),
    "schedule": lambda content, body: Schedule(tuple(content)),
    "tuple": lambda content, body: tuple(unpack(part, body) for part in content),
    "set": lambda content, body: {unpack(part, body) for part in content},
    "dict": lambda content, body: {name: unpack(part, body) for name, part in content.items()},
    "scalar": lambda content, body: unpack(content, body)[()],
    "array": _unpack_array,
    "objects": _unpack_objects,
}
