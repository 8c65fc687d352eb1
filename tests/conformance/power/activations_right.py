"""Activation functions and losses by other branches, blocks and orders: all of them right."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import right
from tests.conformance.power.pieces import one_by_one, wider

# --- elementwise ------------------------------------------------------------------------------------------------------


@right("relu")
def relu_by_clipping(z: Array) -> Array:
    """Clipped from below, with nothing above."""
    return np.clip(z, 0, None)


@right("relu")
def relu_by_exclusion(z: Array) -> Array:
    """Whatever is below 0 becomes 0, so that NaN stays."""
    return np.where(z < 0, 0, z)


@right("relu")
def relu_in_blocks_of_7(z: Array) -> Array:
    """Seven numbers at a time, the last ones first."""
    flat, result = z.ravel(), np.empty_like(z).ravel()
    for start in range(0, z.size, 7)[::-1]:
        result[start : start + 7] = np.maximum(flat[start : start + 7], 0)
    return result.reshape(z.shape)


@right("relu_vjp")
def relu_gradient_of_what_is_positive(z: Array, cotangent: Array) -> Array:
    """Only the places that are positive are visited."""
    result = np.zeros_like(cotangent)
    result[z > 0] = cotangent[z > 0]
    return result


@right("leaky_relu_vjp")
def leaky_relu_gradient_times_a_factor(z: Array, cotangent: Array, *, slope: Any = 0.01) -> Array:
    """The factor is chosen, then multiplied by."""
    return cotangent * np.where(z > 0, z.dtype.type(1), z.dtype.type(slope))


@right("sigmoid")
def sigmoid_of_masked_branches(z: Array) -> Array:
    """Positive numbers and the others are gathered, each goes its way, and is put back."""
    result, positive = np.empty_like(z), z >= 0
    result[positive] = 1 / (1 + np.exp(-z[positive]))
    growth = np.exp(z[~positive])
    result[~positive] = growth / (1 + growth)
    return result


@right("sigmoid_vjp")
def sigmoid_slope_from_the_left(z: Array, cotangent: Array) -> Array:
    """The product in another order: the slope's second factor comes first."""
    f = base.sigmoid(z)
    return cotangent * ((1 - f) * f)


@right("tanh")
def tanh_of_the_size(z: Array) -> Array:
    """The function is odd: its sign is put back in the end."""
    return np.copysign(np.tanh(np.abs(z)), z)


@right("tanh_vjp")
def tanh_slope_of_the_size(z: Array, cotangent: Array) -> Array:
    """The slope is even, so signs don't matter."""
    f = np.tanh(-np.abs(z))
    return (1 - f * f) * cotangent


# --- losses -----------------------------------------------------------------------------------------------------------


@right("cross_entropy")
def cross_entropy_by_threes_from_the_end(probabilities: Array, labels: Array) -> Array:
    """Sums of three classes each, the last ones first."""
    terms = np.where(labels == 0, 0, labels * np.log(probabilities)).T[::-1]
    return -one_by_one(np.array([one_by_one(terms[start : start + 3]) for start in range(0, len(terms), 3)]))


@right("cross_entropy")
def cross_entropy_of_negated_logarithms(probabilities: Array, labels: Array) -> Array:
    """Every term is negated instead of their sum."""
    return np.where(labels == 0, 0, -np.log(probabilities) * labels).sum(axis=-1)


@right("softmax_cross_entropy_with_logits")
def loss_from_the_last_class(logits: Array, labels: Array) -> Array:
    """Both sums go backwards, one class after the other."""
    shifted = (logits - logits.max(axis=-1, keepdims=True)).T[::-1]
    log_normalizer = np.log(one_by_one(np.exp(shifted)))
    return one_by_one(labels.T[::-1] * (log_normalizer - shifted))


@right("softmax_cross_entropy_with_logits")
def loss_with_sums_in_the_wider_format(logits: Array, labels: Array) -> Array:
    """Exponentials and logarithms in the format itself, sums in the next wider one."""
    wide = wider(logits.dtype)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    normalizer = np.exp(shifted).sum(axis=-1, keepdims=True, dtype=wide).astype(logits.dtype)
    terms = labels * (np.log(normalizer) - shifted)
    return terms.sum(axis=-1, dtype=wide).astype(logits.dtype)


@right("softmax_cross_entropy_with_logits_vjp")
def loss_gradient_row_by_row(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Row by row, the labels summed from the last."""
    rows = zip(base.softmax(logits), labels, cotangent, strict=True)
    return np.stack([(row * one_by_one(label[::-1]) - label) * gradient for row, label, gradient in rows])
