"""Sums of a matrix's columns: the gradients of biases.

The ladder that led here:

1. A thread for each column, walking down: neighbouring threads read neighbouring numbers, but few columns keep few
   threads busy, each with a long chain of additions.
2. Neighbouring threads take as many columns, the others of a block other rows of the same columns, and `reductions`
   adds up what they have. Many rows are cut into bands for blocks of their own, and their sums are added up likewise.
"""

from __future__ import annotations

import math
from typing import Any

from fast.cuda import reductions
from fast.cuda.device import SIMULATED, cuda, empty, kernel
from fast.cuda.division import over
from fast.cuda.reductions import REDUCING_THREADS, ROUNDS, launch_reducing, sum_of_lanes

#: Columns that a block sums side by side, at most 2 to this power; and rows that one block sums as fast as several.
BITS_OF_COLUMNS, FEW_ROWS = (1, 6) if SIMULATED else (5, 256)


@kernel
def sum_columns(matrix: Any, bits: int, band: int, shuffled: int, sums: Any) -> None:
    """The sums of the columns over bands of rows: 2^bits neighbouring threads take as many, the others other rows."""
    thread, meeting_place, total = cuda.threadIdx.x, cuda.shared.array(0, sums.dtype), sums.dtype.type(0)
    own, across = over(cuda.blockIdx.x, (matrix.shape[1] + (1 << bits) - 1) >> bits)
    column = (across << bits) + (thread & ((1 << bits) - 1))
    start, end = own * band, min(matrix.shape[0], (own + 1) * band)
    if column < matrix.shape[1]:
        for row in range(start + (thread >> bits), end, REDUCING_THREADS >> bits):
            total += matrix[row, column]
    total = sum_of_lanes(total, bits, ROUNDS, shuffled, meeting_place)
    if thread >> bits == 0 and column < matrix.shape[1]:
        sums[own, column] = total


def column_sums(matrix: Any) -> Any:
    """The sums of the columns of a device array, on the device: over bands of rows, then over the bands."""
    rows, columns = matrix.shape
    if rows > FEW_ROWS:
        matrix = sums_of_bands(matrix, 1 << math.ceil(math.log2(rows) / 2))
    return sums_of_bands(matrix, matrix.shape[0]).reshape(columns)


def sums_of_bands(matrix: Any, band: int) -> Any:
    """The sums of the columns over bands of so many rows. A band's threads and their order depend on nothing else."""
    bands, columns = math.ceil(matrix.shape[0] / band), matrix.shape[1]
    bits, sums = min(math.ceil(math.log2(columns)), BITS_OF_COLUMNS), empty((bands, columns), matrix.dtype)
    launch_reducing(
        sum_columns, bands * math.ceil(columns / (1 << bits)), matrix, bits, band, reductions.SHUFFLED, sums
    )
    return sums
