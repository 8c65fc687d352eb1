"""Functions of taped arrays, place by place or row by row: slopes, kinks and what is normalized."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations.numpy import activations
from conformance.implementations.numpy.sessions import smooth
from conformance.implementations.numpy.taped import Taped, by_slope, constant, summed_to, where


def exponential(x: Taped) -> Taped:
    return by_slope(np.exp(x.value), x, lambda y: y)


def logarithm(x: Taped) -> Taped:
    return Taped(np.log(x.value), (x, lambda g: g / x))


def root(x: Taped) -> Taped:
    return by_slope(np.sqrt(x.value), x, lambda y: constant(y, 1) / (constant(y, 2) * y))


def tanh(x: Taped) -> Taped:
    return by_slope(np.tanh(x.value), x, lambda y: constant(y, 1) - y * y)


def sigmoid(x: Taped) -> Taped:
    return by_slope(smooth(activations.sigmoid)(x.value), x, lambda y: y * (constant(y, 1) - y))


def maximum(x: Taped, y: Taped) -> Taped:
    """The first of two that tie gets the gradient."""
    second = y.value > x.value
    return Taped(
        np.maximum(x.value, y.value),
        (x, lambda g: summed_to(where(~second, g, 0), x.shape)),
        (y, lambda g: summed_to(where(second, g, 0), y.shape)),
    )


def relu(z: Taped) -> Taped:
    return Taped(np.maximum(z.value, 0), (z, lambda g: where(z.value > 0, g, 0)))


def leaky_relu(z: Taped, *, slope: float = 0.01) -> Taped:
    return where(z.value > 0, z, slope)


def rows(array: Taped) -> Taped:
    """The sums over the last axis, which stays."""
    return summed_to(array, (*array.shape[:-1], 1))


def softmax(z: Taped) -> Taped:
    exponentials = np.exp(z.value - z.value.max(axis=-1, keepdims=True))
    y = Taped(
        exponentials / exponentials.sum(axis=-1, keepdims=True),
        (z, lambda g: y * (g - rows(y * g))),
    )
    return y


def log_softmax(z: Taped) -> Taped:
    shifted = z.value - z.value.max(axis=-1, keepdims=True)
    value = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return Taped(value, (z, lambda g: g - softmax(z) * rows(g)))


def where_positive(x: Taped, yes: Taped, no: Taped) -> Taped:
    """Whoever chooses gets nothing back."""
    positive = x.value > 0
    return Taped(
        np.where(positive, yes.value, no.value),
        (yes, lambda g: summed_to(where(positive, g, 0), yes.shape)),
        (no, lambda g: summed_to(where(~positive, g, 0), no.shape)),
    )


def identity(z: Taped) -> Taped:
    return Taped(z.value, (z, lambda g: g))


def step(z: Taped) -> Taped:
    """Flat on both sides: nothing goes back."""
    return Taped(np.heaviside(z.value, 0))


def logistic(z: Taped, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Taped:
    return constant(z, L) * sigmoid(constant(z, k) * (z - constant(z, x_0)))
