"""Losses on the GPU of questions with two answers: each thread takes one entry after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import exp_at, log_at, map_on_device, sigmoid_at
from fast.cuda.device import device_function, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.elementwise import map_pairs_kernel, map_triples_kernel
from fast.cuda.losses import divide_at
from fast.validation import require_like
from fast.validation.binary_losses import require_entries

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
]


@device_function
def binary_at(p: Any, y: Any) -> Any:
    """-(y·log p + (1 - y)·log(1 - p)), where a factor of 0 makes 0."""
    zero, one = type(p)(0), type(p)(1)
    of_yes = zero if y == zero else y * log_at(p)
    of_no = zero if y == one else (one - y) * log_at(one - p)
    return zero - (of_yes + of_no)


@device_function
def binary_vjp_at(p: Any, y: Any, cotangent: Any) -> Any:
    """cotangent·((1 - y)/(1 - p) - y/p), where a numerator of 0 makes 0."""
    zero, one = type(p)(0), type(p)(1)
    of_no = zero if y == one else divide_at(one - y, one - p)
    of_yes = zero if y == zero else divide_at(y, p)
    return cotangent * (of_no - of_yes)


@device_function
def binary_logits_at(z: Any, y: Any) -> Any:
    """y·softplus(-z) + (1 - y)·softplus(z). Written so that NaN, which is neither above nor below 0, stays."""
    zero, one = type(z)(0), type(z)(1)
    rest = log_at(one + exp_at(-abs(z)))
    of_yes = y * ((zero if z > zero else -z) + rest)
    return of_yes + (one - y) * ((zero if z < zero else z) + rest)


@device_function
def binary_logits_vjp_at(z: Any, y: Any, cotangent: Any) -> Any:
    """Prediction minus label, times the cotangent."""
    return cotangent * (sigmoid_at(z) - y)


binary_kernel, binary_vjp_kernel = map_pairs_kernel(binary_at), map_triples_kernel(binary_vjp_at)
binary_logits_kernel = map_pairs_kernel(binary_logits_at)
binary_logits_vjp_kernel = map_triples_kernel(binary_logits_vjp_at)


@takes_device_arrays
def binary_cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As `reference.binary_cross_entropy`, on the GPU: two arrays of one shape to another of that shape."""
    require_entries("probabilities", probabilities, labels)
    return map_on_device(binary_kernel, to_device(probabilities), to_device(labels))


@takes_device_arrays
def binary_cross_entropy_vjp(probabilities: np.ndarray, labels: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.binary_cross_entropy_vjp`, on the GPU: three arrays of one shape to another of that shape."""
    require_entries("probabilities", probabilities, labels)
    require_like("cotangent", cotangent, labels.shape, labels.dtype, "of the losses")
    arrays = to_device(probabilities), to_device(labels), to_device(cotangent)
    return map_on_device(binary_vjp_kernel, *arrays)


@takes_device_arrays
def binary_cross_entropy_with_logits(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As `reference.binary_cross_entropy_with_logits`, on the GPU: two arrays of one shape to another of that shape."""
    require_entries("logits", logits, labels)
    return map_on_device(binary_logits_kernel, to_device(logits), to_device(labels))


@takes_device_arrays
def binary_cross_entropy_with_logits_vjp(logits: np.ndarray, labels: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.binary_cross_entropy_with_logits_vjp`, on the GPU: three arrays of one shape to another."""
    require_entries("logits", logits, labels)
    require_like("cotangent", cotangent, labels.shape, labels.dtype, "of the losses")
    arrays = to_device(logits), to_device(labels), to_device(cotangent)
    return map_on_device(binary_logits_vjp_kernel, *arrays)
