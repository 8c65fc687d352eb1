"""The shapes of what a graph's operations give: known before anything is computed, and every error before a step.

They are worked out by the checks of the functions themselves, which look at an array's shape and dtype: here at forms,
arrays of one number that seems to stand everywhere. What looks at numbers, such as labels that must be classes, says so
when it runs.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fast.validation import require_array, require_like
from fast.validation.activations import require_cotangent, require_logistic
from fast.validation.convolution import require_convolution
from fast.validation.layers import require_activation, require_convolutional_layer
from fast.validation.linear import require_dense, require_product
from fast.validation.losses import require_classes
from fast.validation.pooling import require_pooling
from reference.errors import InvalidArgument, is_number, require_number, require_positive_integer

Shape = tuple[int, ...]
Array = np.ndarray

#: Kinds that compute each number by itself, and how many inputs they have.
ARITHMETIC = {
    **dict.fromkeys(("add", "multiply", "divide", "maximum", "times_log", "over", "weigh"), 2),
    **dict.fromkeys(("negative", "exp", "log", "sqrt", "tanh", "sigmoid", "ones_like"), 1),
    "where_positive": 3,
    "where_same": 4,
}


def shapes_of(kind: str, shapes: Sequence[Shape], attributes: Mapping[str, Any], dtype: np.dtype) -> tuple[Shape, ...]:
    """The shapes of an operation's outputs, or what is wrong with its inputs or attributes."""
    if kind not in RULES:
        raise InvalidArgument("kind", "one that fast.cpu has", repr(kind))
    forms = [np.broadcast_to(dtype.type(0), shape) for shape in shapes]
    try:
        inspect.signature(RULES[kind]).bind(*forms, **attributes)
    except TypeError as error:
        raise InvalidArgument("inputs and attributes", f"those of {kind}", str(error)) from None
    return RULES[kind](*forms, **attributes)


def _spread(count: int) -> Callable[..., tuple[Shape, ...]]:
    """Of arrays of one shape, among which numbers may stand: that shape."""

    def rule(*values: Array) -> tuple[Shape, ...]:
        if len(values) != count:
            raise InvalidArgument("inputs", f"{count} of them", str(len(values)))
        found = {value.shape for value in values if value.ndim}
        if len(found) > 1:
            raise InvalidArgument("inputs", "arrays of one shape, or numbers", str([list(v.shape) for v in values]))
        return (found.pop() if found else (),)

    return rule


def _lengths(shape: Any) -> Shape:
    if not isinstance(shape, Sequence) or isinstance(shape, str):
        raise InvalidArgument("shape", "a tuple of positive integers", repr(shape))
    return tuple(require_positive_integer("shape", length) for length in shape)


def _reshape(values: Array, *, shape: Any) -> tuple[Shape, ...]:
    if math.prod(_lengths(shape)) != values.size:
        raise InvalidArgument("shape", f"a shape of {values.size} numbers", repr(shape))
    return (_lengths(shape),)


def _fill(value: Array, *, shape: Any) -> tuple[Shape, ...]:
    if value.ndim:
        raise InvalidArgument("value", "a number", f"shape {list(value.shape)}")
    return (_lengths(shape),)


def _stack(*values: Array, shape: Any) -> tuple[Shape, ...]:
    if len(values) != math.prod(_lengths(shape)) or any(value.ndim for value in values):
        raise InvalidArgument("inputs", f"{math.prod(_lengths(shape))} numbers", f"{len(values)} inputs")
    return (_lengths(shape),)


def _shares_of_largest(*values: Array) -> tuple[Shape, ...]:
    if len(values) < 2 or any(value.ndim for value in values):
        raise InvalidArgument("inputs", "numbers, and a gradient to share", str([list(v.shape) for v in values]))
    return ((),) * (len(values) - 1)


def _value(*, value: Any) -> tuple[Shape, ...]:
    try:
        numbers = np.array(value)
    except ValueError:  # ragged
        numbers = np.empty(0)
    fits = all(map(is_number, numbers.flat)) if numbers.dtype == object else numbers.dtype.kind in "biuf"
    if not fits or not numbers.size:
        raise InvalidArgument("value", "a number, or a nested list of them", f"{value!r:.60}")
    return (numbers.shape,)


def _written(value: Array, *, shape: Any, variable: str) -> tuple[Shape, ...]:
    if value.shape != _lengths(shape):
        raise InvalidArgument("value", f"shape {list(_lengths(shape))} of the variable", f"shape {list(value.shape)}")
    return (value.shape,)


def _activation(z: Array) -> tuple[Shape, ...]:
    return (require_array("z", z).shape,)


def _leaky(z: Array, *, slope: float = 0.01) -> tuple[Shape, ...]:
    require_number("slope", slope, 0)
    return _activation(z)


def _logistic(z: Array, *, L: float = 1.0, k: float = 1.0, x_0: float = 0.0) -> tuple[Shape, ...]:
    require_logistic(L, k, x_0)
    return _activation(z)


def _dense(inputs: Array, weights: Array, bias: Array) -> tuple[Shape, ...]:
    return (require_dense(inputs, weights, bias),)


def _dense_layer(inputs: Array, weights: Array, bias: Array, *, activation: str) -> tuple[Shape, ...]:
    require_activation(activation)
    return _dense(inputs, weights, bias)


