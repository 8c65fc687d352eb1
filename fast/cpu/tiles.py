"""The tile of a matrix product: some rows times some vectors of columns, whose sums stay in vector registers.

It is written in LLVM's instructions, since no compiler finds it in loops. What it multiplies is found through tables:
so A may be a transposed matrix, or the windows of an image that nobody ever copied out (see `convolution`).
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fast.cpu.shuffles import take_lanes
from fast.cpu.vectors import (
    VECTOR_REGISTERS,
    call_intrinsic,
    data_pointer,
    lanes_below,
    load_lanes,
    load_vector,
    store_lanes,
    store_vector,
    vector_type,
)

#: Rows of the tile for 1, 2 and 3 vectors of columns: accumulators, V vectors of B and one entry of A fill the vector
#: registers, and the addresses of more than 8 rows would not fit the general ones.
TILE_ROWS = (8, 6, 4) if VECTOR_REGISTERS == 16 else (8, 8, 8)
ROWS_1, ROWS_2, ROWS_3 = TILE_ROWS
#: Steps of the depth in one go where that saves addresses: each step alone would move those of all rows, and while
#: another program shares the core, such instructions cost as much as the products.
UNROLLED = 4
#: Steps from which on it pays to fetch the tile's place in C meanwhile: of [1024, 1024] squared, 256 steps at a time,
#: one thread did 114 GFLOP/s instead of 102.
LONG_DEPTH = 128
#: Ways through A: along its rows, whose entries are neighbours; across neighbouring rows, which share an address; and
#: from anywhere to anywhere, where each row's address and the step take a register.
ALONG, ACROSS, ANYWHERE = "along", "across", "anywhere"


class Rows(NamedTuple):
    """A matrix whose rows begin anywhere: row m at data[start + places[m]]; places of A ascend."""

    data: np.ndarray
    start: int
    places: np.ndarray


class Depth(NamedTuple):
    """The way along a row: `runs` pieces, run_step apart, of run_length entries, step apart."""

    step: int
    run_length: int
    runs: int
    run_step: int


def tile(vectors: int, rows: int):
    """Make the intrinsic that computes `rows` rows times `vectors` vectors of columns of C."""

    def codegen(context, builder, signature, operands):
        kinds, vector = signature.args, vector_type(signature.args[0][0].dtype)
        operands = flattened(context, builder, kinds, operands)
        given = bundled(kinds, operands)

        def call(way):
            builder.call(tile_function(builder.module, vector, rows, vectors, kinds, operands, way), operands)

        with builder.if_else(builder.icmp_signed("==", given[1].step, given[5].type(1))) as (along, other):
            with along:
                call(ALONG)
            with other, builder.if_else(are_neighbours(builder, given[0], given[5], given[6], rows)) as (yes, no):
                with yes:
                    call(ACROSS)
                with no:
                    call(ANYWHERE)
        return context.get_dummy_value()

    @intrinsic
    def compute_tile(typingctx, a, depth, panels, panel, c, first_row, row_count, column_count, accumulate):
        n = types.intp
        return types.void(a, depth, panels, n, c, n, n, n, types.boolean), codegen

    return compute_tile


def are_neighbours(builder, a, first_row, row_count, rows):
    """Whether A has as many more rows as a tile, and these are places that ascend by one."""
    integer = row_count.type
    last = builder.sub(row_count, integer(1))
    whole = builder.icmp_signed(">=", last, integer(rows - 1))
    # What isn't whole has no such place.
    end = builder.add(first_row, builder.select(whole, integer(rows - 1), last))
    places = [builder.load(builder.gep(a.places, [place])) for place in (first_row, end)]
    return builder.and_(whole, builder.icmp_signed("==", builder.sub(places[1], places[0]), integer(rows - 1)))


def tile_function(module, vector, rows, vectors, kinds, operands, way):
    """The LLVM function of a tile that goes some way, written where there is none yet.

    A function of its own: inlined, its loops would have to share the registers with the caller's; and one for each way,
    which would have to share them, too.
    """
    kind = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands])
    function = cgutils.get_or_insert_function(module, kind, f"tile_{vector.count}_{vectors}_{rows}_{way}")
    if function.blocks:
        return function
    # "optsize" keeps LLVM from unrolling a loop whose body already fills all vector registers.
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.attributes.add("optsize")
    for argument in function.args:
        if isinstance(argument.type, ir.PointerType):
            argument.add_attribute("noalias")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    build_tile(builder, way, vector, rows, vectors, *bundled(kinds, function.args))
    return function


def flattened(context, builder, kinds, values):
    """LLVM's values for arguments of a function of its own: of an array its address, of a tuple its entries."""
    flat = []
    for kind, value in zip(kinds, values, strict=True):
        if isinstance(kind, types.BaseTuple):
            flat += flattened(context, builder, kind.types, cgutils.unpack_tuple(builder, value))
        else:
            flat.append(data_pointer(context, builder, kind, value) if isinstance(kind, types.Array) else value)
    return flat


