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

import numpy as np
from llvmlite import ir
from numba import from_dtype, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from fast.cpu.compilation import compiled, compiled_callback
from fast.cpu.vectors import (
    VECTOR_BYTES,
    VECTOR_REGISTERS,
    call_intrinsic,
    data_pointer,
    lanes,
    load,
    load_vector,
    store,
    store_vector,
    vector_type,
)

#: Rows of the tile for 1, 2 and 3 vectors of columns: accumulators, V vectors of B and one entry of A fill the vector
#: registers, and the addresses of more than 8 rows would not fit the general ones.
TILE_ROWS = (8, 6, 4) if VECTOR_REGISTERS == 16 else (8, 8, 8)
ROWS_1, ROWS_2, ROWS_3 = TILE_ROWS
#: A panel of B of this depth stays in the first-level cache.
DEPTH_BLOCK = 320
#: Rows of C that one task computes with its panel: enough to make the copying of the panel cheap.
ROW_BLOCK = 128
#: Multiplications below which a second thread costs more than it helps.
PARALLEL_WORK = 500_000


def tile(vectors: int, rows: int):
    """Make the intrinsic that computes `rows` rows times `vectors` vectors of columns of C."""

    def codegen(context, builder, signature, operands):
        vector = vector_type(signature.args[0].dtype)
        kinds = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands])
        function = cgutils.get_or_insert_function(builder.module, kinds, f"tile_{vector.count}_{vectors}_{rows}")
        # A function of its own: inlined, its loops would have to share the registers with the caller's. "optsize" keeps
        # LLVM from unrolling a loop whose body already fills all vector registers.
        function.linkage = "internal"
        function.attributes.add("noinline")
        function.attributes.add("optsize")
        for position in (0, 2, 7, 9, 11):
            function.args[position].add_attribute("noalias")
        build_tile(ir.IRBuilder(function.append_basic_block("entry")), function.args, vector, vectors, rows)
        builder.call(function, operands)
        return context.get_dummy_value()

    @intrinsic
    def compute_tile(
        typingctx, a, a_start, a_rows, a_step, run_length, runs, run_step, b, b_start,
        c, c_start, c_rows, first_row, row_count, column_count, accumulate,
    ):  # fmt: skip
        n = types.intp
        return types.void(a, n, a_rows, n, n, n, n, b, n, c, n, c_rows, n, n, n, types.boolean), codegen

    return compute_tile


def build_tile(builder, arguments, vector, vectors, rows):
    """Write the LLVM function of a tile."""
    a, a_start, a_rows, a_step, run_length, runs, run_step, b, b_start, c, c_start, c_rows = arguments[:12]
    first_row, row_count, column_count, accumulate = arguments[12:]

    def constant(value):
        return ir.Constant(a_start.type, value)

    def entry(base, *offsets):
        for offset in offsets:
            base = builder.gep(base, [offset])
        return base

    # A tile at the lower edge reads its last row again instead of reading past the end; it stores no row twice.
    last = builder.sub(row_count, constant(1))
    beyond = [builder.icmp_signed(">", constant(m), last) for m in range(rows)]
    places = [builder.add(first_row, builder.select(beyond[m], last, constant(m))) for m in range(rows)]
    row_pointers = [entry(a, a_start, builder.load(entry(a_rows, place))) for place in places]
    zero = ir.Constant(vector, [0.0] * vector.count)
    sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(vectors)] for _ in range(rows)]
    panel = cgutils.alloca_once_value(builder, entry(b, b_start))
    with cgutils.for_range(builder, runs) as run:
        run_offset = builder.mul(run.index, run_step)
        with cgutils.for_range(builder, run_length) as inner:
            offset = builder.add(run_offset, builder.mul(inner.index, a_step))
            add_products(builder, sums, [entry(pointer, offset) for pointer in row_pointers], builder.load(panel))
            builder.store(entry(builder.load(panel), constant(vectors * vector.count)), panel)
    # Row by row and in order: with `accumulate`, rows of C may overlap.
    for m in range(rows):
        with builder.if_then(builder.not_(beyond[m])):
            target = entry(c, c_start, builder.load(entry(c_rows, places[m])))
            for v in range(vectors):
                store_columns(builder, sums[m][v], target, v * vector.count, column_count, accumulate)
    builder.ret_void()


def add_products(builder, sums, row_pointers, panel):
    """One step of the depth: each row's entry of A times the vectors of B, added to the tile."""
    vector = sums[0][0].type.pointee
    starts = [builder.gep(panel, [ir.Constant(ir.IntType(64), v * vector.count)]) for v in range(len(sums[0]))]
    b_vectors = [load_vector(builder, start, vector) for start in starts]
    undefined, first = ir.Constant(vector, ir.Undefined), ir.Constant(ir.IntType(32), 0)
    for pointer, row in zip(row_pointers, sums, strict=True):
        number = builder.insert_element(undefined, builder.load(pointer), first)
        copies = take_lanes(builder, number, [0] * vector.count)
        for slot, b_vector in zip(row, b_vectors, strict=True):
            builder.store(call_intrinsic(builder, "fmuladd", copies, b_vector, builder.load(slot)), slot)


