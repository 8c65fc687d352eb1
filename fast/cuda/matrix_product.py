"""Matrix products in tiles: the kernel under dense layers and convolutions.

The ladder that led here:

1. One thread for each output, reading a row and a column from global memory: every number is fetched again for each
   output that needs it, and the kernel waits for memory.
2. Tiles: a block computes a square of outputs and keeps the matching strips of both operands in shared memory, so a
   number is fetched once for a whole row or column of the square.
3. Several outputs a thread: a number read from shared memory into a register serves several products. The outputs of
   a thread lie `SIDE` apart, so that neighbouring threads read and write neighbouring numbers.
4. Operands by function: how an operand is read is a device function, compiled into the kernel. A transposed matrix and
   an image read window by window (an implicit matrix that nobody stores) cost no copy.
5. Slices: a long sum behind few outputs (the gradient of a small filter over many images) keeps few blocks busy. It is
   cut into slices, each with blocks of its own, that are added in a fixed order. No atomics: the same bits every time.

Past an operand's edge both tiles hold zeros, which add 0·0 to sums and never 0·∞.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from fast.cuda.device import (
    DEPTH,
    SIDE,
    SLICE_DEPTH,
    TILE,
    cuda,
    device_function,
    empty,
    kernel,
    launch,
    launch_over,
)

WORK = TILE // SIDE


def product_kernel(left_at: Any, right_at: Any, finish: Any, *, left_runs_deep: bool, right_runs_deep: bool) -> Any:
    """Make a kernel for sums over k of left_at(left, details, row, k)·right_at(right, details, k, column).

    An operand runs deep if its neighbours in memory are neighbours in k; neighbouring threads then load along k.
    """

    @kernel
    def multiply(left: Any, right: Any, details: Any, depth: int, result: Any) -> None:
        tiles = cuda.shared.array(0, result.dtype)
        left_tile, right_tile = tiles[: TILE * DEPTH], tiles[TILE * DEPTH :]
        sums = cuda.local.array((WORK, WORK), result.dtype)
        zero, (_, rows, columns) = result.dtype.type(0), result.shape
        thread, part = cuda.threadIdx.x, cuda.blockIdx.z
        own_row, own_column = thread // SIDE, thread % SIDE
        first_row, first_column = cuda.blockIdx.x * TILE, cuda.blockIdx.y * TILE
        for r in range(WORK):
            for c in range(WORK):
                sums[r, c] = zero
        begin, end = part * SLICE_DEPTH, min(depth, (part + 1) * SLICE_DEPTH)
        for start in range(begin, end, DEPTH):
            if start > begin:
                cuda.syncthreads()  # until nobody reads the tiles before
            for place in range(thread, TILE * DEPTH, SIDE * SIDE):
                k, i = (place % DEPTH, place // DEPTH) if left_runs_deep else (place // TILE, place % TILE)
                inside = start + k < end and first_row + i < rows
                left_tile[k * TILE + i] = left_at(left, details, first_row + i, start + k) if inside else zero
                k, j = (place % DEPTH, place // DEPTH) if right_runs_deep else (place // TILE, place % TILE)
                inside = start + k < end and first_column + j < columns
                right_tile[k * TILE + j] = right_at(right, details, start + k, first_column + j) if inside else zero
            cuda.syncthreads()
            for k in range(DEPTH):
                for r in range(WORK):
                    for c in range(WORK):
                        left_number = left_tile[k * TILE + own_row + r * SIDE]
                        sums[r, c] += left_number * right_tile[k * TILE + own_column + c * SIDE]
        for r in range(WORK):
            for c in range(WORK):
                row, column = first_row + own_row + r * SIDE, first_column + own_column + c * SIDE
                if row < rows and column < columns:
                    result[part, row, column] = finish(sums[r, c], details, column) if part == 0 else sums[r, c]

    return multiply


@device_function
def entry(matrix: Any, details: Any, row: int, column: int) -> Any:
    """An operand as it is."""
    return matrix[row, column]


@device_function
def transposed_entry(matrix: Any, details: Any, row: int, column: int) -> Any:
    """An operand whose transpose is stored."""
    return matrix[column, row]


@device_function
def as_it_is(total: Any, details: Any, column: int) -> Any:
    """Leave a sum alone."""
    return total


@device_function
def plus_bias(total: Any, bias: Any, column: int) -> Any:
    """Add a column's bias to a sum."""
    return total + bias[column]


plain_product = product_kernel(entry, entry, as_it_is, left_runs_deep=True, right_runs_deep=False)
product_plus_bias = product_kernel(entry, entry, plus_bias, left_runs_deep=True, right_runs_deep=False)
product_with_transpose = product_kernel(entry, transposed_entry, as_it_is, left_runs_deep=True, right_runs_deep=True)
product_of_transpose = product_kernel(transposed_entry, entry, as_it_is, left_runs_deep=False, right_runs_deep=False)


@kernel
def add_slices(slices: Any, result: Any) -> None:
    """Add up what the blocks of each slice computed, first to last."""
    columns = result.shape[1]
    for place in range(cuda.grid(1), result.shape[0] * columns, cuda.gridsize(1)):
        row, column = place // columns, place % columns
        total = slices[0, row, column]
        for part in range(1, slices.shape[0]):
            total += slices[part, row, column]
        result[row, column] = total


@kernel
def sum_columns(matrix: Any, result: Any) -> None:
    """The sum of each column: neighbouring threads walk down neighbouring columns."""
    for column in range(cuda.grid(1), matrix.shape[1], cuda.gridsize(1)):
        total = matrix[0, column]
        for row in range(1, matrix.shape[0]):
            total += matrix[row, column]
        result[column] = total


def multiply(product: Callable[..., None], left: Any, right: Any, details: Any, lengths: tuple[int, int, int]) -> Any:
    """Run a product on device arrays; `lengths` are rows, columns and depth. Returns [rows, columns] on the device."""
    rows, columns, depth = lengths
    slices = math.ceil(depth / SLICE_DEPTH)
    parts = empty((slices, rows, columns), left.dtype)
    grid = (math.ceil(rows / TILE), math.ceil(columns / TILE), slices)
    shared_bytes = 2 * TILE * DEPTH * left.dtype.itemsize
    launch(product, grid, SIDE * SIDE, left, right, details, depth, parts, shared_bytes=shared_bytes)
    if slices == 1:
        return parts.reshape(rows, columns)
    result = empty((rows, columns), left.dtype)
    launch_over(add_slices, rows * columns, parts, result)
    return result


def column_sums(matrix: Any) -> Any:
    """The sums of the columns of a device array, on the device."""
    result = empty(matrix.shape[1], matrix.dtype)
    launch_over(sum_columns, matrix.shape[1], matrix, result)
    return result
