"""Streams: where a call's kernels and copies are sent, and how they wait for those of others.

The driver works off a stream in order, and streams beside each other. An array is written on some stream; who reads it
on another one waits. The driver does that on the device, by an event: the host goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fast.cuda.device import SIMULATED, STREAM, cuda, explain
from reference.errors import InvalidArgument

#: The default stream by its other name, CU_STREAM_LEGACY, which CuPy's arrays say: the interface gives 0 no meaning.
LEGACY = 1


@contextmanager
def stream(given: Any) -> Iterator[None]:
    """Send what is launched and copied inside the `with` to a stream of Numba, PyTorch or CuPy, or to a handle's.

    The simulator has no streams, and does everything at once.
    """
    token = STREAM.set(as_numba_stream(given))
    try:
        yield
    finally:
        STREAM.reset(token)


def as_numba_stream(given: Any) -> Any:
    """A stream as Numba has it; whoever made it keeps it, and lives as long as it is used."""
    if SIMULATED and isinstance(given, cuda.stream):
        return 0
    handle = handle_of(given)
    if SIMULATED or handle == 0:
        return 0
    if hasattr(given, "auto_synchronize"):  # Numba's own
        return given
    wrapped = cuda.external_stream(handle)
    wrapped.owner = given
    return wrapped


def handle_of(given: Any) -> int:
    """The driver's handle of a stream, 0 of the default one, whichever of its names is given."""
    handle = named_handle(given)
    return 0 if handle == LEGACY else handle


def named_handle(given: Any) -> int:
    """The handle of a stream as it is given."""
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    if hasattr(given, "__cuda_stream__"):
        return int(given.__cuda_stream__()[1])
    for name in ("cuda_stream", "ptr"):  # PyTorch's and CuPy's
        if isinstance(getattr(given, name, None), int):
            return getattr(given, name)
    wanted = "a stream of Numba, PyTorch or CuPy, or the handle of one"
    raise InvalidArgument("stream", wanted, f"{given!r:.60}")


def wait_for(other: Any) -> None:
    """Let the stream of this call wait for what was sent to another one until now; the host waits for nothing."""
    own = STREAM.get()
    if SIMULATED or handle_of(own) == handle_of(other):
        return
    try:
        event = cuda.event(timing=False)
        event.record(other)
        event.wait(own)
    except Exception as error:
        explain(error, "waiting for another stream")
        raise
