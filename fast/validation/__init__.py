"""What both fast paths ask of their arguments, before a kernel that checks nothing runs on them.

Here is what all rooms need; what only one room's operations ask for is in the module of the room's name.

The errors are the reference's, word for word where they can be; the checks are written anew, so that a mistake in the
reference's shape rules shows as a difference instead of being shared.

Of a call with few numbers, checking is most of the work. So each check is one condition, and what an error says is
worked out once it is raised: of the 1.7 µs that `require_like` took, 1.4 were for texts that nobody read.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np

from reference.errors import InvalidArgument

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
#: The largest number that each can hold.
LARGEST = {dtype: float(np.finfo(dtype).max) for dtype in FLOATS}


def require_array(argument: str, value: Any, axes: str = "") -> np.ndarray:
    """Return a non-empty array of float32 or float64, of the axes named as in "N H W C" (empty: any rank from 1)."""
    # `_has_rank` without a call.
    if isinstance(value, np.ndarray) and value.dtype in FLOATS and value.size:
        rank = value.ndim
        if rank == axes.count(" ") + 1 if axes else rank:
            return value
    names = axes.split()
    wanted = "an array of float32 or float64" + (f" [{', '.join(names)}]" if names else "")
    if not isinstance(value, np.ndarray):
        raise InvalidArgument(argument, wanted, type(value).__name__)
    if value.dtype not in FLOATS:
        raise InvalidArgument(argument, wanted, f"dtype {value.dtype}")
    wanted = f"{wanted}, none of them empty" if _has_rank(value.ndim, axes) else wanted
    raise InvalidArgument(argument, wanted, f"shape {list(value.shape)}")


def _has_rank(rank: int, axes: str) -> bool:
    """Whether there are as many axes as are named, or any."""
    return rank == axes.count(" ") + 1 if axes else rank > 0


def require_like(argument: str, value: Any, shape: tuple[int, ...], dtype: np.dtype, because: str) -> np.ndarray:
    """Return an array of the shape and dtype that another argument, which was looked at before, asks for.

    In the reason, "{0}" stands for the first length of the shape.
    """
    if isinstance(value, np.ndarray) and value.shape == shape and value.dtype == dtype:
        return value
    require_array(argument, value, " ".join(map(str, shape)))
    if value.shape != shape:
        reason = because.format(*shape)
        raise InvalidArgument(argument, f"shape {list(shape)} {reason}", f"shape {list(value.shape)}")
    raise InvalidArgument(argument, f"dtype {dtype} as the other arrays have", f"dtype {value.dtype}")


def require_arrays(argument: str, value: Any, axes: str) -> tuple[np.ndarray, ...]:
    """Return a non-empty tuple of arrays, one for each layer."""
    if not isinstance(value, tuple) or not value:
        raise InvalidArgument(argument, "a tuple of arrays, one for each layer", type(value).__name__)
    return tuple(require_array(f"{argument}[{layer}]", part, axes) for layer, part in enumerate(value))


def looks_by_itself(values: Any) -> bool:
    """Whether numbers aren't in the host's memory, so that the array itself has to say which is outside of a range."""
    return hasattr(values, "outside")


def require_scalars(dtype: np.dtype, **numbers: float) -> tuple[np.floating[Any], ...]:
    """Return hyperparameters as the dtype has them, lest a kernel compute in anything wider."""
    return tuple([require_scalar(dtype, argument, number) for argument, number in numbers.items()])


def require_scalar(dtype: np.dtype, argument: str, number: Any) -> np.floating[Any]:
    """Return a hyperparameter as the dtype has it."""
    return dtype.type(require_within(dtype, argument, number))


def require_within(dtype: np.dtype, argument: str, number: Any) -> float:
    """Return a hyperparameter that the dtype can hold, and leave it to a kernel to round it, which takes no time."""
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if abs(value) > LARGEST[dtype]:
        raise InvalidArgument(argument, f"a number that {dtype} can hold", repr(number))
    return value


def require_out(argument: str, out: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return the caller's array to write into, if it fits."""
    if _fits(out, shape, dtype):
        return out
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != dtype:
        got = f"{out.dtype} {list(out.shape)}" if isinstance(out, np.ndarray) else type(out).__name__
        raise InvalidArgument(argument, f"a {dtype} array of shape {list(shape)}", got)
    raise InvalidArgument(argument, "a C-contiguous array that can be written", "another one")


def _fits(out: Any, shape: tuple[int, ...], dtype: np.dtype) -> bool:
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != dtype:
        return False
    flags = out.flags
    return flags.c_contiguous and flags.writeable


def require_outs(argument: str, out: Any, like: Any) -> list[np.ndarray]:
    """Return the caller's arrays to write into: tuples of them as `like` has, of the same shapes and dtypes."""
    leaves = _require_leaves(argument, out, like)
    for one, other in combinations(leaves, 2):
        if np.may_share_memory(one, other):
            raise InvalidArgument(argument, "arrays that have no memory in common", "some that overlap")
    return leaves


def _require_leaves(argument: str, out: Any, like: Any) -> list[np.ndarray]:
    """Return all arrays to write into."""
    if not isinstance(like, tuple) or hasattr(like, "shape"):
        return [require_out(argument, out, like.shape, like.dtype)]
    if not isinstance(out, tuple) or len(out) != len(like):
        got = f"{len(out)} of them" if isinstance(out, tuple) else type(out).__name__
        raise InvalidArgument(argument, f"a tuple of {len(like)}, as the result is", got)
    leaves = []
    for place, (part, form) in enumerate(zip(out, like, strict=True)):
        # What fits needs no name, and what is in its own place has its form.
        if hasattr(form, "shape") and ((part is form and part.flags.carray) or _fits(part, form.shape, form.dtype)):
            leaves.append(part)
        else:
            leaves += _require_leaves(f"{argument}[{place}]", part, form)
    return leaves
