"""Activation functions by other formulas: the same function, and other errors."""

from __future__ import annotations

from reference.activations import require_cotangent
from reference.arrays import Array, Number, elementwise, require_array
from reference.elementary import tanh

__all__ = ["factored_tanh_vjp", "half_tanh_sigmoid"]


def half_tanh_sigmoid(z: Array) -> Array:
    """`sigmoid` by the hyperbolic tangent of half the number.

    Why: a machine that has a fast tanh needs no exponential and no division. Far below zero tanh is next to -1 and the
    sum cancels: the error is one of 1, however small the result, where the definition's is one of the result.

    Formula:
        f(z) = (tanh(z/2) + 1)/2

    Args:
        z: an array of any shape.

    Returns:
        An array of that shape, with entries in [0, 1].

    Raises:
        InvalidArgument: as `sigmoid`.

    Source:
        XLA's logistic function on CPUs and GPUs: 0.5·tanh(0.5·x) + 0.5.

    >>> half_tanh_sigmoid([0.0, 1000.0, -1000.0])
    [0.5, 1.0, 0.0]
    """
    require_array("z", z)
    return elementwise(lambda entry: (tanh(entry / 2) + 1) / 2, z)


def factored_tanh_vjp(z: Array, cotangent: Array) -> Array:
    """`tanh_vjp` with the difference of squares as a product.

    Why: next to ±1 nothing is rounded but the product, where t² is rounded before 1 - t² cancels; around 0 it is the
    other way round, and two sums are rounded instead of one.

    Formula:
        cotangent·(1 - t)·(1 + t), with t = tanh(z)

    Args:
        z: the input of `tanh`, any shape.
        cotangent: the loss's gradient with respect to `tanh(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `tanh_vjp`.

    Source:
        JAX's and XLA's derivative of tanh.

    >>> factored_tanh_vjp([0.0, 1000.0], [3.0, 3.0])
    [3.0, 0.0]
    """
    require_cotangent(z, cotangent)

    def slope(entry: Number, gradient: Number) -> Number:
        t = tanh(entry)
        return gradient * ((1 - t) * (1 + t))

    return elementwise(slope, z, cotangent)
