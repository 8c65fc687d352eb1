"""Arrays as the kernels want them, and where these write.

Kernels take arrays that are C-contiguous, and writeable for Numba's sake. Every function takes `out`, what it would
return otherwise: an array, or a tuple of arrays. Its kernel writes there at once if nothing that it still reads is
there, else to new memory, which is copied then. So a function is two lines longer than without: `destination` before
its kernel, `deliver` after it; and `destinations` where results are several.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fast.validation import require_out, require_outs

#: The dtype of results that count or name a place.
INDEX = np.dtype(np.int64)


class Form(NamedTuple):
    """The shape and the dtype of an array that isn't there yet."""

    shape: tuple[int, ...]
    dtype: np.dtype


#: What isn't a tuple of results.
LEAVES = (np.ndarray, Form)


def contiguous(array: np.ndarray) -> np.ndarray:
    """Return the array itself if a kernel can take it, else a copy.

    Numba would compile another version of each kernel for read-only arrays, which costs more than any copy.
    """
    if type(array) is np.ndarray and array.flags.carray:
        return array
    return np.array(array, order="C", subok=False)


def is_transposed(matrix: np.ndarray) -> bool:
    """Whether a kernel can take a matrix as the transpose of what lies in memory."""
    return type(matrix) is np.ndarray and matrix.T.flags.carray and not matrix.flags.carray


def flat(array: np.ndarray) -> np.ndarray:
    """All numbers of an array in a row: its own memory if a kernel can take it, else a copy."""
    # `contiguous` without a call.
    if type(array) is np.ndarray and array.flags.carray:
        return array if array.ndim == 1 else array.ravel()
    return contiguous(array).ravel()


def destination(
    out: np.ndarray | None,
    shape: tuple[int, ...],
    dtype: np.dtype,
    *sources: np.ndarray,
    elementwise: bool = False,
) -> np.ndarray:
    """Where a kernel writes: the caller's `out`, or new memory if there is none or it overlaps a source.

    Sources are what the kernel reads. If it is elementwise, it reads all that it needs of a place before it writes
    there, and `out` may be a source; but not another part of its memory.
    """
    if out is None:
        return np.empty(shape, dtype)
    require_out("out", out, shape, dtype)
    return out if _is_free(out, sources, elementwise) else np.empty(shape, dtype)


def destinations(out: Any, like: Any, *sources: np.ndarray, elementwise: bool = False) -> Any:
    """Where a kernel with several results writes, as `destination`.

    `like` is a tuple, of tuples perhaps, of arrays of the results' shapes and dtypes, or of class `Form`.
    """
    if out is None:
        return _new(like)
    leaves = require_outs("out", out, like)
    if elementwise:
        # Results have no memory in common, so a source that is one of them, and has its place, overlaps none.
        own = {id(leaf) for leaf in leaves}
        sources = tuple([source for source in sources if id(source) not in own])
    free = [_is_free(leaf, sources, elementwise) for leaf in leaves]
    if all(free) and type(out) is type(like):
        return out
    choices = iter(free)
    return _mapped(lambda form, array: array if next(choices) else _new(form), like, out)


def deliver(result: Any, out: Any) -> Any:
    """Return the result, in the caller's `out` if there is one."""
    if out is None or result is out:
        return result
    return _mapped(_deliver, result, out)


def _deliver(result: np.ndarray, out: np.ndarray) -> np.ndarray:
    if result is not out:
        out[...] = result
    return out


def delivered(result: Any, out: Any) -> Any:
    """Return what no kernel could write to `out`, since nobody knew its shape before."""
    if out is not None:
        require_outs("out", out, result)
    return deliver(result, out)


def _is_free(out: np.ndarray, sources: tuple[np.ndarray, ...], elementwise: bool) -> bool:
    """Whether a kernel can write to an array while it reads the sources."""
    if type(out) is not np.ndarray or not out.flags.carray:
        return False
    for source in sources:
        if elementwise and source is out:
            continue
        if np.may_share_memory(out, source) and not (elementwise and _place(out) == _place(source)):
            return False
    return True


def _place(array: np.ndarray) -> tuple[Any, ...]:
    """What two arrays have in common only if each number of one is that of the other in the same place."""
    return array.ctypes.data, array.shape, array.strides, array.dtype


def _mapped(change: Callable[..., np.ndarray], like: Any, *others: Any) -> Any:
    """What something makes of an array, or of each one in a tuple, and of what is in the same place of other tuples."""
    if isinstance(like, LEAVES):
        return change(like, *others)
    # Written out for the leaves of a tuple, since most tuples hold nothing else, and calls are what costs here.
    each = zip(like, *others, strict=True)
    parts = [change(*part) if isinstance(part[0], LEAVES) else _mapped(change, *part) for part in each]
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)


def _new(like: Any) -> Any:
    """New memory for a result, or for each one in a tuple."""
    if isinstance(like, LEAVES):
        return np.empty(like.shape, like.dtype)
    # As in `_mapped`.
    parts = [np.empty(part.shape, part.dtype) if isinstance(part, LEAVES) else _new(part) for part in like]
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)
