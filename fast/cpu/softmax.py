"""Softmax, its logarithm and their vector-Jacobian products, row by row.

The ladder (4096 rows of 1000 classes, two cores):
1. maxima and sums of one number after the other, each waiting for the one before: 14 ms.
2. those of `rows`, in vectors, and five passes over a block of rows in the first-level cache: 3.3 ms. Where a row's
   last numbers filled no vector, they were looked at one by one in each pass.
3. three passes, since a row's numbers are shifted, exponentiated and added up at once, and parts of vectors for the
   last ones: 2.4 ms.
4. of few classes, whatever number of rows in one function and each in a single vector, without calls that take arrays:
   each call counts another user of them.
5. threads, which are worth it from `PARALLEL_EXPONENTIALS` numbers on.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu import elementary
from fast.cpu.arguments import deliver, destination, flat
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_EXPONENTIALS
from fast.cpu.rows import exponentiate_row, row_exponentials, row_maximum, row_products, row_sum, vector_exponentials
from fast.cpu.shuffles import fold_sum
from fast.cpu.vectors import VECTOR_BYTES, load, load_part, load_part_or, store, store_part
from fast.validation import require_array
from fast.validation.activations import require_cotangent

__all__ = ["log_softmax", "log_softmax_vjp", "softmax", "softmax_vjp"]

#: Numbers in a block of rows; few, so that threads have equal shares.
BLOCK_SIZE = 512


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
    kernel = loop if z.size < PARALLEL_EXPONENTIALS else threads
    kernel(flat(z), target.ravel(), z.shape[-1])
    return deliver(target, out)


def _map_rows_back(loop, threads, z: np.ndarray, cotangent: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    target = destination(out, z.shape, z.dtype, z, cotangent)
    kernel = loop if z.size < PARALLEL_EXPONENTIALS else threads
    kernel(flat(z), flat(cotangent), target.ravel(), z.shape[-1])
    return deliver(target, out)


@leaf
def softmax_rows(z, first, rows, classes, out, start):
    """Write the softmax of rows of z to `out` from `start` on."""
    size = VECTOR_BYTES // z.itemsize
    if classes <= size:
        for row in range(rows):
            scores = load_part_or(z, (first + row) * classes, classes, z.dtype.type(-np.inf))
            _, powers = vector_exponentials(scores, classes)
            store_part(out, start + row * classes, classes, powers / fold_sum(powers))
        return
    for row in range(rows):
        source, place, i = (first + row) * classes, start + row * classes, 0
        largest = row_maximum(z, source, classes)
        normalizer = exponentiate_row(z, source, classes, largest, out, place)
        while i + size <= classes:
            store(out, place + i, load(out, place + i) / normalizer)
            i += size
        if i < classes:
            store_part(out, place + i, classes - i, load_part(out, place + i, classes - i) / normalizer)


@leaf
def rows_per_block(classes):
    """How many rows a thread takes at once."""
    return max(1, BLOCK_SIZE // classes)


@leaf
def softmax_loop(z, out, classes):
    softmax_rows(z, 0, z.size // classes, classes, out, 0)


@compiled(parallel=True)
def _softmax_threads(z, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        softmax_rows(z, first, min(height, rows - first), classes, out, first * classes)


@leaf
def log_normalizer(z, start, classes):
    """The largest score of a row, and the logarithm of the sum of the exponentials of all less that."""
    largest = row_maximum(z, start, classes)
    return largest, elementary.log(row_exponentials(z, start, classes, largest))


@leaf
def log_softmax_rows(z, first, rows, classes, out):
    """Write the logarithms of the softmax of rows of z to `out`."""
    size = VECTOR_BYTES // z.itemsize
    for start in range(first * classes, (first + rows) * classes, classes):
        largest, logarithm = log_normalizer(z, start, classes)
        i = 0
        while i + size <= classes:
            store(out, start + i, load(z, start + i) - largest - logarithm)
            i += size
        if i < classes:
            store_part(out, start + i, classes - i, load_part(z, start + i, classes - i) - largest - logarithm)


@leaf
def _log_softmax_loop(z, out, classes):
    log_softmax_rows(z, 0, z.size // classes, classes, out)


@compiled(parallel=True)
def _log_softmax_threads(z, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        log_softmax_rows(z, first, min(height, rows - first), classes, out)


@leaf
def softmax_vjp_rows(z, cotangent, first, rows, classes, out):
    """Write the gradients of rows of scores to `out`, by way of their probabilities there."""
    for row in range(first, first + rows):
        start = row * classes
        softmax_rows(z, row, 1, classes, out, start)
        mean = row_products(out, start, cotangent, start, classes)
        line, given = out[start : start + classes], cotangent[start : start + classes]
        for i in range(classes):
            line[i] *= given[i] - mean


@leaf
def _softmax_vjp_loop(z, cotangent, out, classes):
    softmax_vjp_rows(z, cotangent, 0, z.size // classes, classes, out)


@compiled(parallel=True)
def _softmax_vjp_threads(z, cotangent, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        softmax_vjp_rows(z, cotangent, first, min(height, rows - first), classes, out)


@leaf
def log_softmax_vjp_rows(z, cotangent, first, rows, classes, out):
    """Write the gradients of rows of scores to `out`, by way of their probabilities there."""
    for row in range(first, first + rows):
        start = row * classes
        softmax_rows(z, row, 1, classes, out, start)
        mass = row_sum(cotangent, start, classes)
        line, given = out[start : start + classes], cotangent[start : start + classes]
        for i in range(classes):
            line[i] = given[i] - line[i] * mass


@leaf
def _log_softmax_vjp_loop(z, cotangent, out, classes):
    log_softmax_vjp_rows(z, cotangent, 0, z.size // classes, classes, out)


@compiled(parallel=True)
def _log_softmax_vjp_threads(z, cotangent, out, classes):
    rows, height = z.size // classes, rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        log_softmax_vjp_rows(z, cotangent, first, min(height, rows - first), classes, out)
