"""What losses ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_like


def require_classes(argument: str, outputs: Any, labels: Any) -> np.ndarray:
    """Return a classifier's outputs, one row an example, if the labels are of their shape and dtype."""
    require_array(argument, outputs, "N K")
    require_like("labels", labels, outputs.shape, outputs.dtype, f"as {argument} has")
    return outputs
