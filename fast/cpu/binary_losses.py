"""Losses of questions with two answers: each number by itself, as activations are.

The cross entropy of probabilities is computed in float64 and rounded once.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu import elementary
from fast.cpu.arguments import deliver, destination, flat
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_SIZE, block_count, block_slice
from fast.validation import require_like
from fast.validation.binary_losses import require_entries

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
]


def binary_cross_entropy(probabilities: np.ndarray, labels: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """The cross entropy of questions with two answers: -(y·log(p) + (1 - y)·log(1 - p)), a factor of 0 making 0.

    Args: probabilities and labels, of one shape; out, an array of that shape, which may be one of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.binary_cross_entropy`.
    """
    require_entries("probabilities", probabilities, labels)
    return _map_entries(_binary_loop, _binary_threads, out, probabilities, labels)


def binary_cross_entropy_vjp(
    probabilities: np.ndarray, labels: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `binary_cross_entropy`: cotangent·((1 - y)/(1 - p) - y/p).

    Args: probabilities, labels and cotangent, of one shape; out, an array of that shape, which may be one of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.binary_cross_entropy_vjp`.
    """
    require_entries("probabilities", probabilities, labels)
    require_like("cotangent", cotangent, probabilities.shape, probabilities.dtype, "of the losses")
    return _map_entries(_binary_vjp_loop, _binary_vjp_threads, out, probabilities, labels, cotangent)


def binary_cross_entropy_with_logits(
    logits: np.ndarray, labels: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """`binary_cross_entropy` of `sigmoid`, computed together so that no probability becomes 0 or 1 on the way.

    Args: logits and labels, of one shape; out, an array of that shape, which may be one of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.binary_cross_entropy_with_logits`.
    """
    require_entries("logits", logits, labels)
    return _map_entries(_binary_logits_loop, _binary_logits_threads, out, logits, labels)


def binary_cross_entropy_with_logits_vjp(
    logits: np.ndarray, labels: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `binary_cross_entropy_with_logits`: cotangent·(prediction - label).

    Args: logits, labels and cotangent, of one shape; out, an array of that shape, which may be one of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.binary_cross_entropy_with_logits_vjp`.
    """
    require_entries("logits", logits, labels)
    require_like("cotangent", cotangent, logits.shape, logits.dtype, "of the losses")
    return _map_entries(_binary_logits_vjp_loop, _binary_logits_vjp_threads, out, logits, labels, cotangent)


def _map_entries(loop, threads, out: np.ndarray | None, *arrays: np.ndarray) -> np.ndarray:
    """Apply a kernel to all numbers of arrays of one shape."""
    target = destination(out, arrays[0].shape, arrays[0].dtype, *arrays, elementwise=True)
    kernel = loop if target.size < PARALLEL_SIZE else threads
    kernel(*[flat(array) for array in arrays], target.ravel())
    return deliver(target, out)


@leaf
def _binary_loop(probabilities, labels, losses):
    for i in range(losses.size):
        yes, no, p = np.float64(labels[i]), 1.0 - labels[i], np.float64(probabilities[i])
        loss = 0.0 if yes == 0.0 else -yes * elementary.log(p)
        losses[i] = loss if no == 0.0 else loss - no * elementary.log(1.0 - p)


@compiled(parallel=True)
def _binary_threads(probabilities, labels, losses):
    for block in prange(block_count(losses.size)):
        part = block_slice(block, losses.size)
        _binary_loop(probabilities[part], labels[part], losses[part])


@leaf
def _binary_vjp_loop(probabilities, labels, cotangent, gradients):
    zero, one = labels.dtype.type(0), labels.dtype.type(1)
    for i in range(labels.size):
        yes, no = labels[i], one - labels[i]
        of_yes, of_no = yes / probabilities[i], no / (one - probabilities[i])
        slope = (zero if no == zero else of_no) - (zero if yes == zero else of_yes)
        gradients[i] = cotangent[i] * slope


@compiled(parallel=True)
def _binary_vjp_threads(probabilities, labels, cotangent, gradients):
    for block in prange(block_count(labels.size)):
        part = block_slice(block, labels.size)
        _binary_vjp_loop(probabilities[part], labels[part], cotangent[part], gradients[part])


@leaf
def _binary_logits_loop(logits, labels, losses):
    zero, one = logits.dtype.type(0), logits.dtype.type(1)
    for i in range(losses.size):
        z, y = logits[i], labels[i]
        rest = elementary.log(one + elementary.exp(-abs(z)))
        # Written so that NaN, which is neither above nor below 0, stays.
        losses[i] = y * ((zero if z > zero else -z) + rest) + (one - y) * ((zero if z < zero else z) + rest)


@compiled(parallel=True)
def _binary_logits_threads(logits, labels, losses):
    for block in prange(block_count(losses.size)):
        part = block_slice(block, losses.size)
        _binary_logits_loop(logits[part], labels[part], losses[part])


@leaf
def _binary_logits_vjp_loop(logits, labels, cotangent, gradients):
    for i in range(labels.size):
        gradients[i] = cotangent[i] * (elementary.sigmoid(logits[i]) - labels[i])


@compiled(parallel=True)
def _binary_logits_vjp_threads(logits, labels, cotangent, gradients):
    for block in prange(block_count(labels.size)):
        part = block_slice(block, labels.size)
        _binary_logits_vjp_loop(logits[part], labels[part], cotangent[part], gradients[part])
