"""What both fast paths ask of their arguments, before a kernel that checks nothing runs on them.

The errors are the reference's, word for word where they can be; the checks are written anew, so that a mistake in the
reference's shape rules shows as a difference instead of being shared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from reference.errors import InvalidArgument, require_choice, require_pair

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


class Geometry(NamedTuple):
    """Where a sliding window stands along rows and columns."""

    output_rows: int
    output_columns: int
    row_stride: int
    column_stride: int
    padding_top: int
    padding_left: int
    padding_bottom: int
    padding_right: int


def require_array(argument: str, value: Any, axes: str = "") -> np.ndarray:
    """Return a non-empty array of float32 or float64, of the axes named as in "N H W C" (empty: any rank from 1)."""
    names = axes.split()
    wanted = "an array of float32 or float64" + (f" [{', '.join(names)}]" if names else "")
    if not isinstance(value, np.ndarray):
        raise InvalidArgument(argument, wanted, type(value).__name__)
    if value.dtype not in FLOATS:
        raise InvalidArgument(argument, wanted, f"dtype {value.dtype}")
    if value.ndim != len(names) if names else value.ndim == 0:
        raise InvalidArgument(argument, wanted, f"shape {list(value.shape)}")
    if value.size == 0:
        raise InvalidArgument(argument, f"{wanted}, none of them empty", f"shape {list(value.shape)}")
    return value


def require_like(argument: str, value: Any, shape: Sequence[int], dtype: np.dtype, because: str) -> np.ndarray:
    """Return an array of the shape and dtype that another argument asks for."""
    require_array(argument, value, " ".join(map(str, shape)))
    if value.shape != tuple(shape):
        raise InvalidArgument(argument, f"shape {list(shape)} {because}", f"shape {list(value.shape)}")
    if value.dtype != dtype:
        raise InvalidArgument(argument, f"dtype {dtype} as the other arrays have", f"dtype {value.dtype}")
    return value


def require_arrays(argument: str, value: Any, axes: str) -> tuple[np.ndarray, ...]:
    """Return a non-empty tuple of arrays, one for each layer."""
    if not isinstance(value, tuple) or not value:
        raise InvalidArgument(argument, "a tuple of arrays, one for each layer", type(value).__name__)
    return tuple(require_array(f"{argument}[{layer}]", part, axes) for layer, part in enumerate(value))


def require_labels(labels: Any, count: int) -> np.ndarray:
    """Return an array of one label for each example, each +1 or -1, of any numeric dtype."""
    wanted = "+1 or -1 for each example"
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "if":
        raise InvalidArgument("labels", wanted, str(getattr(labels, "dtype", type(labels).__name__)))
    if labels.shape != (count,):
        raise InvalidArgument("labels", f"shape [{count}] for {count} examples", f"shape {list(labels.shape)}")
    wrong = labels[np.abs(labels) != 1]
    if wrong.size:
        raise InvalidArgument("labels", wanted, f"{wrong[0]!r} among them")
    return labels


def require_learning_rates(learning_rate: Any, epochs: int, dtype: np.dtype) -> np.ndarray:
    """Return one learning rate for each epoch, from a number, a sequence, or a function of the epoch's number."""
    wanted = f"a number, {epochs} numbers for as many epochs, or a function of the epoch's number"
    rates: Callable[[int], Any] | Any = learning_rate
    if callable(learning_rate):
        rates = [learning_rate(epoch) for epoch in range(1, epochs + 1)]
    try:
        array = np.asarray(rates)
        if array.dtype.kind not in "iuf":
            raise TypeError(array.dtype)
        array = np.full(epochs, array, dtype) if array.ndim == 0 else array.astype(dtype)
    except (TypeError, ValueError):
        raise InvalidArgument("learning_rate", wanted, f"{learning_rate!r:.60}") from None
    if array.shape != (epochs,):
        raise InvalidArgument("learning_rate", wanted, f"{learning_rate!r:.60}")
    return array


def require_out(out: Any, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return the array to write into: a new one, or the caller's if it fits."""
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray) or out.shape != tuple(shape) or out.dtype != dtype:
        got = f"{out.dtype} {list(out.shape)}" if isinstance(out, np.ndarray) else type(out).__name__
        raise InvalidArgument("out", f"a {dtype} array of shape {list(shape)}", got)
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise InvalidArgument("out", "a C-contiguous array that can be written", "another one")
    return out


def slide(argument: str, size: tuple[int, int], window: tuple[int, int], strides: Any, padding: Any) -> Geometry:
    """Where a window of some size stands on an image of some size, or what is wrong with the request."""
    steps = require_pair("strides", strides)
    same = require_choice("padding", padding, ("valid", "same")) == "same"
    if not same and (window[0] > size[0] or window[1] > size[1]):
        raise InvalidArgument(argument, f"a window no larger than the image's {list(size)}", str(list(window)))
    places, before, after = [], [], []
    for length, extent, step in zip(size, window, steps, strict=True):
        count = (length + step - 1) // step if same else 1 + (length - extent) // step
        missing = max(0, extent + step * (count - 1) - length) if same else 0
        places.append(count)
        before.append(missing // 2)
        after.append(missing - missing // 2)
    return Geometry(*places, *steps, *before, *after)


def require_dense(inputs: Any, weights: Any, bias: Any) -> tuple[int, int]:
    """Check the arguments of a dense layer and return its output's shape."""
    examples, features = require_array("inputs", inputs, "N D").shape
    units = require_array("weights", weights, "D H").shape[1]
    require_like("weights", weights, (features, units), inputs.dtype, f"for inputs with {features} features")
    require_like("bias", bias, (units,), inputs.dtype, f"for {units} units")
    return examples, units


def require_network(inputs: Any, weights: Any, biases: Any) -> None:
    """Check that weights and biases are layers, each of which fits the one before."""
    units = require_array("inputs", inputs, "N D").shape[1]
    require_arrays("weights", weights, "D H")
    require_arrays("biases", biases, "H")
    if len(biases) != len(weights):
        raise InvalidArgument("biases", f"{len(weights)} vectors for as many weight matrices", str(len(biases)))
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        wanted = (units, matrix.shape[1])
        because = f"after a layer of {units} units" if layer else f"for inputs with {units} features"
        require_like(f"weights[{layer}]", matrix, wanted, inputs.dtype, because)
        units = wanted[1]
        require_like(f"biases[{layer}]", bias, (units,), inputs.dtype, f"for {units} units")


def require_convolution(images: Any, filters: Any, strides: Any, padding: Any) -> Geometry:
    """Check the arguments of a convolution; return where its windows stand."""
    _, rows, columns, channels = require_array("images", images, "N H W C").shape
    kernel_rows, kernel_columns, _, count = require_array("filters", filters, "KH KW C F").shape
    wanted = (kernel_rows, kernel_columns, channels, count)
    require_like("filters", filters, wanted, images.dtype, f"for images with {channels} channels")
    return slide("filters", (rows, columns), (kernel_rows, kernel_columns), strides, padding)


def require_pooling(images: Any, pool_size: Any, strides: Any, padding: Any) -> tuple[Geometry, tuple[int, int]]:
    """Check the arguments of a pooling; return where its windows stand and how large they are."""
    _, rows, columns, _ = require_array("images", images, "N H W C").shape
    window = require_pair("pool_size", pool_size)
    return slide("pool_size", (rows, columns), window, window if strides is None else strides, padding), window
