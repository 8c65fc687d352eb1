"""Rows of a matrix, each shared by a few threads that keep its numbers in registers.

The ladder that led here:

1. One thread a row: neighbouring threads read numbers that lie a whole row apart, so that each fetches a piece of
   memory of its own for one number of it.
2. A warp a row, whose lanes read neighbouring numbers, three times over it. But most lanes of a warp have nothing to
   do in a row of ten numbers.
3. As many lanes as the row is long, a power of two of them, and the rest of the warp takes the next rows.
4. Each lane keeps its numbers in registers: all are on their way at once, and nothing is read twice. Registers have no
   address, so their count and that of the lanes are compiled into the kernel. `LAYOUTS` are the choices.
5. What a row has beyond the registers of its lanes is read again. Caches have it still.

Every row of a block takes the same steps, those past the last row included, of which nothing is read or written: only
so can all lanes of a warp shuffle, and all threads of a block meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from fast.cuda import reductions
from fast.cuda.activations import exp_at
from fast.cuda.device import MOST_BLOCKS, SIMULATED, cuda, empty, kernel, synchronizing_function
from fast.cuda.reductions import REDUCING_THREADS, ROUNDS, largest_of_lanes, launch_reducing, sum_of_lanes


class Layout(NamedTuple):
    """How a row is laid out: over 2^bits lanes, each of which keeps some numbers in registers."""

    bits: int
    kept: int

    @property
    def reach(self) -> int:
        """How long a row may be without being read again."""
        return self.kept << self.bits


#: The choices. In each a kernel of float64 has registers enough.
LAYOUTS = (Layout(1, 1), Layout(1, 2), Layout(2, 2)) if SIMULATED else (Layout(2, 4), Layout(4, 8), Layout(6, 16))

#: How many numbers of a row a thread takes one after the other before more threads share the row.
FEW_NUMBERS = 1 if SIMULATED else 4

#: The row of a thread, its first column, how far from there the row's end is, and how far apart its columns are.
Share = tuple[int, int, int, int]


@synchronizing_function
def first_row(bits: int) -> int:
    """The first row of a block that begins with its own; the others follow `rows_of_blocks` apart."""
    return cuda.blockIdx.x * (REDUCING_THREADS >> bits)


@synchronizing_function
def rows_of_blocks(bits: int) -> int:
    """How many rows all blocks take at a time."""
    return cuda.gridDim.x * (REDUCING_THREADS >> bits)


@synchronizing_function
def share_of(matrix: Any, first: int, bits: int) -> Share:
    """A thread's share of the rows of a block. By a mask, not a remainder, which might be negative for all that the
    compiler knows.
    """
    row, lane = first + (cuda.threadIdx.x >> bits), cuda.threadIdx.x & ((1 << bits) - 1)
    return row, lane, matrix.shape[1] - lane if row < matrix.shape[0] else 0, 1 << bits


@synchronizing_function
def keep(matrix: Any, share: Share, kept: Any) -> None:
    """Read a thread's first numbers into its registers."""
    row, lane, rest, lanes = share
    for i in range(kept.size):
        if i * lanes < rest:
            kept[i] = matrix[row, lane + i * lanes]


@synchronizing_function
def largest_of_row(matrix: Any, share: Share, kept: Any, bits: int, shuffled: int, meeting_place: Any) -> Any:
    """The maximum of a row. A NaN is passed over: it makes NaN of the normalizer, and so of the whole row."""
    row, lane, rest, lanes = share
    largest = matrix.dtype.type(-math.inf)
    for i in range(kept.size):
        if i * lanes < rest and kept[i] > largest:
            largest = kept[i]
    for place in range(kept.size * lanes, rest, lanes):
        if matrix[row, lane + place] > largest:
            largest = matrix[row, lane + place]
    return largest_of_lanes(largest, 0, bits, shuffled, meeting_place)


@synchronizing_function
def shift(matrix: Any, share: Share, kept: Any, bits: int, shuffled: int, meeting_place: Any) -> Any:
    """Subtract a row's maximum from the numbers that are kept; return it, and the sum of the row's exponentials."""
    row, lane, rest, lanes = share
    largest = largest_of_row(matrix, share, kept, bits, shuffled, meeting_place)
    total = matrix.dtype.type(0)
    for i in range(kept.size):
        if i * lanes < rest:
            kept[i] -= largest
            total += exp_at(kept[i])
    for place in range(kept.size * lanes, rest, lanes):
        total += exp_at(matrix[row, lane + place] - largest)
    return largest, sum_of_lanes(total, 0, bits, shuffled, meeting_place)


