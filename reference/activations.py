"""Activation functions: what a neuron makes of its weighted sum, and how a gradient passes back through it."""

from __future__ import annotations

from collections.abc import Callable

from reference.arrays import Array, Number, dot, elementwise, require_array, require_shape, total
from reference.elementary import exp, log, maximum, parts_of_total, shift_by_maximum, where_positive
from reference.elementary import sigmoid as logistic
from reference.elementary import tanh as hyperbolic_tangent
from reference.errors import require_number
from reference.numbers.mixing import multiply

__all__ = [
    "leaky_relu",
    "leaky_relu_vjp",
    "log_softmax",
    "log_softmax_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "softmax",
    "softmax_vjp",
    "tanh",
    "tanh_vjp",
]


def relu(z: Array) -> Array:
    """Keep what is positive, replace the rest by zero.

    Why: the usual activation of hidden layers: cheap, and its gradient doesn't vanish for large inputs.

    Formula:
        f(z) = max(0, z); NaN stays NaN.

    Args:
        z: an array of any shape.

    Returns:
        An array of that shape, with entries ≥ 0.

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        goldsborough-methods, "Neural Networks by Foot": relu(H) = max{0, H}; reinert-intro, "Rectified Linear Unit
        (ReLU)"; ruppert-ml2, "Rectified Linear Unit (ReLU) Activation".

    >>> relu([13.37, 183.66, -210.46])
    [13.37, 183.66, 0]
    """
    require_array("z", z)
    return elementwise(lambda entry: maximum(0, entry), z)


def relu_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `relu`: it passes where the input was positive and stops elsewhere.

    Why: a step of backpropagation. At 0 the function has a kink, and any slope in [0, 1] is a subgradient; this one
    takes 0, as TensorFlow does.

    Formula:
        cotangent if z > 0 else 0; 0 where z is NaN, where NaN or the cotangent would be as right

    Args:
        z: the input of `relu`, any shape.
        cotangent: the loss's gradient with respect to `relu(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `relu`, and if the shapes differ.

    Source:
        reinert-intro, "Rectified Linear Unit (ReLU)": 1 if z > 0 or 0 if z < 0.

    >>> relu_vjp([2.5, -1.0, 0.0], [10.0, 10.0, 10.0])
    [10.0, 0, 0]
    """
    require_cotangent(z, cotangent)
    return elementwise(lambda entry, slope: where_positive(entry, slope, 0), z, cotangent)


def leaky_relu(z: Array, *, slope: Number = 0.01) -> Array:
    """Keep what is positive, and let a small part of the rest through.

    Why: a neuron whose weighted sum is negative for every example has no gradient behind a `relu`, and never learns
    again; here it learns at a lower rate.

    Formula:
        f(z) = z if z > 0 else slope·z; NaN stays NaN.

    Args:
        z: an array of any shape.
        slope: a number ≥ 0, usually far below 1.

    Returns:
        An array of that shape.

    Raises:
        InvalidArgument: if the array is empty or ragged, an entry isn't a number, or the slope isn't a finite number
            ≥ 0.

    Source:
        ruppert-ml2, "Leaky ReLU Activation", which gives no slope; 0.01 is that of Maas, Hannun and Ng, Rectifier
        Nonlinearities Improve Neural Network Acoustic Models.

    >>> leaky_relu([2.5, -1.0, 0.0], slope=0.25)
    [2.5, -0.25, 0.0]
    """
    require_array("z", z)
    require_number("slope", slope, 0)
    return elementwise(lambda entry: where_positive(entry, entry, multiply(slope, entry)), z)


def leaky_relu_vjp(z: Array, cotangent: Array, *, slope: Number = 0.01) -> Array:
    """Carry a gradient back through `leaky_relu`: whole where the input was positive, a small part of it elsewhere.

    Why: a step of backpropagation. At 0 the function has a kink, and any factor between the slope and 1 makes a
    subgradient; this one takes the slope, as TensorFlow does.

    Formula:
        cotangent if z > 0 else slope·cotangent; that where z is NaN too, where NaN or the cotangent would be as right

    Args:
        z: the input of `leaky_relu`, any shape.
        cotangent: the loss's gradient with respect to `leaky_relu(z)`, same shape.
        slope: as in `leaky_relu`.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `leaky_relu`, and if the shapes differ.

    Source:
        ruppert-ml2, "Leaky ReLU Activation": learning at a lower rate.

    >>> leaky_relu_vjp([2.5, -1.0, 0.0], [8.0, 8.0, 8.0], slope=0.25)
    [8.0, 2.0, 2.0]
    """
    require_cotangent(z, cotangent)
    require_number("slope", slope, 0)
    return elementwise(lambda entry, gradient: where_positive(entry, gradient, multiply(slope, gradient)), z, cotangent)


def sigmoid(z: Array) -> Array:
    """Squash every number into (0, 1), steepest at zero.

    Why: reads a weighted sum as a probability; the classic activation, whose gradient vanishes far from zero.

    Formula:
        f(z) = 1/(1 + e⁻ᶻ)

    Args:
        z: an array of any shape.

    Returns:
        An array of that shape, with entries in [0, 1].

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        reinert-intro, "Sigmoid Function" with L = 1, k = 1, x₀ = 0; ruppert-ml2, "Sigmoid Activation".

    >>> sigmoid([0.0, 1000.0, -1000.0])
    [0.5, 1.0, 0.0]
    """
    require_array("z", z)
    return elementwise(logistic, z)


def sigmoid_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `sigmoid`; with a cotangent of ones, its derivative.

    Why: a step of backpropagation.

    Formula:
        cotangent·f(z)·(1 - f(z)), with f the sigmoid

    Args:
        z: the input of `sigmoid`, any shape.
        cotangent: the loss's gradient with respect to `sigmoid(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `sigmoid`, and if the shapes differ.

    Source:
        reinert-intro, "Sigmoid Function", whose derivative is misprinted there as f(z)(1 - g(z)).

    >>> sigmoid_vjp([0.0, 1000.0], [1.0, 1.0])
    [0.25, 0.0]
    """
    require_cotangent(z, cotangent)

    def slope(entry: Number, gradient: Number) -> Number:
        f = logistic(entry)
        return gradient * (f * (1 - f))

    return elementwise(slope, z, cotangent)