def store_columns(builder, slot, row, first_column, column_count, accumulate):
    """Store a vector of sums to its place in a row of C, or as much of it as the row has columns left."""
    vector, integer = slot.type.pointee, column_count.type
    target = builder.gep(row, [ir.Constant(integer, first_column)])
    left = builder.sub(column_count, ir.Constant(integer, first_column))
    with builder.if_else(builder.icmp_signed(">=", left, ir.Constant(integer, vector.count))) as (whole, part):
        with whole:
            with builder.if_then(accumulate):
                builder.store(builder.fadd(load_vector(builder, target, vector), builder.load(slot)), slot)
            store_vector(builder, builder.load(slot), target)
        with part:
            store_lanes(builder, slot, target, left, accumulate)


def store_lanes(builder, slot, target, left, accumulate):
    """Store the first `left` lanes of a vector, by the binary digits of their number: 4, 2 and 1 lanes of 8."""
    vector, integer = slot.type.pointee, left.type
    position, width = cgutils.alloca_once_value(builder, ir.Constant(integer, 0)), vector.count // 2
    while width > 0:
        digit = builder.and_(left, ir.Constant(integer, width))
        with builder.if_then(builder.icmp_unsigned(">", digit, ir.Constant(integer, 0))):
            place = builder.gep(target, [builder.load(position)])
            lowest = take_lanes(builder, builder.load(slot), range(width))
            value = cgutils.alloca_once_value(builder, lowest)
            with builder.if_then(accumulate):
                builder.store(builder.fadd(load_vector(builder, place, lowest.type), lowest), value)
            store_vector(builder, builder.load(value), place)
            rest = [*range(width, vector.count), *range(width)]
            builder.store(take_lanes(builder, builder.load(slot), rest), slot)
            builder.store(builder.add(builder.load(position), ir.Constant(integer, width)), position)
        width //= 2


def take_lanes(builder, value, places):
    """A vector of some of a vector's lanes."""
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(places)), list(places))
    return builder.shuffle_vector(value, ir.Constant(value.type, ir.Undefined), mask)


tile_1, tile_2, tile_3 = (tile(vectors, rows) for vectors, rows in enumerate(TILE_ROWS, 1))


