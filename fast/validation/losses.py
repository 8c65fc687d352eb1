"""What losses ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_like
from reference.errors import InvalidArgument


def require_classes(argument: str, outputs: Any, labels: Any) -> np.ndarray:
    """Return a classifier's outputs, one row an example, if the labels are of their shape and dtype."""
    require_array(argument, outputs, "N K")
    require_like("labels", labels, outputs.shape, outputs.dtype, f"as {argument} has")
    return outputs


def require_mean(losses: Any, cotangent: Any) -> np.floating[Any]:
    """Return the gradient of a mean as a number of the losses' dtype, if it is a number or an array without axes."""
    dtype = require_array("losses", losses, "N").dtype
    if not isinstance(cotangent, (np.ndarray, np.floating)) or cotangent.shape or cotangent.dtype != dtype:
        came = f"{cotangent.dtype} {list(cotangent.shape)}" if hasattr(cotangent, "dtype") else type(cotangent).__name__
        raise InvalidArgument("cotangent", f"a {dtype} array without axes, as the mean is", came)
    return dtype.type(cotangent)
