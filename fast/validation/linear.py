"""What matrix products, dense layers and one-hot labels ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_like
from fast.validation.metrics import require_indexing, require_indices
from reference.errors import require_positive_integer


def require_product(a: Any, b: Any) -> tuple[int, int]:
    """Check two matrices and return the shape of their product."""
    rows, depth = require_array("a", a, "N K").shape
    columns = require_array("b", b, "K M").shape[1]
    require_like("b", b, (depth, columns), a.dtype, "for a matrix with {0} columns before it")
    return rows, columns


def require_one_hot(indices: Any, classes: Any) -> tuple[np.ndarray, int]:
    """Return class indices as int64, and how many classes there are."""
    require_indexing("indices", indices)
    count = require_positive_integer("classes", classes)
    return require_indices("indices", indices, count), count


def require_dense(inputs: Any, weights: Any, bias: Any) -> tuple[int, int]:
    """Check the arguments of a dense layer and return its output's shape."""
    examples, features = require_array("inputs", inputs, "N D").shape
    units = require_array("weights", weights, "D H").shape[1]
    require_like("weights", weights, (features, units), inputs.dtype, "for inputs with {0} features")
    require_like("bias", bias, (units,), inputs.dtype, "for {0} units")
    return examples, units
