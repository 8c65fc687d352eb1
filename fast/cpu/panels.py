"""Matrices in panels of a few vectors' width, and their product with rows that begin anywhere.

A panel holds some columns of a matrix, row after row without gaps: so the tile that multiplies by it walks through
memory in one straight line, and what follows the last column is zero.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from fast.cpu.compilation import compiled, compiled_callback, leaf
from fast.cpu.shuffles import transpose, transpose_part
from fast.cpu.tiles import ROWS_1, ROWS_2, ROWS_3, UNROLLED, Depth, Rows, tile_1, tile_2, tile_3
from fast.cpu.vectors import VECTOR_BYTES, VECTOR_REGISTERS, load, load_part, store, vector_of

#: How many vectors of columns make a panel. With 32 registers a tile has room for sums of three vectors of eight rows;
#: and three serve as many products with fewer loads.
VECTORS_OF_PANEL = 2 if VECTOR_REGISTERS == 16 else 3
#: The depth at which a panel stays in the first-level cache, or nearly so.
PANEL_DEPTH = 320
#: The most of the depth in one go where C is large, and reading and writing it again costs more than a panel from the
#: second-level cache: that of a processor with AVX-512 has room for it beside a block of A.
DEPTH_BLOCK = 512 if VECTOR_BYTES == 64 else PANEL_DEPTH


class Matrix(NamedTuple):
    """Entry (m, k) of a matrix is data[start + m·row_step + k·step]."""

    data: np.ndarray
    start: int
    row_step: int
    step: int


@leaf
def piece_length(depth):
    """The depth is walked in pieces of about one length: how long they are, but for the last."""
    pieces = (depth + DEPTH_BLOCK - 1) // DEPTH_BLOCK
    return ((depth + pieces - 1) // pieces + UNROLLED - 1) // UNROLLED * UNROLLED


@leaf
def vector_count(columns, unit):
    """How many vectors the columns of a row are, the last of them perhaps in part."""
    size = VECTOR_BYTES // unit
    return (columns + size - 1) // size


@leaf
def padded_columns(columns, unit):
    """Columns rounded up to whole vectors."""
    return vector_count(columns, unit) * (VECTOR_BYTES // unit)


@leaf
def panels_of_two(vectors):
    """How many panels of two vectors come before those of three; a single vector is a panel, too.

    Neighbouring panels by themselves would be divided alike.
    """
    if vectors == 1:
        return 0
    return -vectors % 3 if VECTORS_OF_PANEL == 3 else vectors // 2 - vectors % 2


@leaf
def panel_count(columns, unit):
    """How many panels a matrix of so many columns makes."""
    vectors = vector_count(columns, unit)
    twos = panels_of_two(vectors)
    return twos + (vectors - 2 * twos + 2) // 3


@leaf
def panel_place(p, columns, unit):
    """The first column of a panel, and its width in whole vectors."""
    size, vectors = VECTOR_BYTES // unit, vector_count(columns, unit)
    twos = panels_of_two(vectors)
    if p < twos:
        return 2 * p * size, 2 * size
    first = 2 * twos + 3 * (p - twos)
    return first * size, min(3, vectors - first) * size


@leaf
def transpose_into(data, start, row_step, step, rows, columns, target, first, target_step):
    """Copy rows of a matrix, most of it in squares, to columns of another, whose rows are target_step apart."""
    size = VECTOR_BYTES // data.itemsize
    if step != 1:
        for m in range(rows):
            for k in range(columns):
                target[first + k * target_step + m] = data[start + m * row_step + k * step]
        return
    for m in range(0, rows, size):
        for k in range(0, columns, size):
            source, place = start + m * row_step + k, first + k * target_step + m
            if m + size <= rows and k + size <= columns:
                transpose(data, source, row_step, target, place, target_step)
            else:
                transpose_part(data, source, row_step, target, place, target_step, rows - m, columns - k)


@leaf
def pack_panel(b, depth, columns, width, panel, start):
    """Copy `depth` rows of up to `width` columns into a panel, missing columns as zeros."""
    present, data, size = min(columns, width), b.data, VECTOR_BYTES // b.data.itemsize
    whole = present // size * size
    if b.step == 1:
        for k in range(depth):
            source, target = b.start + k * b.row_step, start + k * width
            for v in range(0, whole, size):
                store(panel, target + v, load(data, source + v))
            if whole < width:
                store(panel, target + whole, load_part(data, source + whole, present - whole))
        return
    if whole < width:
        nothing = vector_of(panel, panel.dtype.type(0))
        for k in range(depth):
            store(panel, start + k * width + whole, nothing)
    transpose_into(data, b.start, b.step, b.row_step, present, depth, panel, start, width)


@leaf
def pack_one(p, b, depth, columns, packed, start):
    """Copy the columns of panel p of a matrix to where they belong among the panels from packed[start] on."""
    first, width = panel_place(p, columns, packed.itemsize)
    part = Matrix(b.data, b.start + first * b.step, b.row_step, b.step)
    pack_panel(part, depth, columns - first, width, packed, start + first * depth)


@leaf
def pack(b, depth, columns, packed, start):
    """Copy a matrix into consecutive panels, from packed[start] on."""
    for p in range(panel_count(columns, packed.itemsize)):
        pack_one(p, b, depth, columns, packed, start)


def _multiply_packed(a, depth, packed, start, c, rows, columns, accumulate):
    size = VECTOR_BYTES // packed.itemsize
    for p in range(panel_count(columns, packed.itemsize)):
        first, width = panel_place(p, columns, packed.itemsize)
        panel, left = start + first * depth.run_length * depth.runs, columns - first
        part = Rows(c.data, c.start + first, c.places)
        if width == size:
            for row in range(0, rows, ROWS_1):
                tile_1(a, depth, packed, panel, part, row, rows - row, left, accumulate)
        elif width == 2 * size:
            for row in range(0, rows, ROWS_2):
                tile_2(a, depth, packed, panel, part, row, rows - row, left, accumulate)
        else:
            for row in range(0, rows, ROWS_3):
                tile_3(a, depth, packed, panel, part, row, rows - row, left, accumulate)


def signature_of(numbers: types.Array) -> tuple[types.Type, ...]:
    """The types of the arguments of `multiply_packed`, its address left out, for arrays of some dtype."""
    n = types.intp
    rows = types.NamedTuple((numbers, n, types.Array(n, 1, "C")), Rows)
    return rows, types.NamedUniTuple(n, 4, Depth), numbers, n, rows, n, n, types.boolean


@cache
def multiplier(dtype: np.dtype) -> int:
    """The address of the compiled multiplication of packed panels, for `multiply_packed`.

    Numba compiles what a function calls again with each caller, and the tiles are most of what there is to compile: so
    they are compiled once and called through their address.
    """
    return compiled_multiplication(dtype).address


@cache
def compiled_multiplication(dtype: np.dtype):
    """The callback behind `multiplier`; kept, since its address is good only as long as it lives."""
    return compiled_callback(
        types.void(*signature_of(types.Array(from_dtype(dtype), 1, "C"))), _multiply_packed, _nrt=False
    )


@intrinsic
def multiply_packed(typingctx, address, a, depth, packed, start, c, rows, columns, accumulate):
    """C = A·B for a B that `pack` has packed; C += A·B to accumulate; `address` is `multiplier`'s.

    A and C are `Rows`, `depth` is the way along the rows of A.
    """

    def codegen(context, builder, signature, operands):
        # Both sides are LLVM's: so tuples and arrays go by value, as between any two of its functions.
        kind = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands[1:]])
        builder.call(builder.inttoptr(operands[0], kind.as_pointer()), operands[1:])
        return context.get_dummy_value()

    arguments = signature_of(packed)
    if (a, depth, c) != (arguments[0], arguments[1], arguments[4]):
        raise TypingError(f"wanted {arguments[0]}, {arguments[1]} and {arguments[4]}; got {a}, {depth} and {c}")
    return types.void(types.intp, *arguments), codegen


@leaf
def rows_of_block(block, blocks, rows):
    """The rows of one of so many blocks that share a matrix: whole tiles, but for the last."""
    # prange counts in unsigned integers.
    number, tiles = np.intp(block), (rows + ROWS_2 - 1) // ROWS_2
    return slice(min(rows, number * tiles // blocks * ROWS_2), min(rows, (number + 1) * tiles // blocks * ROWS_2))


@compiled()
def multiples(count, step):
    """0, step, 2·step, …: where rows start that follow each other."""
    table = np.empty(count, np.intp)
    for m in range(count):
        table[m] = m * step
    return table
