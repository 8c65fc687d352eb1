"""Losses of questions with two answers by other formulas, in which terms cancel that the definition keeps apart."""

from __future__ import annotations

from reference.arrays import Array, Number, elementwise, require_array, require_shape
from reference.binary_losses import require_cotangent_of_entries
from reference.elementary import exp, log, maximum, over

__all__ = [
    "log_sigmoid_binary_cross_entropy_with_logits",
    "multiplied_out_binary_cross_entropy_vjp",
    "products_first_binary_cross_entropy_vjp",
    "relu_binary_cross_entropy_with_logits",
]


def relu_binary_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    """`binary_cross_entropy_with_logits` with one product of label and logit.

    Why: softplus is computed once, and one product is subtracted. Of labels between 0 and 1 both are as large as the
    logit, and cancel where the label is near 1.

    Formula:
        loss = max(z, 0) - z·y + log(1 + e^-|z|)

    Args:
        logits: an array of any shape, unnormalized scores.
        labels: the same shape.

    Returns:
        An array of that shape, entries ≥ 0.

    Raises:
        InvalidArgument: as `binary_cross_entropy_with_logits`.

    Source:
        TensorFlow's sigmoid_cross_entropy_with_logits.

    >>> relu_binary_cross_entropy_with_logits([1000.0, 1000.0, 0.0], [1, 0, 1])
    [0.0, 1000.0, 0.6931471805599453]
    """
    require_shape("labels", labels, require_array("logits", logits), "as logits has")

    def loss(z: Number, y: Number) -> Number:
        return maximum(z, 0) - z * y + log(1 + exp(0 - maximum(z, 0 - z)))

    return elementwise(loss, logits, labels)


def log_sigmoid_binary_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    """`binary_cross_entropy_with_logits` by the logarithm of the sigmoid.

    Why: log σ is a function of its own in every library that has an activation of that name. For a label of 0 and a
    logit far below it, both terms are as large as the logit, and cancel.

    Formula:
        loss = (1 - y)·z - log σ(z), with log σ(z) = min(z, 0) - log(1 + e^-|z|)

    Args:
        logits: an array of any shape, unnormalized scores.
        labels: the same shape.

    Returns:
        An array of that shape, entries ≥ 0.

    Raises:
        InvalidArgument: as `binary_cross_entropy_with_logits`.

    Source:
        PyTorch's binary_cross_entropy_with_logits.

    >>> log_sigmoid_binary_cross_entropy_with_logits([1000.0, 1000.0, 0.0], [1, 0, 1])
    [0.0, 1000.0, 0.6931471805599453]
    """
    require_shape("labels", labels, require_array("logits", logits), "as logits has")

    def loss(z: Number, y: Number) -> Number:
        log_sigmoid = (0 - maximum(0 - z, 0)) - log(1 + exp(0 - maximum(z, 0 - z)))
        return (1 - y) * z - log_sigmoid

    return elementwise(loss, logits, labels)


def multiplied_out_binary_cross_entropy_vjp(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """`binary_cross_entropy_vjp` by the chain rule, step by step.

    Why: what differentiates the loss as it is written multiplies each term with the cotangent before it takes their
    difference, so that each product is rounded. Where prediction and label are near each other, the terms cancel.

    Formula:
        d p = cotangent·((1 - y)/(1 - p)) - cotangent·(y/p), with 0/x = 0 for any x

    Args:
        probabilities: an array of any shape, entries in [0, 1].
        labels: the same shape.
        cotangent: the same shape.

    Returns:
        An array of that shape, the gradient with respect to the probabilities.

    Raises:
        InvalidArgument: as `binary_cross_entropy_vjp`.

    Source:
        TensorFlow's gradient tape.

    >>> multiplied_out_binary_cross_entropy_vjp([0.25, 0.25, 1.0], [1, 0, 1], [3.0, 3.0, 3.0])
    [-12.0, 4.0, -3.0]
    """
    require_cotangent_of_entries("probabilities", probabilities, labels, cotangent)

    def slope(p: Number, y: Number, gradient: Number) -> Number:
        return gradient * over(1 - y, 1 - p) - gradient * over(y, p)

    return elementwise(slope, probabilities, labels, cotangent)


def products_first_binary_cross_entropy_vjp(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """`binary_cross_entropy_vjp` by the chain rule, the cotangent multiplied before anything is divided.

    Why: as `multiplied_out_binary_cross_entropy_vjp`, from the other end. Even where label and prediction are the
    same, quotients of rounded products needn't be.

    Formula:
        d p = (cotangent·(1 - y))/(1 - p) - (cotangent·y)/p, with 0/x = 0 for any x

    Args:
        probabilities: an array of any shape, entries in [0, 1].
        labels: the same shape.
        cotangent: the same shape.

    Returns:
        An array of that shape, the gradient with respect to the probabilities.

    Raises:
        InvalidArgument: as `binary_cross_entropy_vjp`.

    Source:
        PyTorch's gradients of xlogy and xlog1py.

    >>> products_first_binary_cross_entropy_vjp([0.25, 0.25, 1.0], [1, 0, 1], [3.0, 3.0, 3.0])
    [-12.0, 4.0, -3.0]
    """
    require_cotangent_of_entries("probabilities", probabilities, labels, cotangent)

    def slope(p: Number, y: Number, gradient: Number) -> Number:
        return over(gradient * (1 - y), 1 - p) - over(gradient * y, p)

    return elementwise(slope, probabilities, labels, cotangent)
