"""What each kind of a graph's operations is on a CPU: the functions of the other rooms, and NumPy's arithmetic.

Numbers are arrays without axes. What looks at labels or masks gets them as its function wants them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from fast.cpu import activations, class_index_losses, elementary
from fast.cpu.arguments import flat
from fast.cpu.compilation import leaf
from fast.cpu.graph_shapes import RULES
from fast.cpu.rows import row_sum
from fast.cpu.vectors import VECTOR_BYTES, load_part, store_part
from fast.validation.metrics import require_indices

#: Modules, and not what functions of the same names the package exports.
ROOMS = [
    import_module(f"fast.cpu.{room}")
    for room in (
        "activations",
        "baselines",
        "binary_losses",
        "convolution",
        "layers",
        "linear",
        "losses",
        "pooling",
        "recurrent",
        "regularization",
        "softmax",
    )
]


@leaf
def exp_loop(x, out):
    size = VECTOR_BYTES // x.itemsize
    for i in range(0, x.size, size):
        store_part(out, i, x.size - i, elementary.exp(load_part(x, i, x.size - i)))


@leaf
def log_loop(x, out):
    size = VECTOR_BYTES // x.itemsize
    for i in range(0, x.size, size):
        store_part(out, i, x.size - i, elementary.log(load_part(x, i, x.size - i)))


@leaf
def total_into(values, out):
    """Σ values"""
    out[0] = row_sum(values, 0, values.size)


@leaf
def mean_into(losses, out):
    """What `empirical_loss` computes, where a kernel can call it."""
    out[0] = row_sum(losses, 0, losses.size) / losses.dtype.type(losses.size)


def _looped(loop: Any) -> Callable[[np.ndarray], np.ndarray]:
    def apply(x: np.ndarray) -> np.ndarray:
        out = np.empty(x.shape, x.dtype)
        loop(flat(x), out.reshape(-1))
        return out

    return apply


def _of_any_rank(function: Callable[..., np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """A function that wants an axis at least, for numbers, too."""
    return lambda x: function(x.reshape(-1)).reshape(x.shape)


def _total(values: np.ndarray) -> np.ndarray:
    out = np.empty(1, values.dtype)
    total_into(flat(values), out)
    return out[0]


def _maximum(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where((y > x) | ((y != y) & (x == x)), y, x)


def _over(weight: np.ndarray, x: np.ndarray) -> np.ndarray:
    """weight/x, of a weight of 0 the weight; and the sign of a 0 in x doesn't count."""
    return np.where(weight == 0, weight, weight / (x + x.dtype.type(0)))


def _times_log(factor: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.where(factor == 0, factor, factor * _looped(log_loop)(x))


def _shares_of_largest(*values: np.ndarray) -> tuple[np.ndarray, ...]:
    """The gradient to the first of the largest numbers, or to the first NaN."""
    numbers, gradient = np.array(values[:-1]), values[-1]
    return tuple(np.where(np.arange(len(numbers)) == np.argmax(numbers), gradient, gradient.dtype.type(0)))


def _with_class_indices(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """A graph has one dtype: so labels come as whole numbers of it."""

    def apply(outputs: np.ndarray, labels: np.ndarray, *cotangent: np.ndarray) -> np.ndarray:
        return function(outputs, require_indices("labels", labels, outputs.shape[1]), *cotangent)

    return apply


def _fill(value: np.ndarray, *, shape: Any) -> np.ndarray:
    return np.full(shape, value, value.dtype)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(room, name) for room in ROOMS for name in room.__all__ if name in RULES},
    "add": np.add,
    "multiply": np.multiply,
    "divide": np.divide,
    "negative": np.negative,
    "sqrt": np.sqrt,
    "ones_like": np.ones_like,
    "exp": _looped(exp_loop),
    "log": _looped(log_loop),
    "tanh": _of_any_rank(activations.tanh),
    "sigmoid": _of_any_rank(activations.sigmoid),
    "maximum": _maximum,
    "where_positive": lambda x, yes, no: np.where(x > 0, yes, no),
    "where_same": lambda index, place, yes, no: np.where(index == place, yes, no),
    "times_log": _times_log,
    "over": _over,
    "weigh": np.multiply,
    "total": _total,
    "fill": _fill,
    "reshape": lambda values, *, shape: values.reshape(shape),
    "transpose": np.transpose,
    "unstack": lambda values: tuple(values.reshape(-1)),
    "stack": lambda *numbers, shape: np.array(numbers).reshape(shape),
    "shares_of_largest": _shares_of_largest,
    **{name: _with_class_indices(getattr(class_index_losses, name)) for name in class_index_losses.__all__},
}


def computed(kind: str, inputs: list[np.ndarray], attributes: dict[str, Any]) -> tuple[np.ndarray, ...]:
    """What an operation gives, as a tuple of arrays of the inputs' dtype."""
    with np.errstate(all="ignore"):
        result = FUNCTIONS[kind](*inputs, **attributes)
    return tuple(map(np.asarray, result if isinstance(result, tuple) else (result,)))
