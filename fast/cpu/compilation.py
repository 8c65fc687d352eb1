"""Compiling the kernels, and keeping what was compiled on disk for every process that wants it.

Numba numbers the files of a function's signatures by what its index lists at that moment. Two processes that compile
different signatures of a function at the same time choose the same number, and one signature is then loaded with the
code of the other: wrong numbers, or a crash, in every later process. So the cache is read and written under a lock.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from filelock import FileLock
from numba import cfunc, njit
from numba.core.caching import FunctionCache


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function for the types of its arguments, once for all processes; the options are those of `njit`."""

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = njit(error_model="numpy", **options)(function)
        dispatcher._cache = SharedCache(function)
        return dispatcher

    return decorate


def compiled_callback(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a function that has an address, once for all processes."""
    with lock(SharedCache(function).cache_path):
        return cfunc(signature, cache=True)(function)


class SharedCache(FunctionCache):
    """Numba's cache for one process at a time."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        with lock(self.cache_path):
            return super().load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        with lock(self.cache_path):
            super().save_overload(sig, data)


@functools.cache
def lock(folder: str) -> FileLock:
    """The lock of a folder of compiled code."""
    os.makedirs(folder, exist_ok=True)
    return FileLock(os.path.join(folder, "fast.cpu.lock"))
