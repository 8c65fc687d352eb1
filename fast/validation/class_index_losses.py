"""What losses whose labels name a class ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import looks_by_itself, require_array
from reference.errors import InvalidArgument


def require_class_indices(argument: str, outputs: Any, labels: Any) -> np.ndarray:
    """Return the labels if they are one index of a class for each row of a classifier's outputs."""
    examples, classes = require_array(argument, outputs, "N K").shape
    wanted = f"the index of a class, an integer from 0 to {classes - 1}, for each example"
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        raise InvalidArgument("labels", wanted, str(getattr(labels, "dtype", type(labels).__name__)))
    if labels.shape != (examples,):
        raise InvalidArgument("labels", f"shape [{examples}] for {examples} examples", f"shape {list(labels.shape)}")
    outside = looks_by_itself(labels)
    wrong = labels.outside(range(classes)) if outside else labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        raise InvalidArgument("labels", wanted, f"{wrong[0]!r} among them")
    return labels
