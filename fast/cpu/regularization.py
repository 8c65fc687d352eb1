"""Dropout, the L2 penalty, and early stopping.

The ladder is that of `activations`: one flat loop, and threads where arrays are large. Where it can, the scale of a
dropout is computed once, in float64, and rounded to the arrays' dtype.

The squares of a penalty are added in sixteen sums, which the compiler makes vectors of: one alone would wait for each
addition to end before the next begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from fast.cpu.arguments import INDEX, Form, contiguous, deliver, destination, destinations, flat
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_SIZE, block_count, block_slice
from fast.results import EarlyStop
from fast.validation import require_like, require_scalar
from fast.validation.regularization import require_layers, require_losses, require_mask
from reference.errors import require_number

__all__ = ["EarlyStop", "dropout", "dropout_vjp", "early_stopping", "l2_penalty", "l2_penalty_vjp"]

#: Sums of squares that run beside each other.
SUMS = 16


def dropout(inputs: np.ndarray, mask: np.ndarray, *, rate: float, out: np.ndarray | None = None) -> np.ndarray:
    """Drop what the mask says, and scale up the rest by 1/(1 - rate).

    Args: inputs, any shape from rank 1; mask, zeros and ones of that shape and any numeric dtype; rate, from 0 to
        below 1; out, an array of that shape to write into, which may be inputs.
    Returns: an array of the inputs' shape and dtype.
    Memory: a copy of the mask, a byte for each place.
    Raises: InvalidArgument, as `reference.dropout`.
    """
    return _dropped(inputs, require_mask(inputs, mask, rate), rate, out)


def dropout_vjp(
    inputs: np.ndarray, mask: np.ndarray, cotangent: np.ndarray, *, rate: float, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `dropout`: what was dropped gets none, the rest a scaled one.

    Args: as `dropout`; cotangent, of the inputs' shape; out, an array of that shape, which may be inputs or cotangent.
    Returns: an array of that shape.
    Memory: a copy of the mask, a byte for each place.
    Raises: InvalidArgument, as `reference.dropout_vjp`.
    """
    mask = require_mask(inputs, mask, rate)
    require_like("cotangent", cotangent, inputs.shape, inputs.dtype, "as inputs has")
    return _dropped(cotangent, mask, rate, out)


def l2_penalty(weights: tuple[np.ndarray, ...], *, coefficient: float, out: np.ndarray | None = None) -> np.ndarray:
    """What large weights cost: coefficient·Σ w² for each layer.

    Args: weights, a tuple of L arrays of any shapes; coefficient, a number from 0; out [L] to write into.
    Returns: [L].
    Raises: InvalidArgument, as `reference.l2_penalty`.
    """
    dtype = require_layers(weights)
    scalar = require_scalar(dtype, "coefficient", require_number("coefficient", coefficient, 0))
    target = destination(out, (len(weights),), dtype, *weights)
    for layer, array in enumerate(weights):
        _penalty(flat(array), scalar, target[layer : layer + 1])
    return deliver(target, out)


def l2_penalty_vjp(
    weights: tuple[np.ndarray, ...],
    cotangent: np.ndarray,
    *,
    coefficient: float,
    out: tuple[np.ndarray, ...] | None = None,
) -> tuple[np.ndarray, ...]:
    """Carry a gradient back through `l2_penalty`: cotangent·2·coefficient·w.

    Args: as `l2_penalty`; cotangent [L]; out, a tuple of arrays of the weights' shapes to write into.
    Returns: a tuple of arrays of the weights' shapes.
    Raises: InvalidArgument, as `reference.l2_penalty_vjp`.
    """
    dtype = require_layers(weights)
    require_like("cotangent", cotangent, (len(weights),), dtype, "of one number a layer")
    scalar = require_scalar(dtype, "coefficient", require_number("coefficient", coefficient, 0))
    targets = destinations(out, weights, *weights, cotangent)
    for layer, slope, gradient in zip(weights, cotangent, targets, strict=True):
        _decay(flat(layer), slope, scalar, gradient.ravel())
    return deliver(targets, out)


def early_stopping(
    losses: np.ndarray, *, patience: int = 0, min_delta: float = 0, out: EarlyStop | None = None
) -> EarlyStop:
    """Tell when to stop training: after `patience` steps without an improvement of more than `min_delta`.

    Args: losses [S]; patience, a whole number from 0; min_delta, a number from 0; out, int64 arrays without axes.
    Returns: EarlyStop(best_step, steps), int64.
    Raises: InvalidArgument, as `reference.early_stopping`.
    """
    losses, delta = require_losses(losses, patience, min_delta)
    like: Any = EarlyStop(Form((), INDEX), Form((), INDEX))
    targets = destinations(out, like)
    best, steps = _stop(contiguous(losses), min(int(patience), len(losses)), delta)
    targets.best_step[...], targets.steps[...] = best, steps
    return deliver(targets, out)


def _dropped(values: np.ndarray, mask: np.ndarray, rate: float, out: np.ndarray | None) -> np.ndarray:
    target = destination(out, values.shape, values.dtype, values, elementwise=True)
    kernel = dropout_loop if values.size < PARALLEL_SIZE else _dropout_threads
    kept, scale = np.array(mask, np.bool_, order="C", subok=False), values.dtype.type(1 / (1 - float(rate)))
    kernel(flat(values), kept.ravel(), scale, target.ravel())
    return deliver(target, out)


@leaf
def dropout_loop(values, kept, scale, out):
    zero = values.dtype.type(0)
    for i in range(values.size):
        out[i] = values[i] * scale if kept[i] else zero


@compiled(parallel=True)
def _dropout_threads(values, kept, scale, out):
    for block in prange(block_count(values.size)):
        part = block_slice(block, values.size)
        dropout_loop(values[part], kept[part], scale, out[part])


@compiled()
def _penalty(weights, coefficient, out):
    sums = np.zeros(SUMS, weights.dtype)
    whole = weights.size // SUMS * SUMS
    for first in range(0, whole, SUMS):
        for i in range(SUMS):
            sums[i] += weights[first + i] * weights[first + i]
    for i in range(whole, weights.size):
        sums[i - whole] += weights[i] * weights[i]
    total = sums[0]
    for i in range(1, SUMS):
        total += sums[i]
    out[0] = coefficient * total


@leaf
def _decay(weights, slope, coefficient, out):
    factor = slope * coefficient
    for i in range(weights.size):
        out[i] = factor * (weights[i] + weights[i])


@leaf
def _stop(losses, patience, min_delta):
    best = 0
    for step in range(1, losses.size):
        if losses[step] + min_delta < losses[best]:
            best = step
        elif step - best >= patience:
            return best, step + 1
    return best, losses.size