def _convolution(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> tuple[Shape, ...]:
    g = require_convolution(images, filters, strides, padding)
    return ((len(images), g.output_rows, g.output_columns, filters.shape[3]),)


def _convolutional_layer(
    images: Array, filters: Array, bias: Array, *, activation: str, strides: Any = 1, padding: str = "valid"
) -> tuple[Shape, ...]:
    require_activation(activation)
    require_convolutional_layer(images, filters, bias, strides, padding)
    return _convolution(images, filters, strides=strides, padding=padding)


def _pooling(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> tuple[Shape, ...]:
    g, _ = require_pooling(images, pool_size, strides, padding)
    return ((len(images), g.output_rows, g.output_columns, images.shape[3]),)


def _classes(outputs: Array, labels: Array) -> tuple[Shape, ...]:
    return (require_classes("outputs", outputs, labels).shape[:1],)


def _class_indices(outputs: Array, labels: Array) -> tuple[Shape, ...]:
    rows = require_array("outputs", outputs, "N K").shape[:1]
    return (require_like("labels", labels, rows, outputs.dtype, "for as many examples").shape,)


def _entries(outputs: Array, labels: Array) -> tuple[Shape, ...]:
    return (require_cotangent(outputs, labels).shape,)


def _hinge(scores: Array, labels: Array) -> tuple[Shape, ...]:
    require_array("scores", scores, "N")
    return _entries(scores, labels)


def _dropout(inputs: Array, mask: Array, *, rate: float) -> tuple[Shape, ...]:
    require_number("rate", rate, 0, below=1)
    return _entries(inputs, mask)


def _recurrent(axes: str) -> Callable[..., tuple[Shape, ...]]:
    def rule(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array) -> tuple[Shape, ...]:
        *outer, width = require_array("inputs", inputs, axes).shape
        units = require_array("bias", bias, "U").shape[0]
        require_like("kernel", kernel, (width, units), inputs.dtype, "for {0} features")
        require_like("recurrent_kernel", recurrent_kernel, (units, units), inputs.dtype, "for {0} units")
        require_like("state", state, (outer[0], units), inputs.dtype, "for {0} examples")
        return ((*outer, units),)

    return rule


def _gradient(
    *arrays: Array,
    of: str,
    inputs: int,
    attributes: Any,
    towards: Sequence[int] | None = None,
    outputs: Sequence[int] | None = None,
) -> tuple[Shape, ...]:
    """Of the inputs, or some of them, the shapes: who runs it looks further."""
    return tuple(arrays[place].shape for place in (range(inputs) if towards is None else towards))


def _vjp(forward: Callable[..., tuple[Shape, ...]], count: int) -> Callable[..., tuple[Shape, ...]]:
    """Of so many inputs the shapes, once the cotangent is found to have that of the output."""

    def rule(*arrays: Array, **attributes: Any) -> tuple[Shape, ...]:
        [output] = forward(*arrays[:-1], **attributes)
        if arrays[-1].shape != output:
            wanted = f"shape {list(output)} of the output"
            raise InvalidArgument("cotangent", wanted, f"shape {list(arrays[-1].shape)}")
        return tuple(array.shape for array in arrays[:count])

    return rule


#: Functions with a gradient: their rule, and for how many of the inputs there is one.
_DIFFERENTIABLE: dict[str, tuple[Callable[..., tuple[Shape, ...]], int]] = {
    **dict.fromkeys(("identity", "relu", "step", "softmax", "log_softmax"), (_activation, 1)),
    "leaky_relu": (_leaky, 1),
    "logistic": (_logistic, 1),
    "matrix_product": (lambda a, b: (require_product(a, b),), 2),
    "dense": (_dense, 3),
    "dense_layer": (_dense_layer, 3),
    "conv2d": (_convolution, 2),
    "convolutional_layer": (_convolutional_layer, 3),
    **dict.fromkeys(("max_pool2d", "average_pool2d"), (_pooling, 1)),
    "simple_rnn_step": (_recurrent("N D"), 5),
    "simple_rnn": (_recurrent("N T D"), 5),
    "dropout": (_dropout, 1),
    **dict.fromkeys(("mean_squared_error", "cross_entropy", "softmax_cross_entropy_with_logits"), (_classes, 1)),
    "empirical_loss": (lambda losses: (require_array("losses", losses, "N").shape[:0],), 1),
    **dict.fromkeys(("sparse_softmax_cross_entropy_with_logits", "negative_log_likelihood"), (_class_indices, 1)),
    **dict.fromkeys(("binary_cross_entropy", "binary_cross_entropy_with_logits"), (_entries, 1)),
    "hinge_loss": (_hinge, 1),
}

RULES: dict[str, Callable[..., tuple[Shape, ...]]] = {
    **{kind: _spread(count) for kind, count in ARITHMETIC.items()},
    "constant": _value,
    "total": lambda values: ((),),
    "fill": _fill,
    "reshape": _reshape,
    "flatten": lambda values: ((require_array("values", values).size,),),
    "transpose": lambda matrix: (require_array("matrix", matrix, "N M").shape[::-1],),
    "unstack": lambda values: ((),) * values.size,
    "stack": _stack,
    "shares_of_largest": _shares_of_largest,
    **{kind: rule for kind, (rule, _) in _DIFFERENTIABLE.items()},
    **{f"{kind}_vjp": _vjp(*described) for kind, described in _DIFFERENTIABLE.items()},
    "variable": _value,
    **dict.fromkeys(("placeholder", "random_uniform"), lambda *, shape: (_lengths(shape),)),
    "read": lambda *, shape, variable: (_lengths(shape),),
    **dict.fromkeys(("assign", "assign_add"), _written),
    "gradient": _gradient,
}
