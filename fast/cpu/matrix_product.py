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
8. few rows, or few steps of the depth: B where it lies, since copying it would be most of the work (`small_products`).
9. panels of three vectors where there are registers for it, a deeper piece of the depth, and C fetched while its sums
   are made: [1024, 1024] squared took 11.8 ms on two cores with AVX-512, now 10.6.

In which order an entry of C is summed depends on shapes and steps only: the same bits for any number of threads, and an
error of at most γ_K·Σ|a||b|. A product makes a copy of B, and each thread one of a block of A, of 540 KB at most.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numba import prange

from fast.cpu.compilation import compiled, leaf
from fast.cpu.finishing import finish_rows
from fast.cpu.panels import (
    Matrix,
    multiples,
    multiply_packed,
    pack_one,
    padded_columns,
    panel_count,
    panel_place,
    piece_length,
    rows_of_block,
    transpose_into,
)
from fast.cpu.rows import aligned, copy_row
from fast.cpu.small_products import small_product
from fast.cpu.threads import PARALLEL_WORK
from fast.cpu.tiles import Depth, Rows
from fast.cpu.vectors import VECTOR_BYTES

#: Rows of C that one task computes with its panel: enough to make the copying of the panel cheap.
ROW_BLOCK = 128
#: Tasks to make of a product at least: a multiple of many numbers of threads.
TASKS = 12


@cache
def no_bias(dtype: np.dtype) -> np.ndarray:
    """The bias of a product that has none."""
    return np.empty(0, dtype)


@leaf
def pack_block(a, rows, depth, block, step):
    """Copy some rows of A, whose entries may lie far apart, to rows without gaps within, `step` apart."""
    if a.step == 1:
        for m in range(rows):
            copy_row(a.data, a.start + m * a.row_step, depth, block, m * step)
        return
    transpose_into(a.data, a.start, a.step, a.row_step, depth, rows, block, np.intp(0), step)


@compiled()
def multiply_block(address, finisher, a, packed, bias, c, depth, columns, rows, panels):
    """Some rows of C, and the columns of some panels, from a packed B, a piece of the depth at a time; and finished."""
    first, _ = panel_place(panels.start, columns, c.itemsize)
    place, wide = panel_place(panels.stop - 1, columns, c.itemsize)
    last, length = min(columns, place + wide), piece_length(depth)
    height, width = rows.stop - rows.start, padded_columns(columns, c.itemsize)
    target = Rows(c, rows.start * columns + first, multiples(height, columns))
    # Where A's entries are neighbours, or its rows, copying them pays only if many columns use the copy.
    packs = min(a.step, a.row_step) != 1 or last - first > ROW_BLOCK
    # Rows as far apart as a power of two would share the same few lines of the cache.
    row_step = length + VECTOR_BYTES // c.itemsize
    block = np.empty(height * row_step if packs else 0, c.dtype)
    for k in range(0, depth, length):
        steps = min(length, depth - k)
        part = Matrix(a.data, a.start + rows.start * a.row_step + k * a.step, a.row_step, a.step)
        if packs:
            pack_block(part, height, steps, block, row_step)
            part = Matrix(block, np.intp(0), row_step, 1)
        source, start = Rows(part.data, part.start, multiples(height, part.row_step)), k * width + first * steps
        way = Depth(part.step, steps, 1, 0)
        multiply_packed(address, source, way, packed, start, target, height, last - first, k > 0)
    if bias.size:
        finish_rows(finisher, c, target.start, columns, height, bias[first:last])


@leaf
def pack_piece(task, b, depth, columns, packed):
    """The panel of a piece of B's depth that a task copies: panels of one piece after the other."""
    panels, length = panel_count(columns, packed.itemsize), piece_length(depth)
    k = task // panels * length
    part = Matrix(b.data, b.start + k * b.row_step, b.row_step, b.step)
    start = k * padded_columns(columns, packed.itemsize)
    pack_one(task % panels, part, min(length, depth - k), columns, packed, start)


@compiled(parallel=True)
def matrix_product(address, finisher, a, b, bias, c, rows, depth, columns):
    """C = f(A·B + bias) for two of class `Matrix`, C [rows, columns] flat; without a bias of any numbers, A·B.

    Tasks are independent blocks of C.
    """
    if small_product(a, b, c, rows, depth, columns):
        if bias.size:
            finish_rows(finisher, c, 0, columns, rows, bias)
        return
    panels, length = panel_count(columns, c.itemsize), piece_length(depth)
    pieces = (depth + length - 1) // length
    packed = aligned(depth * padded_columns(columns, c.itemsize), c)
    blocks = (rows + ROW_BLOCK - 1) // ROW_BLOCK
    # Of several, two threads get as many.
    blocks += blocks % 2 if blocks > 1 else 0
    if rows * depth * columns < PARALLEL_WORK:
        for task in range(pieces * panels):
            pack_piece(task, b, depth, columns, packed)
        for block in range(blocks):
            part = rows_of_block(block, blocks, rows)
            multiply_block(address, finisher, a, packed, bias, c, depth, columns, part, slice(0, panels))
    else:
        for task in prange(pieces * panels if blocks > 1 else 0):
            pack_piece(np.intp(task), b, depth, columns, packed)
        # Of few blocks each is shared out, some panels to a task; of a single one, who multiplies by them copies them,
        # lest they go from one core's cache to another's.
        groups = min(panels, max(1, (TASKS + blocks - 1) // blocks))
        for task in prange(blocks * groups):
            block, group = np.intp(task) // groups, np.intp(task) % groups
            part = rows_of_block(block, blocks, rows)
            shared = slice(group * panels // groups, (group + 1) * panels // groups)
            for piece in range(pieces if blocks == 1 else 0):
                for panel in range(shared.start, shared.stop):
                    pack_piece(piece * panels + panel, b, depth, columns, packed)
            multiply_block(address, finisher, a, packed, bias, c, depth, columns, part, shared)