def tanh(z: Array) -> Array:
    """Squash every number into (-1, 1), odd and steepest at zero.

    Why: an activation centred on zero; the one inside recurrent cells.

    Formula:
        f(z) = (eᶻ - e⁻ᶻ)/(eᶻ + e⁻ᶻ)

    Args:
        z: an array of any shape.

    Returns:
        An array of that shape, with entries in [-1, 1].

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        reinert-intro, "Hyperbolic Tangent".

    >>> tanh([0.0, 1000.0, -1000.0])
    [0.0, 1.0, -1.0]
    """
    require_array("z", z)
    return elementwise(hyperbolic_tangent, z)


def tanh_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `tanh`; with a cotangent of ones, its derivative.

    Why: a step of backpropagation.

    Formula:
        cotangent·(1 - f(z)²), with f the hyperbolic tangent

    Args:
        z: the input of `tanh`, any shape.
        cotangent: the loss's gradient with respect to `tanh(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `tanh`, and if the shapes differ.

    Source:
        reinert-intro, "Hyperbolic Tangent": F'(z) = 1 - f(z)².

    >>> tanh_vjp([0.0, 1000.0], [3.0, 3.0])
    [3.0, 0.0]
    """
    require_cotangent(z, cotangent)

    def slope(entry: Number, gradient: Number) -> Number:
        f = hyperbolic_tangent(entry)
        return gradient * (1 - f * f)

    return elementwise(slope, z, cotangent)


def softmax(z: Array) -> Array:
    """Turn every row of scores into probabilities.

    Why: the output layer of a classifier. The row's maximum is subtracted first: it changes nothing in the quotient and
    keeps e^z from overflowing.

    Formula:
        σ(z)ᵢ = e^(zᵢ - m) / Σⱼ e^(zⱼ - m), with m = maxⱼ zⱼ, along the last axis

    Args:
        z: [..., K], of any rank from 1.

    Returns:
        [..., K], entries in [0, 1], rows summing to 1.

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        ruppert-ml2, "Softmax Activation"; goldsborough-methods, "Neural Networks by Foot".

    >>> softmax([[1000.0, 1000.0], [-2.53, 211.85]])[0]
    [0.5, 0.5]
    """
    require_array("z", z)
    return along_last_axis(softmax_of_row, z)


def softmax_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `softmax`: every score moves every probability of its row.

    Why: a step of backpropagation where the loss isn't a cross entropy, or where probabilities weigh something, as in
    attention. What all cotangents of a row have in common moves nothing, since probabilities sum to 1 whatever happens.

    Formula:
        d zᵢ = σᵢ·(gᵢ - Σⱼ gⱼ·σⱼ), with σ = softmax(z) and g the cotangent, along the last axis
        An infinite cotangent may as well be multiplied with both sides of the difference, which makes NaN.

    Args:
        z: the input of `softmax`, [..., K].
        cotangent: the loss's gradient with respect to `softmax(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `softmax`, and if the shapes differ.

    Source:
        ruppert-ml2, "Softmax Activation": the derivative of its formula.

    >>> softmax_vjp([0.0, 0.0], [3.0, 1.0])
    [0.5, -0.5]
    """
    require_cotangent(z, cotangent)
    return along_last_axis(_softmax_vjp_of_row, z, cotangent)


