"""Dropout and the L2 penalty on the GPU.

The ladder that led here:

1. Dropout and the penalty's gradient are one number in, one number out: their ladder is that of `activations`.
2. A sum of squares by one block leaves most of the GPU idle. Each block makes one sum of a run of numbers
   (`reductions`); then one block adds up what they have. No atomics: the same bits every time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda import reductions
from fast.cuda.activations import map_on_device
from fast.cuda.device import THREADS, cuda, device_function, empty, kernel, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.elementwise import (
    ROOM,
    launch_over_numbers,
    map_pairs_kernel,
    pieces_of,
    read_numbers,
    write_numbers,
)
from fast.cuda.reductions import launch_reducing, sum_of_all, sums_of_runs, sums_of_squares
from fast.cuda.vectors import begins_vector, lanes_of
from fast.validation import require_like, require_scalars
from fast.validation.regularization import require_layers, require_mask
from reference.errors import require_number

__all__ = ["dropout", "dropout_vjp", "l2_penalty", "l2_penalty_vjp"]

#: How many pieces of 16 bytes a thread takes at a time of one array.
PIECES = pieces_of(1)


@device_function
def dropout_at(value: Any, kept: Any, scale: Any) -> Any:
    """The scaled value if it is kept. A selection, not a product: what is dropped may be infinite."""
    return value * scale if kept != type(kept)(0) else type(value)(0)


dropout_kernel = map_pairs_kernel(dropout_at)


@kernel
def decay_kernel(weights: Any, cotangent: Any, scalars: Any, result: Any, layer: int) -> None:
    """cotangent·2·coefficient·w of one layer, as a kernel of `elementwise` whose factor is on the device."""
    numbers = cuda.local.array(ROOM, result.dtype)
    aligned = begins_vector(weights) and begins_vector(result)
    lanes, aligned_size = lanes_of(result), result.size if aligned else 0
    chunk, factor = THREADS * PIECES * lanes, cotangent[layer] * scalars[0]
    start = cuda.blockIdx.x * chunk
    while start < result.size:
        in_pieces = start + chunk <= aligned_size
        first = start + cuda.threadIdx.x * (lanes if in_pieces else 1)
        read_numbers(weights, first, in_pieces, PIECES, numbers)
        for place in range(PIECES * lanes):
            numbers[place] = factor * (numbers[place] + numbers[place])
        write_numbers(numbers, first, in_pieces, PIECES, result)
        start += cuda.gridDim.x * chunk


@kernel
def penalty_kernel(sums: Any, scalars: Any, layer: int, shuffled: int, result: Any) -> None:
    """The sum of what all blocks have, times the coefficient; by one block."""
    total = sum_of_all(sums, shuffled, cuda.shared.array(0, result.dtype))
    if cuda.threadIdx.x == 0:
        result[layer] = scalars[0] * total


@takes_device_arrays
def dropout(inputs: np.ndarray, mask: np.ndarray, *, rate: float) -> np.ndarray:
    """As `reference.dropout`, on the GPU: inputs of any shape, a mask of zeros and ones of any numeric dtype."""
    return dropped(inputs, require_mask(inputs, mask, rate), rate)


@takes_device_arrays
def dropout_vjp(inputs: np.ndarray, mask: np.ndarray, cotangent: np.ndarray, *, rate: float) -> np.ndarray:
    """As `reference.dropout_vjp`, on the GPU: arguments of `dropout`, and a cotangent of the inputs' shape."""
    mask = require_mask(inputs, mask, rate)
    require_like("cotangent", cotangent, inputs.shape, inputs.dtype, "as inputs has")
    return dropped(cotangent, mask, rate)


@takes_device_arrays
def l2_penalty(weights: tuple[np.ndarray, ...], *, coefficient: float) -> np.ndarray:
    """As `reference.l2_penalty`, on the GPU: a tuple of L arrays of any shapes to [L]."""
    dtype = require_layers(weights)
    scalars = require_scalars(dtype, coefficient=require_number("coefficient", coefficient, 0))
    result = empty(len(weights), dtype)
    for layer, array in enumerate(weights):
        sums = sums_of_runs(sums_of_squares, to_device(array).reshape(array.size))
        launch_reducing(penalty_kernel, 1, sums, scalars, layer, reductions.SHUFFLED, result)
    return result


@takes_device_arrays
def l2_penalty_vjp(
    weights: tuple[np.ndarray, ...], cotangent: np.ndarray, *, coefficient: float
) -> tuple[np.ndarray, ...]:
    """As `reference.l2_penalty_vjp`, on the GPU: a tuple of L arrays and a cotangent [L] to a tuple of such arrays."""
    dtype = require_layers(weights)
    require_like("cotangent", cotangent, (len(weights),), dtype, "of one number a layer")
    scalars = require_scalars(dtype, coefficient=require_number("coefficient", coefficient, 0))
    slopes, gradients = to_device(cotangent), []
    for layer, array in enumerate(weights):
        result = empty(array.size, dtype)
        flat = to_device(array).reshape(array.size)
        launch_over_numbers(decay_kernel, (flat,), slopes, scalars, result, layer)
        gradients.append(result.reshape(*array.shape))
    return tuple(gradients)


def dropped(values: np.ndarray, mask: np.ndarray, rate: float) -> Any:
    """Values scaled where the mask is 1, 0 elsewhere."""
    kept, scale = to_device(mask.astype(values.dtype)), 1 / (1 - float(rate))
    return map_on_device(dropout_kernel, to_device(values), kept, scale=scale)
