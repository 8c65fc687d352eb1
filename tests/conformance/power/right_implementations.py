"""Right implementations of other shapes than NumPy's: other orders of summation, other precisions, other formulas.

All that a conforming implementation may do differently; the suite must pass every one of them in every kind of check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy import Array


@dataclass(frozen=True)
class RightImplementation:
    """A function in place of one operation."""

    operation: str
    function: Callable[..., Any]
    cases: int

    @property
    def name(self) -> str:
        return self.function.__name__


RIGHT_IMPLEMENTATIONS: list[RightImplementation] = []


def right(operation: str, cases: int = 20) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a right implementation of an operation."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def checked(*arguments: Any, **how: Any) -> Any:
            getattr(base, operation)(*arguments, **how)  # refuses what is no valid call
            with np.errstate(all="ignore"):
                return function(*arguments, **how)

        RIGHT_IMPLEMENTATIONS.append(RightImplementation(operation, checked, cases))
        return function

    return enter


# --- sums in other orders, and in other precisions --------------------------------------------------------------------


def products(inputs: Array, weights: Array, bias: Array) -> Array:
    """The terms of a dense layer's sums, and the bias as the last one: [D + 1, N, H]."""
    terms = inputs.T[:, :, None] * weights[:, None, :]
    return np.concatenate([terms, np.broadcast_to(bias, (1, len(inputs), len(bias)))])


def one_by_one(terms: Array) -> Array:
    """The sum over the first axis, from the first to the last."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@right("dense")
def last_product_first(inputs: Array, weights: Array, bias: Array) -> Array:
    """The terms from the last to the first, the bias before them all."""
    return one_by_one(products(inputs, weights, bias)[::-1])


@right("dense")
def pairwise_tree(inputs: Array, weights: Array, bias: Array) -> Array:
    """Neighbours are added, then neighbouring sums, and so on."""
    terms = products(inputs, weights, bias)
    while len(terms) > 1:
        even = len(terms) - len(terms) % 2
        terms = np.concatenate([terms[0:even:2] + terms[1:even:2], terms[even:]])
    return terms[0]


@right("dense")
def shuffled_blocks_of_four(inputs: Array, weights: Array, bias: Array) -> Array:
    """Blocks of four terms each, added in an order without pattern, as threads would."""
    terms = products(inputs, weights, bias)
    shuffled = terms[np.random.default_rng(len(terms)).permutation(len(terms))]
    return one_by_one(np.array([one_by_one(shuffled[start : start + 4]) for start in range(0, len(terms), 4)]))


@right("dense")
def strided_lanes(inputs: Array, weights: Array, bias: Array) -> Array:
    """Eight running sums, one for each lane of a vector, added in the end."""
    terms = products(inputs, weights, bias)
    return one_by_one(np.array([one_by_one(terms[lane::8]) for lane in range(min(8, len(terms)))]))


@right("dense")
def kahan(inputs: Array, weights: Array, bias: Array) -> Array:
    """Kahan's compensated summation, where everything is finite; its compensation knows no infinities."""
    terms = products(inputs, weights, bias)
    total, lost = terms[0], np.zeros_like(terms[0])
    for term in terms[1:]:
        wanted = term - lost
        raised = total + wanted
        total, lost = raised, (raised - total) - wanted
    plain = one_by_one(terms)
    return np.where(np.isfinite(total) & np.isfinite(plain), total, plain)


def wider(dtype: np.dtype[Any]) -> type[np.floating[Any]]:
    """The next precision: float64 for float32, and what the processor has beyond for float64."""
    return np.float64 if dtype == np.float32 else np.longdouble


@right("dense")
def fused_multiply_add(inputs: Array, weights: Array, bias: Array) -> Array:
    """Products are not rounded before they are added, sums are."""
    total = np.zeros((len(inputs), len(bias)), inputs.dtype)
    for column, row in zip(inputs.T.astype(wider(inputs.dtype)), weights, strict=True):
        total = (column[:, None] * row + total).astype(inputs.dtype)
    return total + bias


@right("dense")
def bias_first(inputs: Array, weights: Array, bias: Array) -> Array:
    """The sum starts from the bias."""
    terms = products(inputs, weights, bias)
    return one_by_one(np.concatenate([terms[-1:], terms[:-1]]))


@right("dense")
def einsum(inputs: Array, weights: Array, bias: Array) -> Array:
    """Indices instead of a matrix product."""
    return np.einsum("nd,dh->nh", inputs, weights) + bias


@right("dense")
def column_major_result(inputs: Array, weights: Array, bias: Array) -> Array:
    """The transposed product of the transposed matrices: the result's columns are contiguous."""
    return (weights.T @ inputs.T + bias[:, None]).T


