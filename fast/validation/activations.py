"""What activation functions ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_like
from reference.errors import require_number


def require_cotangent(z: Any, cotangent: Any) -> np.ndarray:
    """Return the array that an activation function was applied to, if the cotangent is of its shape and dtype."""
    require_like("cotangent", cotangent, require_array("z", z).shape, z.dtype, "as z has")
    return z


def require_logistic(L: float, k: float, x_0: float) -> dict[str, float]:
    """Return the height, the steepness and the place of a logistic function, by name."""
    return {
        "L": require_number("L", L, above=0),
        "k": require_number("k", k, above=0),
        "x_0": require_number("x_0", x_0),
    }
