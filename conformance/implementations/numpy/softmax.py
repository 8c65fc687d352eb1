"""Softmax, its logarithm and their gradients."""

from __future__ import annotations

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array, require_cotangent

__all__ = ["log_softmax", "log_softmax_vjp", "softmax", "softmax_vjp"]


def softmax(z: Array) -> Array:
    require_array("z", z)
    with np.errstate(all="ignore"):
        exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    with np.errstate(all="ignore"):
        probabilities = softmax(z)
        return probabilities * (cotangent - (probabilities * cotangent).sum(axis=-1, keepdims=True))


def log_softmax(z: Array) -> Array:
    require_array("z", z)
    with np.errstate(all="ignore"):
        shifted = z - z.max(axis=-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    with np.errstate(all="ignore"):
        return cotangent - softmax(z) * cotangent.sum(axis=-1, keepdims=True)