def through_a_wider_format(operation: str) -> None:
    """The whole operation computed in the next wider format, and rounded in the end.

    Not for whole networks: where a hidden layer overflows in the format claimed, the reference says NaN.
    """

    def convert(value: Any, dtype: Any) -> Any:
        if isinstance(value, tuple):
            parts = [convert(part, dtype) for part in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        return value.astype(dtype) if hasattr(value, "dtype") and value.dtype.kind == "f" else value

    def function(*arguments: Any, **how: Any) -> Any:
        floats = arguments[0].dtype
        wide, keywords = convert(arguments, wider(floats)), {name: convert(v, wider(floats)) for name, v in how.items()}
        return convert(getattr(base, operation)(*wide, **keywords), floats)

    function.__name__ = f"{operation}_through_a_wider_format"
    right(operation)(function)


for wide_operation in (
    *("dense_vjp", "sigmoid", "sigmoid_vjp", "tanh", "tanh_vjp", "softmax", "cross_entropy"),
    *("softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_vjp", "conv2d", "conv2d_vjp"),
    *("perceptron_sgd", "perceptron_predict"),
):
    through_a_wider_format(wide_operation)


# --- convolution and pooling ------------------------------------------------------------------------------------------


@right("conv2d")
def image_to_columns(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """Every window becomes a row of a matrix."""
    where = base.require_convolution(images, filters, strides, padding)
    windows = base.window_view(base.pad(images, where, 0), filters.shape[:2], where)
    rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, filters[..., 0].size)
    return (rows @ filters.reshape(-1, filters.shape[3])).reshape(len(images), *where.outputs, filters.shape[3])


@right("conv2d")
def one_kernel_cell_at_a_time(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """A sum of shifted images, one for each cell of the kernel, the last one first."""
    where = base.require_convolution(images, filters, strides, padding)
    padded = base.pad(images, where, 0)
    return one_by_one(
        np.array([padded[base.reached(cell, where)] @ filters[cell] for cell in np.ndindex(*filters.shape[:2])][::-1])
    )


@right("conv2d")
def explicit_padding(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """Zeros are put around the images first, and the rest is "valid"."""
    where = base.require_convolution(images, filters, strides, padding)
    return base.conv2d(base.pad(images, where, 0), filters, strides=strides)


@right("conv2d")
def channels_first(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """Computed in the layout [N, C, H, W], and handed out as a transposed view."""
    where = base.require_convolution(images, filters, strides, padding)
    windows = base.window_view(base.pad(images, where, 0), filters.shape[:2], where)
    return np.einsum("nijcab,abcf->nfij", windows, filters).transpose(0, 2, 3, 1)


@right("conv2d_vjp")
def gradients_as_convolutions(
    images: Array, filters: Array, cotangent: Array, *, strides: Any = 1, padding: str = "valid"
) -> Any:
    """Both gradients are convolutions themselves: with the flipped filters, and with the cotangent as the filter."""
    where = base.require_convolution(images, filters, strides, padding)
    padded, (rows, columns) = base.pad(images, where, 0), where.strides
    kernel_rows, kernel_columns, _, units = filters.shape
    height, width = padded.shape[1] - kernel_rows + 1, padded.shape[2] - kernel_columns + 1
    spread = np.zeros((len(images), height, width, units), images.dtype)
    spread[:, : rows * where.outputs[0] : rows, : columns * where.outputs[1] : columns] = cotangent
    edges = ((0, 0), (kernel_rows - 1,) * 2, (kernel_columns - 1,) * 2, (0, 0))
    d_padded = base.conv2d(np.pad(spread, edges), np.ascontiguousarray(filters[::-1, ::-1].transpose(0, 1, 3, 2)))
    d_filters = base.conv2d(padded.transpose(3, 1, 2, 0), spread.transpose(1, 2, 0, 3)).transpose(1, 2, 0, 3)
    # Zeros between the cotangent's numbers are no terms of the sum, but 0·∞ would be.
    finite = all(np.isfinite(array).all() for array in (images, filters, cotangent))
    gradients = base.Conv2DGradients(base.crop(d_padded, where), d_filters)
    return gradients if finite else base.conv2d_vjp(images, filters, cotangent, strides=strides, padding=padding)


@right("max_pool2d")
def running_maximum(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """One cell of the window after the other, from the last."""
    where, size = base.require_pooling(images, pool_size, strides, padding)
    padded = base.pad(images, where, -np.inf)
    cells = [padded[base.reached(cell, where)] for cell in np.ndindex(*size)]
    return np.maximum.reduce(cells[::-1])


@right("max_pool2d")
def rows_then_columns(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """The maximum of every row of a window, then of those."""
    where, size = base.require_pooling(images, pool_size, strides, padding)
    return base.window_view(base.pad(images, where, -np.inf), size, where).max(axis=5).max(axis=4)


def tied(images: Array, pool_size: Any, strides: Any, padding: str) -> tuple[Any, Any, Array, Array]:
    """Where windows stand, how large they are, padded images, and each window's largest cells."""
    where, size = base.require_pooling(images, pool_size, strides, padding)
    padded, inside = base.pad(images, where, -np.inf), base.pad(np.ones_like(images, bool), where, False)
    windows = base.window_view(padded, size, where)
    largest = (windows == windows.max(axis=(4, 5), keepdims=True)) | np.isnan(windows)
    return where, size, padded, largest & base.window_view(inside, size, where)


@right("max_pool2d_vjp")
def gradient_to_the_last_tied_cell(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """Where cells tie, the last one gets the gradient; it is a subgradient as well."""
    if np.isnan(images).any():
        return base.max_pool2d_vjp(images, cotangent, pool_size=pool_size, strides=strides, padding=padding)
    where, size, padded, largest = tied(images, pool_size, strides, padding)
    flat = largest.reshape(*cotangent.shape, -1)
    last = flat.shape[-1] - 1 - flat[..., ::-1].argmax(axis=-1)
    gradient = np.zeros_like(padded)
    for place, cell in enumerate(np.ndindex(*size)):
        gradient[base.reached(cell, where)] += np.where(last == place, cotangent, 0)
    return base.crop(gradient, where)


@right("max_pool2d_vjp")
def gradient_split_between_tied_cells(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """Where cells tie, each gets an equal share; it is a subgradient as well."""
    if np.isnan(images).any():
        return base.max_pool2d_vjp(images, cotangent, pool_size=pool_size, strides=strides, padding=padding)
    where, size, padded, largest = tied(images, pool_size, strides, padding)
    shares = cotangent / largest.sum(axis=(4, 5)).astype(images.dtype)
    gradient = np.zeros_like(padded)
    for cell in np.ndindex(*size):
        gradient[base.reached(cell, where)] += np.where(largest[(..., *cell)], shares, 0)
    return base.crop(gradient, where)


# --- activations and losses -------------------------------------------------------------------------------------------


@right("relu_vjp")
def relu_slope_of_a_half_at_0(z: Array, cotangent: Array) -> Array:
    """Any slope in [0, 1] is a subgradient at 0."""
    return np.where(z > 0, cotangent, np.where(z == 0, cotangent / 2, 0))


@right("relu_vjp")
def relu_slope_of_1_at_0(z: Array, cotangent: Array) -> Array:
    """Any slope in [0, 1] is a subgradient at 0."""
    return np.where(z >= 0, cotangent, 0)


@right("sigmoid")
def sigmoid_of_two_branches(z: Array) -> Array:
    """1/(1 + e⁻ᶻ) for positive numbers, eᶻ/(1 + eᶻ) for negative ones."""
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(np.minimum(z, 0))))


@right("softmax")
def softmax_times_the_reciprocal(z: Array) -> Array:
    """One division for each row; each product then costs as much as the quotient it replaces, and one rounding more."""
    wide = wider(z.dtype)
    exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
    return (exponentials * (1 / exponentials.sum(axis=-1, keepdims=True, dtype=wide))).astype(z.dtype)


@right("softmax_cross_entropy_with_logits_vjp")
def prediction_minus_label(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Labels that sum to 1 need no factor of their sum."""
    return cotangent[:, None] * (base.softmax(logits) - labels)


@right("cross_entropy")
def cross_entropy_of_the_labelled_classes(probabilities: Array, labels: Array) -> Array:
    """Only the classes with a label are looked at."""
    logarithms = np.log(probabilities, where=labels != 0, out=np.zeros_like(probabilities))
    return -(labels * logarithms).sum(axis=-1)


@right("forward_pass")
def layers_through_a_wider_format(inputs: Array, weights: Any, biases: Any) -> Any:
    """Every layer in the next wider format, its results rounded."""
    wide = wider(inputs.dtype)
    weighted_sums: list[Array] = []
    activations = [inputs]
    for matrix, bias in zip(weights, biases, strict=True):
        dense = base.dense(activations[-1].astype(wide), matrix.astype(wide), bias.astype(wide))
        weighted_sums.append(dense.astype(inputs.dtype))
        function = base.softmax if len(weighted_sums) == len(weights) else base.relu
        activations.append(function(weighted_sums[-1].astype(wide)).astype(inputs.dtype))
    return base.ForwardPass(tuple(weighted_sums), tuple(activations[1:]))


@right("backpropagation")
def gradients_of_each_example_are_summed(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """The examples go back one by one, the last one first, each with its share of the mean."""
    logits = base.forward_pass(inputs, weights, biases).weighted_sums[-1]
    loss = base.softmax_cross_entropy_with_logits(logits, labels).sum() / inputs.dtype.type(len(inputs))
    alone = [base.backpropagation(inputs[n : n + 1], weights, biases, labels[n : n + 1]) for n in range(len(inputs))]
    means = [
        tuple(
            one_by_one(np.array([part[layer] / inputs.dtype.type(len(inputs)) for part in parts][::-1]))
            for layer in range(len(weights))
        )
        for parts in ([one.weights for one in alone], [one.biases for one in alone])
    ]
    return base.Backpropagation(loss, *means)
