"""What dense layers ask of their arguments."""

from __future__ import annotations

from typing import Any

from fast.validation import require_array, require_like


def require_dense(inputs: Any, weights: Any, bias: Any) -> tuple[int, int]:
    """Check the arguments of a dense layer and return its output's shape."""
    examples, features = require_array("inputs", inputs, "N D").shape
    units = require_array("weights", weights, "D H").shape[1]
    require_like("weights", weights, (features, units), inputs.dtype, f"for inputs with {features} features")
    require_like("bias", bias, (units,), inputs.dtype, f"for {units} units")
    return examples, units
