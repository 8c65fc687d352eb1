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

from fast.cpu.compilation import compiled, compiled_callback, leaf
from fast.cpu.finishing import BIAS_ONLY, finish_rows
from fast.cpu.rows import aligned, copy_row
from fast.cpu.shuffles import transpose, transpose_part
from fast.cpu.tiles import ROWS_1, ROWS_2, ROWS_3, Depth, Rows, tile_1, tile_2, tile_3
from fast.cpu.vectors import VECTOR_BYTES, load, load_part, multiply_add, store, store_part, vector_of

#: A panel of B of this depth stays in the first-level cache.
DEPTH_BLOCK = 320
#: Rows of C that one task computes with its panel: enough to make the copying of the panel cheap.
ROW_BLOCK = 128
#: Tasks to make of a product at least: a multiple of many numbers of threads.
TASKS = 12
#: Rows of A, or steps of the depth, up to which copying B costs more than it helps.
FEW = 6
#: Multiplications below which a second thread costs more than it helps; and where each has a number of its own to be
#: transposed or written.
PARALLEL_WORK, SMALL_PARALLEL_WORK = 500_000, 50_000
#: Tasks to make of such a product.
SMALL_TASKS = 4


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


@leaf
def panel_count(vectors):
    """How many panels so many vectors of columns make: two to a panel, but three to the last rather than one."""
    return max(1, vectors // 2)


@leaf
def padded_columns(columns, unit):
    """Columns rounded up to whole vectors."""
    size = VECTOR_BYTES // unit
    return (columns + size - 1) // size * size


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
    size = VECTOR_BYTES // packed.itemsize
    vectors, first = (columns + size - 1) // size, 2 * p * size
    width = (vectors - 2 * p if p == panel_count(vectors) - 1 else 2) * size
    part = Matrix(b.data, b.start + first * b.step, b.row_step, b.step)
    pack_panel(part, depth, columns - first, width, packed, start + first * depth)


@leaf
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


@compiled()
def multiples(count, step):
    """0, step, 2·step, …: where rows start that follow each other."""
    table = np.empty(count, np.intp)
    for m in range(count):
        table[m] = m * step
    return table


@leaf
def pack_block(a, rows, depth, packed):
    """Copy some rows of A, whose entries may lie far apart, to rows without gaps."""
    if a.step == 1:
        for m in range(rows):
            copy_row(a.data, a.start + m * a.row_step, depth, packed, m * depth)
        return
    transpose_into(a.data, a.start, a.step, a.row_step, depth, rows, packed, np.intp(0), depth)


@compiled()
def multiply_block(address, finisher, a, packed, bias, c, depth, columns, rows, panels):
    """Some rows of C, and the columns of some panels, from a packed B, a piece of the depth at a time; and finished."""
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
    if bias.size:
        finish_rows(finisher, c, target.start, columns, height, bias[first:last])


@leaf
def pack_piece(task, b, depth, columns, packed):
    """The panel of a piece of B's depth that a task copies: panels of one piece after the other."""
    size = VECTOR_BYTES // packed.itemsize
    panels = panel_count((columns + size - 1) // size)
    k = task // panels * DEPTH_BLOCK
    part = Matrix(b.data, b.start + k * b.row_step, b.row_step, b.step)
    start = k * padded_columns(columns, packed.itemsize)
    pack_one(task % panels, part, min(DEPTH_BLOCK, depth - k), columns, packed, start)


@compiled()
def few_rows_product(a, b, c, rows, depth, columns, first, last):
    """Some columns of C = A·B, from a B that is read once and where it lies; the same bits as of many rows."""
    size = VECTOR_BYTES // c.itemsize
    count = last - first
    # Rows of whole vectors.
    width = (count + size - 1) // size * size
    sums, square = np.empty(rows * width, c.dtype), np.empty(size * size, c.dtype)
    part = Matrix(b.data, b.start + first * b.step, b.row_step, b.step)
    for start in range(0, depth, DEPTH_BLOCK):
        end, sums[:] = min(depth, start + DEPTH_BLOCK), 0
        if b.step == 1:
            add_products_of_rows(a, part, sums, rows, start, end, count, width)
        else:
            add_products_of_squares(a, part, sums, square, rows, start, end, count, width)
        for m in range(rows):
            for j in range(count):
                i = m * columns + first + j
                c[i] = c[i] + sums[m * width + j] if start else sums[m * width + j]


@leaf
def add_products_of_rows(a, b, sums, rows, start, end, count, width):
    """Add to sums, whose rows are whole vectors, the products of some columns of A and rows of B, four at a time."""
    data, size, k = b.data, VECTOR_BYTES // sums.itemsize, start
    whole = count // size * size
    while k + 4 <= end:
        one = b.start + k * b.row_step
        two, three, four = one + b.row_step, one + 2 * b.row_step, one + 3 * b.row_step
        for m in range(rows):
            place, line = a.start + m * a.row_step + k * a.step, m * width
            x, y = vector_of(sums, a.data[place]), vector_of(sums, a.data[place + a.step])
            z, w = vector_of(sums, a.data[place + 2 * a.step]), vector_of(sums, a.data[place + 3 * a.step])
            for j in range(0, whole, size):
                total = multiply_add(x, load(data, one + j), load(sums, line + j))
                total = multiply_add(y, load(data, two + j), total)
                total = multiply_add(z, load(data, three + j), total)
                store(sums, line + j, multiply_add(w, load(data, four + j), total))
            if whole < count:
                j, left = whole, count - whole
                total = multiply_add(x, load_part(data, one + j, left), load(sums, line + j))
                total = multiply_add(y, load_part(data, two + j, left), total)
                total = multiply_add(z, load_part(data, three + j, left), total)
                store(sums, line + j, multiply_add(w, load_part(data, four + j, left), total))
        k += 4
    while k < end:
        one = b.start + k * b.row_step
        for m in range(rows):
            x, line = vector_of(sums, a.data[a.start + m * a.row_step + k * a.step]), m * width
            for j in range(0, whole, size):
                store(sums, line + j, multiply_add(x, load(data, one + j), load(sums, line + j)))
            if whole < count:
                last = load_part(data, one + whole, count - whole)
                store(sums, line + whole, multiply_add(x, last, load(sums, line + whole)))
        k += 1


@leaf
def add_products_of_squares(a, b, sums, square, rows, start, end, count, width):
    """The same for a B whose columns have no gaps within: squares of it are transposed on the way."""
    size = VECTOR_BYTES // sums.itemsize
    for j in range(0, width, size):
        for k in range(start, end, size):
            place, steps = b.start + j * b.step + k, min(size, end - k)
            if j + size <= count and steps == size:
                transpose(b.data, place, b.step, square, 0, size)
            else:
                # Lanes beyond the last column keep what they had, and their sums are nobody's.
                transpose_part(b.data, place, b.step, square, 0, size, count - j, steps)
            for m in range(rows):
                total, own = load(sums, m * width + j), a.start + m * a.row_step + k * a.step
                for n in range(steps):
                    x = vector_of(sums, a.data[own + n * a.step])
                    total = multiply_add(x, load(square, n * size), total)
                store(sums, m * width + j, total)


@leaf
def shallow_product(a, b, c, first, last, depth, columns):
    """Some rows of C = A·B for so small a depth that C is most of what there is: one after the other."""
    size = VECTOR_BYTES // c.itemsize
    whole = columns // size * size
    for m in range(first, last):
        line = m * columns
        for k in range(depth):
            x, row = vector_of(c, a.data[a.start + m * a.row_step + k * a.step]), b.start + k * b.row_step
            for j in range(0, whole, size):
                product = x * load(b.data, row + j)
                store(c, line + j, multiply_add(x, load(b.data, row + j), load(c, line + j)) if k else product)
            if whole < columns:
                left = columns - whole
                last_columns = load_part(b.data, row + whole, left)
                product = x * last_columns
                before = load_part(c, line + whole, left)
                store_part(c, line + whole, left, multiply_add(x, last_columns, before) if k else product)


@compiled(parallel=True)
def small_product(a, b, c, rows, depth, columns):
    """Compute C = A·B without copying B if few numbers of C, or few terms, come of each of B's; return whether."""
    size, work = VECTOR_BYTES // c.itemsize, rows * depth * columns
    if rows <= FEW and (b.step == 1 or b.row_step == 1):
        vectors = (columns + size - 1) // size
        # Whole rows of B are read as fast as they come; pieces of them aren't.
        alone = work < (PARALLEL_WORK if b.step == 1 else SMALL_PARALLEL_WORK)
        tasks = 1 if alone else min(vectors, SMALL_TASKS)
        if tasks == 1:
            few_rows_product(a, b, c, rows, depth, columns, 0, columns)
        else:
            for task in prange(tasks):
                first, last = np.intp(task) * vectors // tasks * size, (np.intp(task) + 1) * vectors // tasks * size
                few_rows_product(a, b, c, rows, depth, columns, first, min(columns, last))
    elif depth <= FEW and b.step == 1:
        if work < SMALL_PARALLEL_WORK:
            shallow_product(a, b, c, 0, rows, depth, columns)
        else:
            for task in prange(SMALL_TASKS):
                first, last = np.intp(task) * rows // SMALL_TASKS, (np.intp(task) + 1) * rows // SMALL_TASKS
                shallow_product(a, b, c, first, last, depth, columns)
    else:
        return False
    return True


@compiled(parallel=True)
def matrix_product(address, a, b, bias, c, rows, depth, columns, finisher=BIAS_ONLY):
    """C = f(A·B + bias) for two of class `Matrix`, C [rows, columns] flat; without a bias of any numbers, A·B.

    Tasks are independent blocks of C.
    """
    if small_product(a, b, c, rows, depth, columns):
        if bias.size:
            finish_rows(finisher, c, 0, columns, rows, bias)
        return
    size = VECTOR_BYTES // c.itemsize
    panels, pieces = panel_count((columns + size - 1) // size), (depth + DEPTH_BLOCK - 1) // DEPTH_BLOCK
    packed = aligned(depth * padded_columns(columns, c.itemsize), c)
    blocks = (rows + ROW_BLOCK - 1) // ROW_BLOCK
    # Whole tiles to a block, but for the last.
    height = ((rows + blocks - 1) // blocks + ROWS_2 - 1) // ROWS_2 * ROWS_2
    if rows * depth * columns < PARALLEL_WORK:
        for task in range(pieces * panels):
            pack_piece(task, b, depth, columns, packed)
        for block in range(blocks):
            part = slice(min(rows, block * height), min(rows, (block + 1) * height))
            multiply_block(address, finisher, a, packed, bias, c, depth, columns, part, slice(0, panels))
    else:
        for task in prange(pieces * panels if blocks > 1 else 0):
            pack_piece(np.intp(task), b, depth, columns, packed)
        # Of few blocks each is shared out, some panels to a task; of a single one, who multiplies by them copies them,
        # lest they go from one core's cache to another's.
        groups = min(panels, max(1, (TASKS + blocks - 1) // blocks))
        for task in prange(blocks * groups):
            block, group = np.intp(task) // groups, np.intp(task) % groups
            part = slice(min(rows, block * height), min(rows, (block + 1) * height))
            shared = slice(group * panels // groups, (group + 1) * panels // groups)
            for piece in range(pieces if blocks == 1 else 0):
                for panel in range(shared.start, shared.stop):
                    pack_piece(piece * panels + panel, b, depth, columns, packed)
            multiply_block(address, finisher, a, packed, bias, c, depth, columns, part, shared)
