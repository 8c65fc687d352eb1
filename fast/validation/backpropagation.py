"""What whole networks ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_arrays, require_like
from reference.errors import InvalidArgument


def require_network(inputs: Any, weights: Any, biases: Any) -> None:
    """Check that weights and biases are layers, each of which fits the one before."""
    units = require_array("inputs", inputs, "N D").shape[1]
    require_layers(units, weights, biases, inputs.dtype)


def require_layers(units: int, weights: Any, biases: Any, dtype: np.dtype) -> None:
    """Check that weights and biases are layers for inputs with so many features, each fitting the one before."""
    require_arrays("weights", weights, "D H")
    require_arrays("biases", biases, "H")
    if len(biases) != len(weights):
        raise InvalidArgument("biases", f"{len(weights)} vectors for as many weight matrices", str(len(biases)))
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        wanted = (units, matrix.shape[1])
        because = "after a layer of {0} units" if layer else "for inputs with {0} features"
        require_like(f"weights[{layer}]", matrix, wanted, dtype, because)
        units = wanted[1]
        require_like(f"biases[{layer}]", bias, (units,), dtype, "for {0} units")
