"""What activation functions ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_like


def require_cotangent(z: Any, cotangent: Any) -> np.ndarray:
    """Return the array that an activation function was applied to, if the cotangent is of its shape and dtype."""
    require_like("cotangent", cotangent, require_array("z", z).shape, z.dtype, "as z has")
    return z
