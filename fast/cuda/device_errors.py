"""What the driver reports, said so that a reader knows what to do: no memory left, or a device that is lost.

Numba and the library below it raise errors of different classes, which have in common that their text holds the
driver's name of the error.
"""

from __future__ import annotations

import re
from collections.abc import Callable

#: After these, NVIDIA's documentation says, the process must be terminated and started again.
FATAL = {
    "CUDA_ERROR_ASSERT",
    "CUDA_ERROR_CONTAINED",
    "CUDA_ERROR_CONTEXT_IS_DESTROYED",
    "CUDA_ERROR_ECC_UNCORRECTABLE",
    "CUDA_ERROR_EXTERNAL_DEVICE",
    "CUDA_ERROR_HARDWARE_STACK_ERROR",
    "CUDA_ERROR_ILLEGAL_ADDRESS",
    "CUDA_ERROR_ILLEGAL_INSTRUCTION",
    "CUDA_ERROR_INVALID_ADDRESS_SPACE",
    "CUDA_ERROR_INVALID_PC",
    "CUDA_ERROR_LAUNCH_FAILED",
    "CUDA_ERROR_LAUNCH_TIMEOUT",
    "CUDA_ERROR_MISALIGNED_ADDRESS",
    "CUDA_ERROR_MPS_CLIENT_TERMINATED",
    "CUDA_ERROR_NVLINK_UNCORRECTABLE",
    "CUDA_ERROR_TENSOR_MEMORY_LEAK",
}


class OutOfDeviceMemory(MemoryError):
    """The device has no memory left for an array."""


class DeviceLost(RuntimeError):
    """A kernel did what can't be undone: nothing runs on the device any more until the process is started again."""


def raise_clearly(error: Exception, doing: str, launched: str, memory: Callable[[], tuple[int, int]]) -> None:
    """Raise what a driver's error means, if that is known; else return, and leave it to be raised as it is.

    Args:
        error: that of the driver.
        doing: what failed.
        launched: the last kernel that was launched; kernels run later, and so their errors show in whatever comes next.
        memory: a function that asks for the bytes that are free, and for all there are.
    """
    found = re.search(r"CUDA_ERROR_[A-Z_]+", str(error))
    name = found[0] if found else ""
    if name == "CUDA_ERROR_OUT_OF_MEMORY":
        raise OutOfDeviceMemory(f"no memory left on the device for {doing}: {free_of(memory)} ({name})") from error
    if name in FATAL:
        raise DeviceLost(
            f"the device is lost, as showed in {doing}: {name}. The kernel launched last was {launched}; it or one "
            "before it failed (CUDA_LAUNCH_BLOCKING=1 shows which). Nothing runs in this process's context any more: "
            "start the process again"
        ) from error


def free_of(memory: Callable[[], tuple[int, int]]) -> str:
    """How many bytes are free, as far as the driver can still say."""
    try:
        free, total = memory()
    except Exception:
        return "nor can the driver say how much is free"
    return f"{free} of {total} bytes are free"
