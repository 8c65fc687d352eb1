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
6. four steps of the depth in one go: each step alone moved six addresses, which cost as much as the products where
   another program shares the core: there, 50 GFLOP/s became 70.
7. blocks of A without gaps, too, once their entries lie apart or many columns use them, and B packed once for all
   blocks: [2048, 2048] squared took 171 ms on two cores, now 133. Transposed matrices are copied by squares of vectors.
8. few rows, or few steps of the depth: B where it lies, since copying it would be most of the work.

In which order an entry of C is summed depends on shapes and steps only: the same bits for any number of threads, and an
error of at most γ_K·Σ|a||b|. A product makes a copy of B, and each thread one of a block of A, of 160 KB at most.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import from_dtype, prange, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from fast.cpu.compilation import compiled, compiled_callback
from fast.cpu.shuffles import transpose, transpose_part
from fast.cpu.tiles import ROWS_1, ROWS_2, ROWS_3, Depth, Rows, tile_1, tile_2, tile_3
from fast.cpu.vectors import VECTOR_BYTES, load, load_part, multiply_add, store, vector_of

#: A panel of B of this depth stays in the first-level cache.
DEPTH_BLOCK = 320
#: Rows of C that one task computes with its panel: enough to make the copying of the panel cheap.
ROW_BLOCK = 128
#: Tasks to make of a product at least: a multiple of many numbers of threads.
TASKS = 12
#: Rows of A, or steps of the depth, up to which copying B costs more than it helps.
FEW = 6
#: Multiplications below which a second thread costs more than it helps.
PARALLEL_WORK = 500_000


@cache
def no_bias(dtype: np.dtype) -> np.ndarray:
    """The bias of a product that has none."""
    return np.empty(0, dtype)


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
def padded_columns(columns, unit):
    """Columns rounded up to whole vectors."""
    size = VECTOR_BYTES // unit
    return (columns + size - 1) // size * size


@compiled()
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


@compiled()
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


@compiled()
def pack_one(p, b, depth, columns, packed, start):
    """Copy the columns of panel p of a matrix to where they belong among the panels from packed[start] on."""
    size = VECTOR_BYTES // packed.itemsize
    vectors, first = (columns + size - 1) // size, 2 * p * size
    width = (vectors - 2 * p if p == panel_count(vectors) - 1 else 2) * size
    part = Matrix(b.data, b.start + first * b.step, b.row_step, b.step)
    pack_panel(part, depth, columns - first, width, packed, start + first * depth)


