"""Arrays as the kernels want them: C-contiguous, writeable for Numba's sake, and an `out` that overlaps nothing."""

from __future__ import annotations

import numpy as np

from fast.validation import require_out


def contiguous(array: np.ndarray) -> np.ndarray:
    """Return the array itself if a kernel can take it, else a copy.

    Numba would compile another version of each kernel for read-only arrays, which costs more than any copy.
    """
    if type(array) is np.ndarray and array.flags.carray:
        return array
    return np.array(array, order="C", subok=False)


def flat(array: np.ndarray) -> np.ndarray:
    """All numbers of an array in a row: its own memory if a kernel can take it, else a copy."""
    return contiguous(array).ravel()


def destination(out: np.ndarray | None, shape: tuple[int, ...], dtype: np.dtype, *sources: np.ndarray) -> np.ndarray:
    """Where a kernel writes: the caller's `out`, or new memory if there is none or it overlaps a source."""
    if out is None:
        return np.empty(shape, dtype)
    require_out("out", out, shape, dtype)
    fits = type(out) is np.ndarray and out.flags.carray
    return out if fits and not any(np.may_share_memory(out, source) for source in sources) else np.empty(shape, dtype)


def deliver(result: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """Return the result, in the caller's `out` if there is one."""
    if out is None or result is out:
        return result
    out[...] = result
    return out
