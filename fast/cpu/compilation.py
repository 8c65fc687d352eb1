"""Compiling the kernels, and keeping what was compiled on disk for every process that wants it.

Numba numbers the files of a function's signatures by what its index lists at that moment. Two processes that compile
different signatures of a function at the same time choose the same number, and one signature is then loaded with the
code of the other: wrong numbers, or a crash, in every later process. So the cache is read and written under a lock.

And Numba compiles what a function calls into the function, but takes its code for stale only if the function's own file
has changed. So what is on disk is stamped with the contents of all files here.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock
from numba import get_num_threads, njit
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function for the types of its arguments, once for all processes; the options are those of `njit`."""

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = njit(error_model="numpy", **options)(function)
        dispatcher._cache = SharedCache(function)
        return dispatcher

    return decorate


def leaf(function: Callable[..., Any]) -> Any:
    """Compile a function that allocates no array and returns none, without counting who uses which.

    Numba counts at every call, every slice and every name for an array, by an instruction that threads with the same
    array wait for: a loop of short calls spent three quarters of its time on that.
    """
    return compiled(_nrt=False)(function)


def compiled_callback(signature: Any, function: Callable[..., Any], **options: Any) -> Any:
    """Compile a function that has an address, once for all processes."""
    callback = CFunc(function, normalize_signature(signature), locals={}, options=options)
    callback._cache = SharedCache(function)
    callback.compile()
    return callback


class SharedCache(FunctionCache):
    """Numba's cache for one process at a time, which holds good for as long as none of the files here changes."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(self.cache_path, self._impl.filename_base, source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        # Numba starts its threads when it loads a function with a loop for them, but not when it loads one that only
        # calls such a function, itself loaded when that one was compiled: the loop's address would be missing.
        get_num_threads()
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


@functools.cache
def source_stamp() -> str:
    """A digest of all modules in this folder: of every function that any of them may have compiled in."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.name.encode() + b"\0" + module.read_bytes() + b"\0")
    return digest.hexdigest()