@synchronizing_function
def exponentiate(matrix: Any, share: Share, kept: Any, bits: int, shuffled: int, meeting_place: Any) -> Any:
    """Make exponentials of the numbers that are kept; return the row's maximum, and the sum of its exponentials."""
    row, lane, rest, lanes = share
    largest = largest_of_row(matrix, share, kept, bits, shuffled, meeting_place)
    total = matrix.dtype.type(0)
    for i in range(kept.size):
        if i * lanes < rest:
            kept[i] = exp_at(kept[i] - largest)
            total += kept[i]
    for place in range(kept.size * lanes, rest, lanes):
        total += exp_at(matrix[row, lane + place] - largest)
    return largest, sum_of_lanes(total, 0, bits, shuffled, meeting_place)


def row_sums_kernel(term: Any, finish: Any) -> Any:
    """Make a kernel of finish(Σ term(one, other), columns) over the rows of two matrices."""

    @kernel
    def of_rows(matrix: Any, others: Any, bits: int, shuffled: int, sums: Any) -> None:
        meeting_place = cuda.shared.array(0, sums.dtype)
        for first in range(first_row(bits), matrix.shape[0], rows_of_blocks(bits)):
            row, lane, rest, lanes = share_of(matrix, first, bits)
            total = sums.dtype.type(0)
            for column in range(lane, lane + rest, lanes):
                total += term(matrix[row, column], others[row, column])
            total = sum_of_lanes(total, 0, bits, shuffled, meeting_place)
            if lane == 0 and rest > 0:
                sums[row] = finish(total, matrix.shape[1])

    return of_rows


def pairs_of_rows_kernel(function: Any) -> Any:
    """Make a kernel of function(one, other, slope, columns) over the rows of two matrices; a slope for each row."""

    @kernel
    def of_rows(matrix: Any, others: Any, slopes: Any, bits: int, result: Any) -> None:
        for first in range(first_row(bits), matrix.shape[0], rows_of_blocks(bits)):
            row, lane, rest, lanes = share_of(matrix, first, bits)
            for column in range(lane, lane + rest, lanes):
                result[row, column] = function(matrix[row, column], others[row, column], slopes[row], matrix.shape[1])

    return of_rows


def in_layouts(make: Callable[[int, int], Any]) -> tuple[Any, ...]:
    """The kernels that are made for each layout."""
    return tuple(make(*layout) for layout in LAYOUTS)


def launch_over_rows(compiled: tuple[Any, ...], matrix: Any, *arguments: Any) -> None:
    """Run the kernel of the first layout that reaches over the rows of a matrix, or else of the last."""
    columns = matrix.shape[1]
    choice = next((place for place, layout in enumerate(LAYOUTS) if columns <= layout.reach), len(LAYOUTS) - 1)
    *given, result = arguments
    blocks = blocks_of_rows(matrix, LAYOUTS[choice].bits)
    launch_reducing(compiled[choice], blocks, matrix, *given, reductions.SHUFFLED, result)


def sums_of_rows(compiled: Any, matrix: Any, others: Any) -> Any:
    """Run a kernel that makes one number of the rows of two device matrices."""
    sums, bits = empty(matrix.shape[0], matrix.dtype), bits_of_lanes(matrix)
    launch_reducing(compiled, blocks_of_rows(matrix, bits), matrix, others, bits, reductions.SHUFFLED, sums)
    return sums


def pairs_of_rows(compiled: Any, matrix: Any, others: Any, slopes: Any) -> Any:
    """Run a kernel that makes a row of the rows of two device matrices and a number for each."""
    result, bits = empty(matrix.shape, matrix.dtype), bits_of_lanes(matrix)
    launch_reducing(compiled, blocks_of_rows(matrix, bits), matrix, others, slopes, bits, result)
    return result


def bits_of_lanes(matrix: Any) -> int:
    """Two lanes, or enough for each to have few numbers of a row, if a block has so many: 2 to this power."""
    return min(max(1, math.ceil(math.log2(matrix.shape[1] / FEW_NUMBERS))), ROUNDS)


def blocks_of_rows(matrix: Any, bits: int) -> int:
    """How many blocks take the rows of a matrix."""
    return min(math.ceil(matrix.shape[0] / (REDUCING_THREADS >> bits)), MOST_BLOCKS)
