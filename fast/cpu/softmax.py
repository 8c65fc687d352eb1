"""Softmax, its logarithm and their vector-Jacobian products, a block of rows at a time.

The ladder of exponentials is that of `elementary`. Beyond it, rows come in blocks that fit the first-level cache, and a
block is exponentiated as one flat run: rows of ten classes alone would leave most of each vector empty. Maxima and sums
are those of `rows`: 4096 rows of 1000 classes took 14 ms as long as each addition waited for the one before, then 3.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu import elementary
from fast.cpu.activations import PARALLEL_SIZE
from fast.cpu.arguments import deliver, destination, flat
from fast.cpu.compilation import compiled
from fast.cpu.rows import exponentiate, row_maximum, row_products, row_sum
from fast.validation import require_array
from fast.validation.activations import require_cotangent

__all__ = ["log_softmax", "log_softmax_vjp", "softmax", "softmax_vjp"]

#: Numbers in a block of rows.
BLOCK_SIZE = 2048


def softmax(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Turn every row of scores, along the last axis, into probabilities; the row's maximum is subtracted first.

    Args: z, [..., K] of any rank from 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.softmax`.
    """
    return _map_rows(softmax_loop, _softmax_threads, require_array("z", z), out)


def log_softmax(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """The logarithms of `softmax`, along the last axis, of which none is infinite for a finite score.

    Args: z, [..., K] of any rank from 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Memory: each thread takes that of a block of rows.
    Raises: InvalidArgument, as `reference.log_softmax`.
    """
    return _map_rows(_log_softmax_loop, _log_softmax_threads, require_array("z", z), out)


def softmax_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `softmax`: each probability times its cotangent less the row's mean cotangent.

    Args: z and cotangent, [..., K], of one shape; out, an array of that shape to write into.
    Returns: an array of that shape.
    Memory: where out is z or cotangent, another array of that shape.
    Raises: InvalidArgument, as `reference.softmax_vjp`.
    """
    require_cotangent(z, cotangent)
    return _map_rows_back(_softmax_vjp_loop, _softmax_vjp_threads, z, cotangent, out)


def log_softmax_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `log_softmax`: each cotangent less its probability times the row's total.

    Args: z and cotangent, [..., K], of one shape; out, an array of that shape to write into.
    Returns: an array of that shape.
    Memory: where out is z or cotangent, another array of that shape.
    Raises: InvalidArgument, as `reference.log_softmax_vjp`.
    """
    require_cotangent(z, cotangent)
    return _map_rows_back(_log_softmax_vjp_loop, _log_softmax_vjp_threads, z, cotangent, out)


def _map_rows(loop, threads, z: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    target = destination(out, z.shape, z.dtype, z, elementwise=True)
    kernel = loop if z.size < PARALLEL_SIZE else threads
    kernel(flat(z), target.ravel(), z.shape[-1])
    return deliver(target, out)


def _map_rows_back(loop, threads, z: np.ndarray, cotangent: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    target = destination(out, z.shape, z.dtype, z, cotangent)
    kernel = loop if z.size < PARALLEL_SIZE else threads
    kernel(flat(z), flat(cotangent), target.ravel(), z.shape[-1])
    return deliver(target, out)


@compiled()
def shift_rows(z, first, rows, classes, shifted, start):
    """Write rows of z, less the largest entry of each, to `shifted` from `start` on; NaN makes its row NaN."""
    for row in range(rows):
        source, target = (first + row) * classes, start + row * classes
        largest = row_maximum(z, source, classes)
        # Slices count from 0: an index that might be negative would be looked at, and the loop not vectorised.
        scores, place = z[source : source + classes], shifted[target : target + classes]
        for i in range(classes):
            place[i] = scores[i] - largest


@compiled()
def softmax_rows(z, first, rows, classes, out, start):
    """Write the softmax of rows of z to `out` from `start` on."""
    shift_rows(z, first, rows, classes, out, start)
    exponentiate(out, start, rows * classes, out, start)
    for row in range(rows):
        place = start + row * classes
        normalizer, line = row_sum(out, place, classes), out[place : place + classes]
        for i in range(classes):
            line[i] /= normalizer


@compiled()
def rows_per_block(classes):
    """How many rows go through the first-level cache together."""
    return max(1, BLOCK_SIZE // classes)


@compiled()
def softmax_loop(z, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for first in range(0, rows, height):
        softmax_rows(z, first, min(height, rows - first), classes, out, first * classes)


@compiled(parallel=True)
def _softmax_threads(z, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        softmax_rows(z, first, min(height, rows - first), classes, out, first * classes)


@compiled()
def log_softmax_rows(z, first, rows, classes, out):
    """Write the logarithms of the softmax of rows of z to `out`."""
    start = first * classes
    logarithms = log_normalizers(z, first, rows, classes, out, start)
    for row in range(rows):
        place = start + row * classes
        line, logarithm = out[place : place + classes], logarithms[row]
        for i in range(classes):
            line[i] -= logarithm


@compiled()
def log_normalizers(z, first, rows, classes, shifted, start):
    """Write rows, each less its maximum, to `shifted`; return the logarithms of the sums of their exponentials."""
    exponentials, logarithms = np.empty(rows * classes, z.dtype), np.empty(rows, z.dtype)
    shift_rows(z, first, rows, classes, shifted, start)
    exponentiate(shifted, start, rows * classes, exponentials, 0)
    for row in range(rows):
        logarithms[row] = elementary.log(row_sum(exponentials, row * classes, classes))
    return logarithms


@compiled()
def _log_softmax_loop(z, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for first in range(0, rows, height):
        log_softmax_rows(z, first, min(height, rows - first), classes, out)


@compiled(parallel=True)
def _log_softmax_threads(z, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        log_softmax_rows(z, first, min(height, rows - first), classes, out)


@compiled()
def softmax_vjp_rows(z, cotangent, first, rows, classes, out):
    """Write the gradients of rows of scores to `out`, by way of their probabilities there."""
    softmax_rows(z, first, rows, classes, out, first * classes)
    for row in range(first, first + rows):
        start = row * classes
        mean = row_products(out, start, cotangent, start, classes)
        line, given = out[start : start + classes], cotangent[start : start + classes]
        for i in range(classes):
            line[i] *= given[i] - mean


@compiled()
def _softmax_vjp_loop(z, cotangent, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for first in range(0, rows, height):
        softmax_vjp_rows(z, cotangent, first, min(height, rows - first), classes, out)


@compiled(parallel=True)
def _softmax_vjp_threads(z, cotangent, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        softmax_vjp_rows(z, cotangent, first, min(height, rows - first), classes, out)


@compiled()
def log_softmax_vjp_rows(z, cotangent, first, rows, classes, out):
    """Write the gradients of rows of scores to `out`, by way of their probabilities there."""
    softmax_rows(z, first, rows, classes, out, first * classes)
    for row in range(first, first + rows):
        start = row * classes
        mass = row_sum(cotangent, start, classes)
        line, given = out[start : start + classes], cotangent[start : start + classes]
        for i in range(classes):
            line[i] = given[i] - line[i] * mass


@compiled()
def _log_softmax_vjp_loop(z, cotangent, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for first in range(0, rows, height):
        log_softmax_vjp_rows(z, cotangent, first, min(height, rows - first), classes, out)


@compiled(parallel=True)
def _log_softmax_vjp_threads(z, cotangent, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        log_softmax_vjp_rows(z, cotangent, first, min(height, rows - first), classes, out)