@compiled()
def panel_count(vectors):
    """How many panels so many vectors of columns make: two to a panel, but three to the last rather than one."""
    return max(1, vectors // 2)


@compiled()
def pack_panel(b, b_start, row_step, column_step, depth, columns, width, panel, start):
    """Copy `depth` rows of up to `width` columns into a panel, missing columns as zeros."""
    present = min(columns, width)
    if column_step == 1 and present == width:
        for k in range(depth):
            source, target = b_start + k * row_step, start + k * width
            for v in range(0, width, VECTOR_BYTES // b.itemsize):
                store(panel, target + v, load(b, source + v))
    elif column_step == 1:
        for k in range(depth):
            source, target = b_start + k * row_step, start + k * width
            for j in range(present):
                panel[target + j] = b[source + j]
    else:
        for j in range(present):
            source, target = b_start + j * column_step, start + j
            for k in range(depth):
                panel[target + k * width] = b[source + k * row_step]
    for k in range(depth):
        for j in range(present, width):
            panel[start + k * width + j] = 0


@compiled()
def pack(b, b_start, row_step, column_step, depth, columns, packed, start):
    """Copy a matrix into consecutive panels.

    Callers write np.intp(1) for a step of 1, since Numba compiles this again for every literal number.
    """
    size = VECTOR_BYTES // b.itemsize
    vectors = (columns + size - 1) // size
    for p in range(panel_count(vectors)):
        count = vectors - 2 * p if vectors - 2 * p <= 3 else 2
        first = 2 * p * size
        source, target = b_start + first * column_step, start + first * depth
        pack_panel(b, source, row_step, column_step, depth, columns - first, count * size, packed, target)


def _multiply_packed(
    lanes, a, a_start, a_rows, a_step, run_length, runs, run_step, packed, packed_start,
    c, c_start, c_rows, rows, columns, accumulate,
):  # fmt: skip
    depth, vectors, first = run_length * runs, (columns + lanes - 1) // lanes, 0
    while vectors > 0:
        panel, start, left = packed_start + first * depth, c_start + first, columns - first
        if vectors == 1:
            for row in range(0, rows, ROWS_1):
                tile_1(a, a_start, a_rows, a_step, run_length, runs, run_step, packed, panel,
                       c, start, c_rows, row, rows - row, left, accumulate)  # fmt: skip
        elif vectors == 3:
            for row in range(0, rows, ROWS_3):
                tile_3(a, a_start, a_rows, a_step, run_length, runs, run_step, packed, panel,
                       c, start, c_rows, row, rows - row, left, accumulate)  # fmt: skip
        else:
            for row in range(0, rows, ROWS_2):
                tile_2(a, a_start, a_rows, a_step, run_length, runs, run_step, packed, panel,
                       c, start, c_rows, row, rows - row, left, accumulate)  # fmt: skip
        count = vectors if vectors <= 3 else 2
        vectors, first = vectors - count, first + count * lanes


@lru_cache
def compiled_multiplication(dtype: np.dtype):
    """The C function behind `multiplier`; kept, since its address is good only as long as it lives."""
    numbers, n = types.CPointer(from_dtype(dtype)), types.intp
    table = types.CPointer(n)
    signature = types.void(n, numbers, n, table, n, n, n, n, numbers, n, numbers, n, table, n, n, types.boolean)
    return compiled_callback(signature, _multiply_packed)


def multiplier(dtype: np.dtype) -> int:
    """The address of the compiled multiplication of packed panels, for `multiply_packed`.

    Numba compiles what a function calls again with each caller, and the tiles are most of what there is to compile: so
    they are compiled once and called through their address.
    """
    return compiled_multiplication(dtype).address


@intrinsic
def multiply_packed(
    typingctx, address, a, a_start, a_rows, a_step, run_length, runs, run_step, packed, packed_start,
    c, c_start, c_rows, rows, columns, accumulate,
):  # fmt: skip
    """C = A·B for a B that `pack` has packed; C += A·B to accumulate; `address` is `multiplier`'s.

    Row m of A starts at a_start + a_rows[m] and has its entries a_step apart, in `runs` pieces of run_length entries,
    which start run_step apart. Row m of C starts at c_start + c_rows[m].
    """

    def codegen(context, builder, signature, operands):
        arguments = [
            data_pointer(context, builder, kind, operand) if isinstance(kind, types.Array) else operand
            for kind, operand in zip(signature.args[1:], operands[1:], strict=True)
        ]
        arguments[-1] = builder.zext(arguments[-1], ir.IntType(8))
        arguments.insert(0, ir.Constant(arguments[1].type, lanes(a.dtype)))
        kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
        builder.call(builder.inttoptr(operands[0], kind.as_pointer()), arguments)
        return context.get_dummy_value()

    n = types.intp
    arguments = (n, a, n, a_rows, n, n, n, n, packed, n, c, n, c_rows, n, n, types.boolean)
    return types.void(*arguments), codegen


@compiled()
def multiples(count, step):
    """0, step, 2·step, …: where rows start that follow each other."""
    table = np.empty(count, np.intp)
    for m in range(count):
        table[m] = m * step
    return table


@compiled()
def multiply_block(
    address, p, first_row, last_row, a, a_row_step, a_step, b, b_row_step, b_column_step, c, depth, columns
):  # fmt: skip
    """One panel of columns and one block of rows of a matrix product, a piece of the depth at a time."""
    size = VECTOR_BYTES // a.itemsize
    vectors = (columns + size - 1) // size
    count = vectors - 2 * p if vectors - 2 * p <= 3 else 2
    first = 2 * p * size
    width, rows = min(count * size, columns - first), last_row - first_row
    panel = np.empty(count * size * min(depth, DEPTH_BLOCK), a.dtype)
    a_rows, c_rows = multiples(rows, a_row_step), multiples(rows, columns)
    for k in range(0, depth, DEPTH_BLOCK):
        length = min(DEPTH_BLOCK, depth - k)
        source = k * b_row_step + first * b_column_step
        pack_panel(b, source, b_row_step, b_column_step, length, columns - first, count * size, panel, np.intp(0))
        multiply_packed(
            address, a, first_row * a_row_step + k * a_step, a_rows, a_step, length, 1, 0, panel, 0,
            c, first_row * columns + first, c_rows, rows, width, k > 0,
        )  # fmt: skip


@compiled(parallel=True)
def matrix_product(address, a, a_row_step, a_step, b, b_row_step, b_column_step, c, rows, depth, columns):
    """C = A·B, C [rows, columns] contiguous, A and B with any steps, all flat; tasks are independent blocks of C."""
    size = VECTOR_BYTES // a.itemsize
    panels = panel_count((columns + size - 1) // size)
    blocks = (rows + ROW_BLOCK - 1) // ROW_BLOCK
    height = (rows + blocks - 1) // blocks
    tasks = panels * blocks
    if tasks == 1 or rows * depth * columns < PARALLEL_WORK:
        for p in range(panels):
            multiply_block(
                address, p, np.intp(0), rows, a, a_row_step, a_step, b, b_row_step, b_column_step, c, depth, columns
            )  # fmt: skip
    else:
        for task in prange(tasks):
            first = np.intp(task) % blocks * height
            multiply_block(
                address, np.intp(task) // blocks, first, min(rows, first + height),
                a, a_row_step, a_step, b, b_row_step, b_column_step, c, depth, columns,
            )  # fmt: skip
