"""What becomes of Numba's own device arrays and streams, without a GPU: a program, without the simulator.

The simulator's arrays are others than the real ones. Here the real ones get memory of the host from a context that is
made up, and say what is copied on which stream. No kernel runs: what is launched has no effect.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
from typing import Any

import numpy as np

# Whoever looks for examples imports this, and Numba chooses its target when `numba.cuda` is imported.
if __name__ == "__main__":
    from numba import cuda as numba_cuda
    from numba.cuda import api, dispatcher
    from numba.cuda.cudadrv import devices, driver

#: What was copied, recorded and waited for, in order.
DONE: list[tuple[Any, ...]] = []
ROW = np.array([[1, -2, 3]], np.float32)


class Event:
    """Where a stream is."""

    def record(self, stream: Any) -> None:
        """The stream is here."""
        DONE.append(("record", int(driver._stream_handle(stream))))

    def wait(self, stream: Any) -> None:
        """Another stream waits until it is."""
        DONE.append(("wait", int(driver._stream_handle(stream))))


class Context:
    """A context whose memory is the host's; of which there is no end, since nobody frees it."""

    def __init__(self) -> None:
        self.memory: list[np.ndarray] = []

    def memalloc(self, size: int) -> Any:
        self.memory.append(np.zeros(size, np.uint8))
        return driver.MemoryPointer(self, driver.binding.CUdeviceptr(self.memory[-1].ctypes.data), size=size)

    def create_external_stream(self, handle: int) -> Any:
        return driver.Stream(driver.binding.CUstream(handle), external=True)

    def create_event(self, timing: bool) -> Event:
        return Event()

    # What Numba asks for a context.
    def ensure_context(self) -> Any:
        return contextlib.nullcontext(self)

    def get_or_create_context(self, device: Any) -> Any:
        return self


def copy(there: Any, here: Any, size: int, stream: Any = 0) -> None:
    """In place of all of the driver's copies."""
    DONE.append(("copy", size, int(stream)))
    ctypes.memmove(address(there), address(here), size)


def address(array: Any) -> int:
    """Where an array begins."""
    return array.ctypes.data if isinstance(array, np.ndarray) else array.device_ctypes_pointer.value


def make_up() -> None:
    """Let Numba work with a context, copies, streams and launches that are made up."""
    context = Context()
    devices._runtime = context
    for room in (devices, api, numba_cuda):
        room.get_context = room.current_context = lambda device=None: context
    driver.host_to_device = driver.device_to_host = driver.device_to_device = copy
    driver.Stream.synchronize = lambda stream: DONE.append(("synchronize", int(stream)))
    dispatcher.CUDADispatcher.__getitem__ = lambda kernel, how: lambda *arguments: None


class Foreign:
    """An array of another library."""

    def __init__(self, array: np.ndarray, **more: Any) -> None:
        self.array = array
        self.__cuda_array_interface__ = {**array.__array_interface__, **more}


def what_is_done_on(stream: Any) -> Any:
    """Numba's array and other libraries', there and back; what was done, and what results say of their stream."""
    from fast import cuda

    with cuda.stream(stream):
        DONE.clear()
        cuda.relu(ROW)
        of_numpy = DONE[:]
        DONE.clear()
        first = cuda.relu(Foreign(ROW))
        second = cuda.softmax(Foreign(ROW, stream=99))
        third = cuda.tanh_vjp(first, second)
        return of_numpy, DONE[:], third.__cuda_array_interface__["stream"]


def what_becomes_of_arrays() -> Any:
    """Other shapes, copies and parts, as lists."""
    from fast.cuda import device, device_arrays, perceptron, stand_ins

    square = np.arange(6, dtype=np.float32).reshape(2, 3)
    there = device_arrays.numba_array("z", Foreign(square))
    shown = stand_ins.stand_in(there)
    number = device.to_device(np.array(3, np.float32)).reshape(1).reshape(())
    assert address(there) == square.ctypes.data == address(device.to_device(shown.reshape(3, -1)))
    assert address(device.changeable(shown)) != address(there)
    assert stand_ins.numbers_of(device.to_device(np.ones((2, 2), bool))).dtype == np.uint8
    assert stand_ins.stand_in(number).reshape(1).on_device.shape == (1,)
    of_each = (shown.reshape(3, -1).on_device, device.changeable(shown), number)
    joined = (perceptron.joined([there[:1], there[:2]]), perceptron.joined([there.reshape(6)[:2], there[1]]))
    assert all(array._numba_type_.layout == "C" for array in (*of_each, *joined))
    return [device.to_host(array).tolist() for array in (*of_each, *joined)]


def what_is_refused() -> str:
    """The error for an array that isn't C-contiguous."""
    from fast import cuda

    try:
        cuda.relu(Foreign(np.ones((3, 2), np.float32).T))
    except ValueError as error:
        return str(error)
    return ""


def main() -> None:
    """Print what is done, as JSON."""
    make_up()
    on_default, on_another = what_is_done_on(0), what_is_done_on(77)
    print(json.dumps([on_default, on_another, what_becomes_of_arrays(), what_is_refused()]))


if __name__ == "__main__":
    main()
