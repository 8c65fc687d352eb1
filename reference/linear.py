"""Matrix products, the dense layer around one, and the shapes of data that they want: flat inputs, one-hot labels."""

from __future__ import annotations

from typing import NamedTuple

from reference.arrays import Array, dot, require_array, require_shape, total, transpose
from reference.arrays import flatten as numbers_of
from reference.elementary import where_same
from reference.errors import InvalidArgument, require_positive_integer

__all__ = [
    "DenseGradients",
    "MatrixProductGradients",
    "dense",
    "dense_vjp",
    "flatten",
    "matrix_product",
    "matrix_product_vjp",
    "one_hot",
]


class MatrixProductGradients(NamedTuple):
    """What `matrix_product_vjp` returns: one gradient for each matrix, of its shape."""

    a: Array
    b: Array


class DenseGradients(NamedTuple):
    """What `dense_vjp` returns: one gradient for each input of `dense`, of that input's shape."""

    inputs: Array
    weights: Array
    bias: Array


def matrix_product(a: Array, b: Array) -> Array:
    """Multiply two matrices: every row of the first with every column of the second.

    Why: nearly all the work of a neural network. A batch of examples goes through a layer as one product, a layer's
    weighted sums and both gradients of it are three.

    Formula:
        C[i, j] = Σₖ a[i, k]·b[k, j]

    Args:
        a: [N, K].
        b: [K, M].

    Returns:
        [N, M].

    Raises:
        InvalidArgument: if a has not as many columns as b has rows, an array is empty, or an entry isn't a number.

    Source:
        ruppert-ml2, "Softmax Activation": X·W, matrix multiply.

    >>> matrix_product([[1, 2], [3, 4]], [[1, 0, -1], [2, 1, 0]])
    [[5, 2, -1], [11, 4, -3]]
    """
    require_product(a, b)
    columns = transpose(b)
    return [[dot(row, column) for column in columns] for row in a]


def matrix_product_vjp(a: Array, b: Array, cotangent: Array) -> MatrixProductGradients:
    """Carry the gradient of a loss back through a matrix product: two more products.

    Why: a step of backpropagation, and the reason why training costs three times as much as prediction.

    Formula:
        d a = cotangent · bᵀ;  d b = aᵀ · cotangent

    Args:
        a: [N, K].
        b: [K, M].
        cotangent: [N, M], the loss's gradient with respect to `matrix_product(a, b)`.

    Returns:
        MatrixProductGradients(a [N, K], b [K, M]).

    Raises:
        InvalidArgument: as `matrix_product`, and if the cotangent's shape isn't the product's.

    Source:
        ruppert-ml2, "Forward and Back Propagation"; reinert-intro, "Computing the Gradient through Backpropagation".

    >>> matrix_product_vjp([[1, 2]], [[3, 4], [5, 6]], [[1, 10]])
    MatrixProductGradients(a=[[43, 65]], b=[[1, 10], [2, 20]])
    """
    require_shape("cotangent", cotangent, require_product(a, b), "of the product")
    return MatrixProductGradients(
        a=[[dot(row, row_of_b) for row_of_b in b] for row in cotangent],
        b=[[dot(column_of_a, column) for column in transpose(cotangent)] for column_of_a in transpose(a)],
    )


def flatten(values: Array) -> Array:
    """All numbers of an array in one list, the last axis running fastest.

    Why: a fully connected layer knows no rows and columns; whatever has some is laid out flat first. For images that is
    the deck's first, bad idea: neighbours are neighbours no more.

    Formula:
        y[(i₁·d₂ + i₂)·d₃ + …] = values[i₁, i₂, i₃, …]
        So of an image [H, W, C] the channels of a pixel stay together; the slide puts channel after channel, which is
        the same for [C, H, W].

    Args:
        values: an array of any shape.

    Returns:
        A list of as many numbers.

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        goldsborough-deep, "Convolutional Neural Network": R.flatten; ruppert-ml2, "Keras":
        tf.keras.layers.Flatten(input_shape=[28, 28, 1]).

    >>> flatten([[116, 80], [170, 194]])
    [116, 80, 170, 194]
    """
    require_array("values", values)
    return numbers_of(values)


def one_hot(indices: Array, *, classes: int) -> Array:
    """Labels as rows of zeros with a single one: in the column of the label's class.

    Why: what a classifier's probabilities are compared with. A class's number itself would say that class 2 lies
    between 1 and 3.

    Formula:
        y[n, k] = 1 if indices[n] = k else 0

    Args:
        indices: [N], a class for each example, whole numbers from 0 to K - 1.
        classes: K, how many classes there are.

    Returns:
        [N, K], integers 0 and 1.

    Raises:
        InvalidArgument: if classes isn't a positive integer, or an index isn't an integer below it.

    Source:
        goldsborough-methods, "Neural Networks by Foot": our labels are one-hot encoded.

    >>> one_hot([0, 0, 1], classes=2)
    [[1, 0], [1, 0], [0, 1]]
    """
    require_array("indices", indices, "N")
    classes = require_positive_integer("classes", classes)
    for index in indices:
        if index not in range(classes):
            raise InvalidArgument("indices", f"integers from 0 to {classes - 1}", f"{index!r} among them")
    return [[where_same(index, k, 1, 0) for k in range(classes)] for index in indices]


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


def require_product(a: Array, b: Array) -> tuple[int, int]:
    """Check two matrices and return the shape of their product."""
    rows, depth = require_array("a", a, "N K")
    columns = require_array("b", b, "K M")[1]
    require_shape("b", b, (depth, columns), f"for a matrix with {depth} columns before it")
    return rows, columns


def require_dense(inputs: Array, weights: Array, bias: Array) -> tuple[int, int]:
    """Check the arguments of a dense layer and return its output's shape."""
    examples, features = require_array("inputs", inputs, "N D")
    units = require_array("weights", weights, "D H")[1]
    require_shape("weights", weights, (features, units), f"for inputs with {features} features")
    require_array("bias", bias, "H")
    require_shape("bias", bias, (units,), f"for {units} units")
    return examples, units
