"""What the functions of several rooms ask of their arguments, and what these are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.errors import InvalidArgument

Array = NDArray[Any]
Arrays = tuple[Array, ...]
Pair = tuple[int, int]


def require_array(
    argument: str, value: Any, axes: str = "", shape: Sequence[int] | None = None, kinds: str = "f"
) -> tuple[int, ...]:
    """Return the shape of an array that isn't empty and has the kind, the axes and the shape wanted."""
    wanted = f"a non-empty array [{axes.replace(' ', ', ')}]" + (f" of shape {list(shape)}" if shape else "")
    if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds:
        raise InvalidArgument(argument, f"{wanted} of numbers", f"{getattr(value, 'dtype', type(value).__name__)}")
    fits = value.ndim == len(axes.split()) if axes else value.ndim > 0
    if value.size == 0 or not fits or (shape is not None and value.shape != tuple(shape)):
        raise InvalidArgument(argument, wanted, f"shape {list(value.shape)}")
    return tuple(value.shape)


def require_cotangent(z: Array, cotangent: Array) -> None:
    shape = require_array("z", z)
    require_array("cotangent", cotangent, " ".join(map(str, shape)), shape)
