"""What the kernels run on: a GPU where there is one, else Numba's simulator; and how they are launched on either.

The choice is made once, when this module is imported, because Numba makes it when `numba.cuda` is imported:

1. `NUMBA_ENABLE_CUDASIM`, where it is set, decides: 1 for the simulator, 0 for the real target (which compiles kernels
   even without a GPU, but can't launch them);
2. otherwise the driver is asked for its devices, past Numba, since asking through Numba would be the choice itself.

The simulator runs one block at a time, and the threads of a block in turns (`fast.cuda.simulation`). It shows what the
kernels mean, barriers included, and says nothing about their speed. Its blocks are therefore as small as a block can be
that still has threads to synchronize, and every size below is a parameter with two values.
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np
from numba import config

from fast.cuda.device_errors import raise_clearly


def device_count() -> int:
    """The number of CUDA devices that the driver knows; 0 without a driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def choose_target() -> bool:
    """Tell Numba what to simulate, before `numba.cuda` is imported for the first time; return whether it simulates."""
    imported = sys.modules.get("numba.cuda")
    if imported is None:
        if "NUMBA_ENABLE_CUDASIM" not in os.environ and device_count() == 0:
            config.ENABLE_CUDASIM = 1
        return bool(config.ENABLE_CUDASIM)
    simulated = imported.jit.__module__.startswith("numba.cuda.simulator")
    if not simulated and "NUMBA_ENABLE_CUDASIM" not in os.environ and device_count() == 0:
        raise ImportError(
            "fast.cuda: there is no CUDA device, and numba.cuda was imported before without its simulator; "
            "import fast.cuda first, or set NUMBA_ENABLE_CUDASIM=1"
        )
    return simulated


SIMULATED = choose_target()
# Small inputs make small grids, which is no reason for a warning.
config.CUDA_LOW_OCCUPANCY_WARNINGS = 0

from numba import cuda  # noqa: E402  (choose_target has to come first)

#: How deep the strips of a matrix product's operands are.
DEPTH = 8
#: As many blocks of a matrix product keep a GPU busy: two for each multiprocessor of an H100. It doesn't depend on the
#: GPU at hand, lest the order of additions do.
BUSY_BLOCKS = 2 if SIMULATED else 264
#: Long sums of a matrix product are cut into slices for blocks of their own, but into none shorter than this.
SHORTEST_SLICE = 16 if SIMULATED else 512
#: Threads of a block, and the most blocks, where every thread takes one place after another.
THREADS, MOST_BLOCKS = (2, 1) if SIMULATED else (128, 4096)

if SIMULATED:
    from numba.cuda.simulator import kernel as simulator

    from fast.cuda.simulation import WARP, Block, synchronizing

    simulator.BlockManager = Block
else:
    #: Lanes of a warp, which can shuffle numbers among themselves.
    WARP = 32
# The simulator keeps the running kernel in a global variable.
ONE_AT_A_TIME = threading.Lock()


def describe() -> str:
    """One line on what the kernels run on."""
    if SIMULATED:
        why = "no GPU here" if device_count() == 0 else "asked for"
        return f"Numba CUDA simulator: {why}, so this shows semantics, not speed"
    if device_count() == 0:
        return "Numba CUDA without a device: kernels compile, but none can be launched"
    name = cuda.get_current_device().name
    return f"Numba CUDA on {name.decode() if isinstance(name, bytes) else name}"


class Silent:
    """A kernel for the simulator, where overflow and NaN pass without a warning, as they do on a GPU.

    NumPy keeps what it warns about for each context, so the setting must be made inside the simulator's threads. The
    simulator looks for `cuda` in a kernel's globals, which are passed on for that reason.
    """

    def __init__(self, body: Callable[..., None]) -> None:
        functools.update_wrapper(self, body)
        self.body, self.__globals__ = body, body.__globals__

    def __call__(self, *arguments: Any) -> None:
        with np.errstate(all="ignore"):
            self.body(*arguments)


def kernel(body: Callable[..., None]) -> Any:
    """Make a kernel of a function, compiled for the types of its arguments when it is launched."""
    return cuda.jit(Silent(body)) if SIMULATED else cuda.jit(body)


def bounded_kernel(threads: int, blocks: int) -> Callable[[Callable[..., None]], Any]:
    """Make a kernel as `kernel` does, with few enough registers for so many blocks of so many threads at a time."""
    return kernel if SIMULATED else cuda.jit(launch_bounds=(threads, blocks))


