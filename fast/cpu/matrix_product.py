"""The matrix product that dense layers and convolutions share.

The ladder (float32, [100, 784]·[784, 200], one core with AVX2; a tile in the first-level cache does 65 GFLOP/s):
1. three nested loops, dot product innermost: one number at a time, bound by the latency of one addition.
2. innermost loop along a row of B: the compiler vectorises, but every product loads and stores C.
3. a register tile: R rows times V vectors of C stay in registers while the depth runs; each entry of A that is loaded
   serves V vectors, each vector of B serves R rows. It has to be said in LLVM vectors: no compiler finds it.
   And as a function of its own: inlined, it loses registers to its caller's loops, and spills its sums.
4. panels: B is copied to panels of V vectors' width, so that the tile walks through memory in one straight line.
   Copied number by number, that makes 32 GFLOP/s; by vectors, 62.
5. addresses by table: the rows of A and C are found through tables of offsets, and the depth runs in pieces of equal
   length. So A may be a transposed matrix, or the windows of an image that nobody ever copied out (see `convolution`).

Every entry of C is one chain of fused multiply-adds along the depth, whatever tile or thread computes it: the same bits
for any number of threads, and an error of at most γ_K·Σ|a||b|.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import from_dtype, prange, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from fast.cpu.compilation import compiled, compiled_callback
from fast.cpu.tiles import ROWS_1, ROWS_2, ROWS_3, Depth, Rows, tile_1, tile_2, tile_3
from fast.cpu.vectors import VECTOR_BYTES, load, store

#: A panel of B of this depth stays in the first-level cache.
DEPTH_BLOCK = 320
#: Rows of C that one task computes with its panel: enough to make the copying of the panel cheap.
ROW_BLOCK = 128
#: Multiplications below which a second thread costs more than it helps.
PARALLEL_WORK = 500_000


class Matrix(NamedTuple):
    """Entry (m, k) of a matrix is data[start + m·row_step + k·step]."""

    data: np.ndarray
    start: int
    row_step: int
    step: int


@compiled()
def panel_count(vectors):
    """How many panels so many vectors of columns make: two to a panel, but three to the last rather than one."""
    return max(1, vectors // 2)


@compiled()
def pack_panel(b, depth, columns, width, panel, start):
    """Copy `depth` rows of up to `width` columns into a panel, missing columns as zeros."""
    present, data = min(columns, width), b.data
    if b.step == 1 and present == width:
        for k in range(depth):
            source, target = b.start + k * b.row_step, start + k * width
            for v in range(0, width, VECTOR_BYTES // data.itemsize):
                store(panel, target + v, load(data, source + v))
    elif b.step == 1:
        for k in range(depth):
            source, target = b.start + k * b.row_step, start + k * width
            for j in range(present):
                panel[target + j] = data[source + j]
    else:
        for j in range(present):
            source, target = b.start + j * b.step, start + j
            for k in range(depth):
                panel[target + k * width] = data[source + k * b.row_step]
    for k in range(depth):
        for j in range(present, width):
            panel[start + k * width + j] = 0


@compiled()
def pack(b, depth, columns, packed, start):
    """Copy a matrix into consecutive panels, from packed[start] on."""
    size = VECTOR_BYTES // packed.itemsize
    vectors = (columns + size - 1) // size
    for p in range(panel_count(vectors)):
        count = vectors - 2 * p if vectors - 2 * p <= 3 else 2
        first = 2 * p * size
        part = Matrix(b.data, b.start + first * b.step, b.row_step, b.step)
        pack_panel(part, depth, columns - first, count * size, packed, start + first * depth)


def _multiply_packed(a, depth, packed, start, c, rows, columns, accumulate):
    size = VECTOR_BYTES // packed.itemsize
    vectors, first = (columns + size - 1) // size, 0
    while vectors > 0:
        panel, left = start + first * depth.run_length * depth.runs, columns - first
        part = Rows(c.data, c.start + first, c.places)
        if vectors == 1:
            for row in range(0, rows, ROWS_1):
                tile_1(a, depth, packed, panel, part, row, rows - row, left, accumulate)
        elif vectors == 3:
            for row in range(0, rows, ROWS_3):
                tile_3(a, depth, packed, panel, part, row, rows - row, left, accumulate)
        else:
            for row in range(0, rows, ROWS_2):
                tile_2(a, depth, packed, panel, part, row, rows - row, left, accumulate)
        count = vectors if vectors <= 3 else 2
        vectors, first = vectors - count, first + count * size


def signature_of(numbers: types.Array) -> tuple[types.Type, ...]:
    """The types of the arguments of `multiply_packed`, its address left out, for arrays of some dtype."""
    n = types.intp
    rows = types.NamedTuple((numbers, n, types.Array(n, 1, "C")), Rows)
    return rows, types.NamedUniTuple(n, 4, Depth), numbers, n, rows, n, n, types.boolean


@lru_cache
def compiled_multiplication(dtype: np.dtype):
    """The callback behind `multiplier`; kept, since its address is good only as long as it lives."""
    return compiled_callback(types.void(*signature_of(types.Array(from_dtype(dtype), 1, "C"))), _multiply_packed)


def multiplier(dtype: np.dtype) -> int:
    """The address of the compiled multiplication of packed panels, for `multiply_packed`.

    Numba compiles what a function calls again with each caller, and the tiles are most of what there is to compile: so
    they are compiled once and called through their address.
    """
    return compiled_multiplication(dtype).address


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


@compiled()
def multiples(count, step):
    """0, step, 2·step, …: where rows start that follow each other."""
    table = np.empty(count, np.intp)
    for m in range(count):
        table[m] = m * step
    return table


@compiled()
def multiply_block(address, p, first_row, last_row, a, b, c, depth, columns):
    """One panel of columns and one block of rows of a matrix product, a piece of the depth at a time."""
    size = VECTOR_BYTES // c.itemsize
    vectors = (columns + size - 1) // size
    count = vectors - 2 * p if vectors - 2 * p <= 3 else 2
    first = 2 * p * size
    width, rows = min(count * size, columns - first), last_row - first_row
    panel = np.empty(count * size * min(depth, DEPTH_BLOCK), c.dtype)
    a_places, c_rows = multiples(rows, a.row_step), Rows(c, first_row * columns + first, multiples(rows, columns))
    for k in range(0, depth, DEPTH_BLOCK):
        length = min(DEPTH_BLOCK, depth - k)
        part = Matrix(b.data, b.start + k * b.row_step + first * b.step, b.row_step, b.step)
        pack_panel(part, length, columns - first, count * size, panel, np.intp(0))
        a_rows = Rows(a.data, a.start + first_row * a.row_step + k * a.step, a_places)
        multiply_packed(address, a_rows, Depth(a.step, length, 1, 0), panel, 0, c_rows, rows, width, k > 0)


@compiled(parallel=True)
def matrix_product(address, a, b, c, rows, depth, columns):
    """C = A·B for two of class `Matrix`, C [rows, columns] flat; tasks are independent blocks of C."""
    size = VECTOR_BYTES // c.itemsize
    panels = panel_count((columns + size - 1) // size)
    blocks = (rows + ROW_BLOCK - 1) // ROW_BLOCK
    height = (rows + blocks - 1) // blocks
    tasks = panels * blocks
    if tasks == 1 or rows * depth * columns < PARALLEL_WORK:
        for p in range(panels):
            multiply_block(address, p, np.intp(0), rows, a, b, c, depth, columns)
    else:
        # Column by column of blocks: neighbouring tasks pack the same panel of B, which is then in the cache.
        for task in prange(tasks):
            first = np.intp(task) % blocks * height
            last = min(rows, first + height)
            multiply_block(address, np.intp(task) // blocks, first, last, a, b, c, depth, columns)