def bundled(kinds, flat):
    """Arguments put together again to the named tuples that `flattened` took apart."""
    values = iter(flat)
    return [
        kind.instance_class(*itertools.islice(values, len(kind))) if isinstance(kind, types.BaseTuple) else next(values)
        for kind in kinds
    ]


def build_tile(
    builder, way, vector, rows, vectors, a, depth, panels, panel, c, first_row, row_count, column_count, accumulate
):
    """Write the LLVM function of a tile."""

    def constant(value):
        return ir.Constant(row_count.type, value)

    def entry(base, *offsets):
        for offset in offsets:
            base = builder.gep(base, [offset])
        return base

    # A tile at the lower edge reads its last row again instead of reading past the end; it stores no row twice.
    last = builder.sub(row_count, constant(1))
    beyond = [builder.icmp_signed(">", constant(m), last) for m in range(rows)]
    places = [builder.add(first_row, builder.select(beyond[m], last, constant(m))) for m in range(rows)]
    own = places[:1] if way == ACROSS else places
    row_pointers = [entry(a.data, a.start, builder.load(entry(a.places, place))) for place in own]
    steps = builder.mul(depth.runs, depth.run_length)
    with builder.if_then(builder.icmp_signed(">=", steps, constant(LONG_DEPTH))):
        # While the products are summed, the places where they'll go come closer.
        for m in range(rows):
            target = entry(c.data, c.start, builder.load(entry(c.places, places[m])))
            for v in range(vectors):
                prefetch_to_write(builder, entry(target, constant(v * vector.count)))
    zero = ir.Constant(vector, [0.0] * vector.count)
    sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(vectors)] for _ in range(rows)]
    position = cgutils.alloca_once_value(builder, entry(panels, panel))
    with cgutils.for_range(builder, depth.runs) as run:
        starts = [entry(row, builder.mul(run.index, depth.run_step)) for row in row_pointers]

        def entries(offset, starts=starts):
            """Where the rows' entries lie at a step."""
            pointers = [entry(start, offset) for start in starts]
            return [entry(pointers[0], constant(m)) for m in range(rows)] if way == ACROSS else pointers

        walk = partial(walk_run, builder, sums, entries, position, constant(1) if way == ALONG else depth.step)
        if way == ANYWHERE:
            walk(constant(0), depth.run_length, 1)
        else:
            whole = builder.and_(depth.run_length, constant(-UNROLLED))
            walk(constant(0), whole, UNROLLED)
            walk(whole, depth.run_length, 1)
    # Row by row and in order: with `accumulate`, rows of C may overlap.
    for m in range(rows):
        with builder.if_then(builder.not_(beyond[m])):
            target = entry(c.data, c.start, builder.load(entry(c.places, places[m])))
            for v in range(vectors):
                store_columns(builder, sums[m][v], target, v * vector.count, column_count, accumulate)
    builder.ret_void()


def walk_run(builder, sums, entries, position, step, first, end, together):
    """Walk along a piece of the depth, so many steps in one go."""

    def constant(value):
        return ir.Constant(step.type, value)

    width = len(sums[0]) * sums[0][0].type.pointee.count
    with cgutils.for_range_slice(builder, first, end, constant(together), inc=True) as (index, _):
        for n in range(together):
            offset = builder.mul(builder.add(index, constant(n)), step)
            panel = builder.gep(builder.load(position), [constant(n * width)])
            add_products(builder, sums, entries(offset), panel)
        builder.store(builder.gep(builder.load(position), [constant(together * width)]), position)


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


def prefetch_to_write(builder, pointer):
    """Ask for the line of the cache at an address, before it is written to."""
    byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    to_write, first_level, data = number(1), number(3), number(1)
    builder.call(function, [builder.bitcast(pointer, byte), to_write, first_level, data])


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
            present = lanes_below(builder, left, vector)
            with builder.if_then(accumulate):
                before = load_lanes(builder, target, present, vector)
                builder.store(builder.fadd(before, builder.load(slot)), slot)
            store_lanes(builder, builder.load(slot), target, present)


tile_1, tile_2, tile_3 = (tile(vectors, rows) for vectors, rows in enumerate(TILE_ROWS, 1))
