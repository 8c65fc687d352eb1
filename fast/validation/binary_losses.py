"""What losses of questions with two answers ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_like


def require_entries(argument: str, outputs: Any, labels: Any) -> np.ndarray:
    """Return outputs of any shape, each an answer to a question, if the labels are of their shape and dtype."""
    require_like("labels", labels, require_array(argument, outputs).shape, outputs.dtype, f"as {argument} has")
    return outputs
