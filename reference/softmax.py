"""Softmax and its logarithm: rows of scores to probabilities, and how gradients pass back through them."""

from __future__ import annotations

from collections.abc import Callable

from reference.activations import require_cotangent
from reference.arrays import Array, dot, require_array, total
from reference.elementary import exp, log, parts_of_total, shift_by_maximum

__all__ = ["log_softmax", "log_softmax_vjp", "softmax", "softmax_vjp"]


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
