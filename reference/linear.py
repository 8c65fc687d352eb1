"""The dense layer: every output is a weighted sum of every input, plus a bias."""

from __future__ import annotations

from typing import NamedTuple

from reference.arrays import Array, dot, require_array, require_shape, total, transpose

__all__ = ["DenseGradients", "dense", "dense_vjp"]


class DenseGradients(NamedTuple):
    """What `dense_vjp` returns: one gradient for each input of `dense`, of that input's shape."""

    inputs: Array
    weights: Array
    bias: Array


def dense(inputs: Array, weights: Array, bias: Array) -> Array:
    """Multiply a batch of rows by a weight matrix and add the bias to every row.

    Why: the layer of every fully connected network, before its activation function.

    Formula:
        y[n, j] = Σᵢ inputs[n, i]·weights[i, j] + bias[j]

    Args:
        inputs: [N, D], one example a row.
        weights: [D, H].
        bias: [H].

    Returns:
        [N, H].

    Raises:
        InvalidArgument: if a shape doesn't fit, an array is empty, or an entry isn't a number.

    Source:
        goldsborough-methods, "Neural Networks by Foot"; reinert-intro, "Multi output Perceptron".

    >>> dense([[1, 2], [3, 4]], [[1, 0, -1], [2, 1, 0]], [10, 20, 30])
    [[15, 22, 29], [21, 24, 27]]
    """
    require_dense(inputs, weights, bias)
    columns = transpose(weights)
    return [[dot(row, column) + b for column, b in zip(columns, bias, strict=True)] for row in inputs]


def dense_vjp(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> DenseGradients:
    """Carry the gradient of a loss back through a dense layer.

    Why: the step that backpropagation repeats for every layer. "vjp" is vector-Jacobian product: what comes in is the
    loss's gradient with respect to the layer's output, what goes out its gradient with respect to each input.

    Formula:
        d inputs = cotangent · weightsᵀ;  d weights = inputsᵀ · cotangent;  d bias[j] = Σₙ cotangent[n, j]

    Args:
        inputs: [N, D].
        weights: [D, H].
        bias: [H].
        cotangent: [N, H], the loss's gradient with respect to `dense(inputs, weights, bias)`.

    Returns:
        DenseGradients(inputs [N, D], weights [D, H], bias [H]).

    Raises:
        InvalidArgument: as `dense`, and if the cotangent's shape isn't the output's.

    Source:
        ruppert-ml2, "Forward and Back Propagation"; reinert-intro, "Computing the Gradient through Backpropagation".

    >>> dense_vjp([[1, 2]], [[3, 4], [5, 6]], [0, 0], [[1, 10]])
    DenseGradients(inputs=[[43, 65]], weights=[[1, 10], [2, 20]], bias=[1, 10])
    """
    output_shape = require_dense(inputs, weights, bias)
    require_shape("cotangent", cotangent, output_shape, "of the layer's output")
    columns = transpose(cotangent)
    return DenseGradients(
        inputs=[[dot(row, weights_of_input) for weights_of_input in weights] for row in cotangent],
        weights=[[dot(feature, column) for column in columns] for feature in transpose(inputs)],
        bias=[total(column) for column in columns],
    )


def require_dense(inputs: Array, weights: Array, bias: Array) -> tuple[int, int]:
    """Check the arguments of a dense layer and return its output's shape."""
    examples, features = require_array("inputs", inputs, "N D")
    units = require_array("weights", weights, "D H")[1]
    require_shape("weights", weights, (features, units), f"for inputs with {features} features")
    require_array("bias", bias, "H")
    require_shape("bias", bias, (units,), f"for {units} units")
    return examples, units
