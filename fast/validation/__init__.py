"""What both fast paths ask of their arguments, before a kernel that checks nothing runs on them.

Here is what all rooms need; what only one room's operations ask for is in the module of the room's name.

The errors are the reference's, word for word where they can be; the checks are written anew, so that a mistake in the
reference's shape rules shows as a difference instead of being shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference.errors import InvalidArgument

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def require_array(argument: str, value: Any, axes: str = "") -> np.ndarray:
    """Return a non-empty array of float32 or float64, of the axes named as in "N H W C" (empty: any rank from 1)."""
    names = axes.split()
    wanted = "an array of float32 or float64" + (f" [{', '.join(names)}]" if names else "")
    if not isinstance(value, np.ndarray):
        raise InvalidArgument(argument, wanted, type(value).__name__)
    if value.dtype not in FLOATS:
        raise InvalidArgument(argument, wanted, f"dtype {value.dtype}")
    if value.ndim != len(names) if names else value.ndim == 0:
        raise InvalidArgument(argument, wanted, f"shape {list(value.shape)}")
    if value.size == 0:
        raise InvalidArgument(argument, f"{wanted}, none of them empty", f"shape {list(value.shape)}")
    return value


def require_like(argument: str, value: Any, shape: Sequence[int], dtype: np.dtype, because: str) -> np.ndarray:
    """Return an array of the shape and dtype that another argument asks for."""
    require_array(argument, value, " ".join(map(str, shape)))
    if value.shape != tuple(shape):
        raise InvalidArgument(argument, f"shape {list(shape)} {because}", f"shape {list(value.shape)}")
    if value.dtype != dtype:
        raise InvalidArgument(argument, f"dtype {dtype} as the other arrays have", f"dtype {value.dtype}")
    return value


def require_arrays(argument: str, value: Any, axes: str) -> tuple[np.ndarray, ...]:
    """Return a non-empty tuple of arrays, one for each layer."""
    if not isinstance(value, tuple) or not value:
        raise InvalidArgument(argument, "a tuple of arrays, one for each layer", type(value).__name__)
    return tuple(require_array(f"{argument}[{layer}]", part, axes) for layer, part in enumerate(value))


def require_scalars(dtype: np.dtype, **numbers: float) -> tuple[np.floating[Any], ...]:
    """Return hyperparameters as the dtype has them, lest a kernel compute in anything wider."""
    scalars = []
    for argument, number in numbers.items():
        try:
            scalars.append(dtype.type(_finite(float(number), dtype)))
        except OverflowError:
            raise InvalidArgument(argument, f"a number that {dtype} can hold", repr(number)) from None
    return tuple(scalars)


def _finite(number: float, dtype: np.dtype) -> float:
    if abs(number) > float(np.finfo(dtype).max):
        raise OverflowError(number)
    return number


def require_out(out: Any, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return the array to write into: a new one, or the caller's if it fits."""
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray) or out.shape != tuple(shape) or out.dtype != dtype:
        got = f"{out.dtype} {list(out.shape)}" if isinstance(out, np.ndarray) else type(out).__name__
        raise InvalidArgument("out", f"a {dtype} array of shape {list(shape)}", got)
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise InvalidArgument("out", "a C-contiguous array that can be written", "another one")
    return out
