"""What recurrent networks ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_like
from reference.errors import InvalidArgument


def require_weights(
    inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, axes: str, sums: int
) -> tuple[int, int]:
    """Check a network whose units have so many weighted sums each; return the shape of its state."""
    examples, *_, features = require_array("inputs", inputs, axes).shape
    columns = require_array("kernel", kernel, "D U" if sums == 1 else f"D {sums}U").shape[1]
    require_like("kernel", kernel, (features, columns), inputs.dtype, "for inputs with {0} features")
    if columns % sums:
        raise InvalidArgument("kernel", f"{sums} columns for each unit", f"{columns} columns")
    units = columns // sums
    require_like("recurrent_kernel", recurrent_kernel, (units, columns), inputs.dtype, "for {0} units")
    require_like("bias", bias, (columns,), inputs.dtype, f"for {units} units")
    return examples, units


def require_state(state: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return the state of a simple recurrent network, which may be left out where it is zero."""
    if state is None:
        return np.zeros(shape, dtype)
    return require_like("state", state, shape, dtype, "for {0} examples and {1} units")


def require_pair(
    argument: str, value: Any, shapes: tuple[tuple[int, ...], ...], dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """Return what an LSTM has two of: states, results, or gradients with respect to either."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise InvalidArgument(
            argument, "a tuple of 2 arrays, of the hidden state and of the cell", type(value).__name__
        )
    for place, (part, shape) in enumerate(zip(value, shapes, strict=True)):
        require_like(f"{argument}[{place}]", part, shape, dtype, "as the network has")
    return value