@compiled()
def pack(b, depth, columns, packed, start):
    """Copy a matrix into consecutive panels, from packed[start] on."""
    size = VECTOR_BYTES // packed.itemsize
    for p in range(panel_count((columns + size - 1) // size)):
        pack_one(p, b, depth, columns, packed, start)


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
    return compiled_callback(types.void(*signature_of(types.Array(from_dtype(dtype), 1, "C"))), _multiply_packed)


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
def pack_block(a, rows, depth, packed):
    """Copy some rows of A, whose entries may lie far apart, to rows without gaps."""
    if a.step == 1:
        for m in range(rows):
            source, target = a.data[a.start + m * a.row_step :], packed[m * depth : (m + 1) * depth]
            for k in range(depth):
                target[k] = source[k]
        return
    transpose_into(a.data, a.start, a.step, a.row_step, depth, rows, packed, np.intp(0), depth)


@compiled()
def multiply_block(address, a, packed, bias, c, depth, columns, rows, panels):
    """Some rows of C, and the columns of some panels, from a packed B, a piece of the depth at a time."""
    size = VECTOR_BYTES // c.itemsize
    ends = panels.stop == panel_count((columns + size - 1) // size)
    first, last = 2 * size * panels.start, columns if ends else 2 * size * panels.stop
    height, width = rows.stop - rows.start, padded_columns(columns, c.itemsize)
    target = Rows(c, rows.start * columns + first, multiples(height, columns))
    # Where A's entries are neighbours, copying them pays only if many columns use the copy.
    packs = a.step != 1 or last - first > ROW_BLOCK
    block = np.empty(height * min(depth, DEPTH_BLOCK) if packs else 0, c.dtype)
    for k in range(0, depth, DEPTH_BLOCK):
        length = min(DEPTH_BLOCK, depth - k)
        part = Matrix(a.data, a.start + rows.start * a.row_step + k * a.step, a.row_step, a.step)
        if packs:
            pack_block(part, height, length, block)
            part = Matrix(block, np.intp(0), length, 1)
        source, start = Rows(part.data, part.start, multiples(height, part.row_step)), k * width + first * length
        way = Depth(1, length, 1, 0)
        multiply_packed(address, source, way, packed, start, target, height, last - first, k > 0)
    for m in range(rows.start, rows.stop) if bias.size else range(0):
        add_to(c[m * columns + first : m * columns + last], bias[first:last])


@compiled()
def add_to(sums, terms):
    """Add numbers to others."""
    for j in range(sums.size):
        sums[j] += terms[j]


@compiled()
def pack_piece(task, b, depth, columns, packed):
    """The panel of a piece of B's depth that a task copies: panels of one piece after the other."""
    size = VECTOR_BYTES // packed.itemsize
    panels = panel_count((columns + size - 1) // size)
    k = task // panels * DEPTH_BLOCK
    part = Matrix(b.data, b.start + k * b.row_step, b.row_step, b.step)
    start = k * padded_columns(columns, packed.itemsize)
    pack_one(task % panels, part, min(DEPTH_BLOCK, depth - k), columns, packed, start)


@compiled()
def few_rows_product(a, b, c, rows, depth, columns):
    """C = A·B for a B whose rows have no gaps within, read once and where it lies; the same bits as of many rows."""
    sums = np.empty(columns * rows, c.dtype)
    for start in range(0, depth, DEPTH_BLOCK):
        end, sums[:] = min(depth, start + DEPTH_BLOCK), 0
        k = start
        while k + 4 <= end:
            first, second = row_of(b, k, columns), row_of(b, k + 1, columns)
            third, fourth = row_of(b, k + 2, columns), row_of(b, k + 3, columns)
            for m in range(rows):
                place, line = a.start + m * a.row_step + k * a.step, sums[m * columns : (m + 1) * columns]
                x, y = a.data[place], a.data[place + a.step]
                z, w = a.data[place + 2 * a.step], a.data[place + 3 * a.step]
                for j in range(columns):
                    total = multiply_add(y, second[j], multiply_add(x, first[j], line[j]))
                    line[j] = multiply_add(w, fourth[j], multiply_add(z, third[j], total))
            k += 4
        while k < end:
            row = row_of(b, k, columns)
            for m in range(rows):
                x, line = a.data[a.start + m * a.row_step + k * a.step], sums[m * columns : (m + 1) * columns]
                for j in range(columns):
                    line[j] = multiply_add(x, row[j], line[j])
            k += 1
        for i in range(rows * columns):
            c[i] = c[i] + sums[i] if start else sums[i]


@compiled()
def row_of(b, k, columns):
    """A row of B."""
    start = b.start + k * b.row_step
    return b.data[start : start + columns]


@compiled()
def shallow_product(a, b, c, rows, depth, columns):
    """C = A·B for so small a depth that C is most of what there is: a row of it after the other."""
    for m in range(rows):
        sums = c[m * columns : (m + 1) * columns]
        for k in range(depth):
            x, row = a.data[a.start + m * a.row_step + k * a.step], row_of(b, k, columns)
            if k == 0:
                for j in range(columns):
                    sums[j] = x * row[j]
            else:
                for j in range(columns):
                    sums[j] = multiply_add(x, row[j], sums[j])


@compiled()
def small_product(a, b, c, rows, depth, columns):
    """Compute C = A·B without copying B if few numbers of C, or few terms, come of each of B's; return whether."""
    if rows <= FEW and b.step == 1:
        few_rows_product(a, b, c, rows, depth, columns)
    elif depth <= FEW and b.step == 1:
        shallow_product(a, b, c, rows, depth, columns)
    else:
        return False
    return True


@compiled(parallel=True)
def matrix_product(address, a, b, bias, c, rows, depth, columns):
    """C = A·B + bias for two of class `Matrix`, C [rows, columns] flat; of no numbers, a bias adds nothing.

    Tasks are independent blocks of C.
    """
    if small_product(a, b, c, rows, depth, columns):
        for m in range(rows) if bias.size else range(0):
            add_to(c[m * columns : (m + 1) * columns], bias)
        return
    size = VECTOR_BYTES // c.itemsize
    panels, pieces = panel_count((columns + size - 1) // size), (depth + DEPTH_BLOCK - 1) // DEPTH_BLOCK
    packed = np.empty(depth * padded_columns(columns, c.itemsize), c.dtype)
    blocks = (rows + ROW_BLOCK - 1) // ROW_BLOCK
    # Whole tiles to a block, but for the last.
    height = ((rows + blocks - 1) // blocks + ROWS_2 - 1) // ROWS_2 * ROWS_2
    if rows * depth * columns < PARALLEL_WORK:
        for task in range(pieces * panels):
            pack_piece(task, b, depth, columns, packed)
        for block in range(blocks):
            part = slice(min(rows, block * height), min(rows, (block + 1) * height))
            multiply_block(address, a, packed, bias, c, depth, columns, part, slice(0, panels))
    else:
        for task in prange(pieces * panels):
            pack_piece(np.intp(task), b, depth, columns, packed)
        # Of few blocks each is shared out, some panels to a task.
        groups = min(panels, max(1, (TASKS + blocks - 1) // blocks))
        for task in prange(blocks * groups):
            block, group = np.intp(task) // groups, np.intp(task) % groups
            part = slice(min(rows, block * height), min(rows, (block + 1) * height))
            shared = slice(group * panels // groups, (group + 1) * panels // groups)
            multiply_block(address, a, packed, bias, c, depth, columns, part, shared)