def device_function(body: Callable[..., Any]) -> Any:
    """Make a function that becomes part of the kernels that call it, so that its arrays can be registers.

    The simulator calls plain Python faster; none of these synchronizes.
    """
    return body if SIMULATED else cuda.jit(device=True, forceinline=True)(body)


def synchronizing_function(body: Callable[..., Any]) -> Any:
    """Make a function as `device_function` does, which may ask for the thread's indices, and synchronize."""
    return synchronizing(body) if SIMULATED else cuda.jit(device=True, forceinline=True)(body)


#: Where a call's kernels and copies go (`streams.stream`): a stream of Numba's, or 0, the default one.
STREAM: ContextVar[Any] = ContextVar("stream", default=0)
#: The kernel that was launched last, by any thread: whom to name when the device is lost.
LAUNCHED: list[Any] = [None]


def explain(error: Exception, doing: str) -> None:
    """Raise what an error of the driver means, if that is known."""
    last = getattr(LAUNCHED[0], "py_func", LAUNCHED[0])
    launched = f"{last.__module__}.{last.__qualname__}" if last else "none of these"
    raise_clearly(error, doing, launched, lambda: tuple(cuda.current_context().get_memory_info()))


def launch(compiled: Any, grid: int | tuple[int, int, int], block: int, *arguments: Any, shared_bytes: int = 0) -> None:
    """Run a kernel on device arrays; `shared_bytes` of dynamic shared memory for each block.

    Blocks lie along the grid's first axis, where there is room for 2^31 - 1: along the others it ends at 65,535.

    Shared memory is always dynamic: the simulator allocates it once for a launch, whereas for `shared.array` of a fixed
    size each thread looks through the stack for an earlier allocation.
    """
    LAUNCHED[0] = compiled
    try:
        if not SIMULATED:
            compiled[grid, block, STREAM.get(), shared_bytes](*arguments)
            return
        with ONE_AT_A_TIME:
            compiled[grid, block, 0, shared_bytes](*arguments)
    except Exception as error:
        explain(error, "launching it")
        raise


def launch_over(compiled: Any, places: int, *arguments: Any) -> None:
    """Run a kernel whose threads stride over a number of places."""
    launch(compiled, min(math.ceil(places / THREADS), MOST_BLOCKS), THREADS, *arguments)


def to_device(array: np.ndarray) -> Any:
    """An array on the device, C-contiguous: what a stand-in carries, of others a copy whatever their layout is."""
    if hasattr(array, "on_device"):
        if array.on_device is None:
            raise TypeError("this was made by NumPy of what stands for an array on the device")
        return array.on_device
    try:
        # It has to live until it is copied.
        contiguous = np.array(array, order="C")
        there = cuda.to_device(contiguous, stream=STREAM.get())
        finish_copies()
    except Exception as error:
        explain(error, f"{array.nbytes} bytes, a copy of {array.dtype} {list(array.shape)}")
        raise
    return there


def changeable(array: np.ndarray) -> Any:
    """A copy on the device of an array that lies there or on the host: one that a kernel may write to."""
    if not hasattr(array, "on_device"):
        return to_device(array)
    there = empty(array.shape, array.dtype)
    copy_into(there, to_device(array))
    return there


def copy_into(there: Any, array: Any) -> None:
    """Copy an array on the device into another one."""
    try:
        there.copy_to_device(array, stream=STREAM.get())
    except Exception as error:
        explain(error, f"a copy of {array.dtype} {list(array.shape)} on the device")
        raise


def to_host(array: Any) -> np.ndarray:
    """A copy on the host of an array on the device, when all is done that was sent to the stream before."""
    try:
        copy = array.copy_to_host(stream=STREAM.get())
        finish_copies()
    except Exception as error:
        explain(error, f"a copy of {array.dtype} {list(array.shape)} to the host")
        raise
    return copy


def finish_copies() -> None:
    """Wait for a stream, unless it is the default one, whose copies return when they are done."""
    if STREAM.get():
        STREAM.get().synchronize()


def empty(shape: int | Sequence[int], dtype: np.dtype) -> Any:
    """An array on the device with nothing in it yet."""
    try:
        return cuda.device_array(shape, dtype, stream=STREAM.get())
    except Exception as error:
        lengths = [shape] if isinstance(shape, int) else list(shape)
        explain(error, f"{math.prod(lengths) * dtype.itemsize} bytes, {dtype} {lengths}")
        raise