def _softmax_vjp_of_row(row: Array, gradients: Array) -> Array:
    probabilities = softmax_of_row(row)
    mean = dot(probabilities, gradients)
    return [p * (gradient - mean) for p, gradient in zip(probabilities, gradients, strict=True)]


def log_softmax(z: Array) -> Array:
    """The logarithms of `softmax`, computed without it, so that no probability underflows to 0 on the way.

    Why: the last layer of a classifier that is trained with `negative_log_likelihood`: a probability of e⁻¹⁰⁰⁰ is 0 in
    any format, and its logarithm -1000 in all of them.

    Formula:
        log σ(z)ᵢ = (zᵢ - m) - log Σⱼ e^(zⱼ - m), with m = maxⱼ zⱼ, along the last axis

    Args:
        z: [..., K], of any rank from 1.

    Returns:
        [..., K], entries ≤ 0, the exponentials of a row summing to 1.

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        ruppert-ml2, "PyTorch": nn.LogSoftmax(dim=1), of the formula on "Softmax Activation".

    >>> log_softmax([1000.0, 0.0])
    [0.0, -1000.0]
    """
    require_array("z", z)
    return along_last_axis(log_softmax_of_row, z)


def log_softmax_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `log_softmax`.

    Why: the first step of backpropagation through a network that ends in `log_softmax`. With the cotangent of a
    `negative_log_likelihood`, -1 at the label and 0 elsewhere, it is the slides' favourite surprise: prediction minus
    label.

    Formula:
        d zᵢ = gᵢ - σᵢ·Σⱼ gⱼ, with σ = softmax(z) and g the cotangent, along the last axis

    Args:
        z: the input of `log_softmax`, [..., K].
        cotangent: the loss's gradient with respect to `log_softmax(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `log_softmax`, and if the shapes differ.

    Source:
        ruppert-ml2, "PyTorch": loss.backward() of nn.LogSoftmax(dim=1).

    >>> log_softmax_vjp([0.0, 0.0], [-1.0, 0.0])
    [-0.5, 0.5]
    """
    require_cotangent(z, cotangent)
    return along_last_axis(_log_softmax_vjp_of_row, z, cotangent)


def _log_softmax_vjp_of_row(row: Array, gradients: Array) -> Array:
    mass = total(gradients)
    return [gradient - p * mass for p, gradient in zip(softmax_of_row(row), gradients, strict=True)]


def softmax_of_row(row: Array) -> Array:
    """`softmax` of a single list of scores."""
    return parts_of_total([exp(score) for score in shift_by_maximum(row)])


def log_softmax_of_row(row: Array) -> Array:
    """`log_softmax` of a single list of scores."""
    shifted = shift_by_maximum(row)
    log_normalizer = log(total(exp(score) for score in shifted))
    return [score - log_normalizer for score in shifted]


def along_last_axis(function: Callable[..., Array], *arrays: Array) -> Array:
    """Apply a function of lists to the innermost lists of arrays of one shape."""
    if isinstance(arrays[0][0], list):
        return [along_last_axis(function, *parts) for parts in zip(*arrays, strict=True)]
    return function(*arrays)


def require_cotangent(z: Array, cotangent: Array) -> None:
    """Check an array, and a cotangent of its shape."""
    require_shape("cotangent", cotangent, require_array("z", z), "as z has")
