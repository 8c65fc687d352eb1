"""Matrix products in tiles: the kernel under dense layers and convolutions.

The ladder that led here:

1. One thread for each output, reading a row and a column from global memory: every number is fetched again for each
   output that needs it, and the kernel waits for memory.
2. Tiles: a block computes a rectangle of outputs and keeps the matching strips of both operands in shared memory, so a
   number is fetched once for a whole row or column of the rectangle (`fast.cuda.tiles`).
3. Many outputs a thread, in registers: 8 rows and 8 columns of float32 take 64 multiply-adds for 16 numbers from
   shared memory, which come with 4 instructions, 16 bytes each.
4. Two strips of each operand: while one is multiplied, the next one comes from global memory into registers, and goes
   to where nobody reads. That needs one barrier a strip. All of a strip's multiply-adds stand in one piece of code.
5. Operands by function: how an operand is read is a device function, compiled into the kernel. A transposed matrix and
   an image read window by window (an implicit matrix that nobody stores) cost no copy. What is done with a finished sum
   (a bias, an activation) is one, too: the sum is in a register then.
6. Tiles of three shapes: a few columns, as a convolution with few filters has, would leave half of a wide one empty;
   and few outputs in large tiles would leave multiprocessors idle.
7. Slices: a long sum behind few outputs (the gradient of a small filter over many images) keeps few blocks busy. It is
   cut into slices, each with blocks of its own, that are added in a fixed order. No atomics: the same bits every time.
8. Tensor cores, for who asks for TF32: operands are rounded to 11 bits, and the lanes of a warp multiply together
   (`fast.cuda.warp_tiles`). The kernel and the operands are the same.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from fast.cuda import tensor_cores
from fast.cuda.activations import relu_at, relu_vjp_at
from fast.cuda.device import (
    BUSY_BLOCKS,
    DEPTH,
    SHORTEST_SLICE,
    SIMULATED,
    bounded_kernel,
    cuda,
    device_function,
    empty,
    kernel,
    launch,
    launch_over,
)
from fast.cuda.tiles import Operand, Tile, keep_piece, stride_of, strip_functions, tile_functions, turns_of
from fast.cuda.vectors import MOST_LANES, VECTOR_BYTES, in_vectors, lanes_of, move_vector, number_at
from fast.cuda.warp_tiles import WarpTile, round_piece, warp_tile_functions

#: Of 128 x 64 float32, of 128 x 32 and of 64 x 32; half as many of float64 each way.
WIDE = Tile(1, 2, 2, 1) if SIMULATED else Tile(16, 8, 2, 2)
SLIM = Tile(2, 1, 1, 1) if SIMULATED else Tile(16, 8, 2, 1)
SMALL = Tile(1, 1, 1, 1) if SIMULATED else Tile(16, 8, 1, 1)
#: The most tiles side by side in one launch: a grid has room for no more blocks along its second axis.
MOST_ACROSS = 2 if SIMULATED else 65_535
#: Of 128 x 64 float32, for tensor cores.
BY_WARPS = WarpTile(1, 1, 1) if SIMULATED else WarpTile(2, 2, 2)
#: So many threads find room on a multiprocessor, three warps for each of its schedulers. That leaves a thread 168
#: registers, of which 64 are sums: with fewer, numbers would be put aside in memory in the middle of the loop.
TOGETHER = 384


def product_kernel(tile: Tile | WarpTile, left: Operand, right: Operand, finish: Any) -> Any:
    """Make a kernel for finish(Σ left[row, k]·right[k, column], details, place, column); place: the output's."""
    (rows_wide, columns_wide), threads = tile.pieces, tile.threads
    (row_numbers, column_numbers), outputs = tile.room, tile.outputs
    if isinstance(tile, WarpTile):
        functions, change = warp_tile_functions(tile, finish), round_piece
    else:
        functions, change = tile_functions(tile, finish), keep_piece
    first_output, multiply_strips, write = functions
    remember_left, prefetch_left, store_left = strip_functions(left, rows_wide, threads, change)
    remember_right, prefetch_right, store_right = strip_functions(right, columns_wide, threads, change)
    left_turns, right_turns = turns_of(rows_wide, threads), turns_of(columns_wide, threads)
    left_lines, right_lines, left_numbers, right_numbers = (
        size * turns for size in (3, MOST_LANES) for turns in (left_turns, right_turns)
    )

    @bounded_kernel(threads, TOGETHER // threads)
    def multiply(
        a: Any, a_details: Any, b: Any, b_details: Any, details: Any, lengths: Any, part: Any, result: Any
    ) -> None:
        thread, lanes, (rows, columns, depth), (slice_depth, before) = cuda.threadIdx.x, lanes_of(result), lengths, part
        tiles = cuda.shared.array(0, result.dtype, VECTOR_BYTES)  # where pieces are moved
        sums = cuda.local.array(outputs, result.dtype)
        a_now, b_now = cuda.local.array(row_numbers, result.dtype), cuda.local.array(column_numbers, result.dtype)
        a_lines, b_lines = cuda.local.array(left_lines, np.int64), cuda.local.array(right_lines, np.int64)
        a_next, b_next = cuda.local.array(left_numbers, result.dtype), cuda.local.array(right_numbers, result.dtype)
        first_row, first_column = cuda.blockIdx.x * rows_wide * lanes, (before + cuda.blockIdx.y) * columns_wide * lanes
        begin = cuda.blockIdx.z * slice_depth
        end = min(depth, begin + slice_depth)
        a_edges, b_edges = (rows - first_row, end), (columns - first_column, end)
        for place in range(outputs):
            sums[place] = result.dtype.type(0)
        remember_left(thread, lanes, a_details, first_row, a_lines)
        remember_right(thread, lanes, b_details, first_column, b_lines)
        prefetch_left(thread, a, a_details, a_lines, a_edges, begin, a_next)
        prefetch_right(thread, b, b_details, b_lines, b_edges, begin, b_next)
        now, both = 0, DEPTH * (stride_of(rows_wide, lanes) + stride_of(columns_wide, lanes))
        store_left(thread, a_next, tiles, now)
        store_right(thread, b_next, tiles, now + DEPTH * stride_of(rows_wide, lanes))
        cuda.syncthreads()
        for start in range(begin + DEPTH, end + DEPTH, DEPTH):
            if start < end:
                prefetch_left(thread, a, a_details, a_lines, a_edges, start, a_next)
                prefetch_right(thread, b, b_details, b_lines, b_edges, start, b_next)
            multiply_strips(thread, tiles, now, a_now, b_now, sums)
            if start < end:
                now = both - now
                store_left(thread, a_next, tiles, now)
                store_right(thread, b_next, tiles, now + DEPTH * stride_of(rows_wide, lanes))
                cuda.syncthreads()
        down, across = first_output(thread, lanes)
        own = first_row + down, first_column + across
        write(thread, sums, a_now, details, own, (rows, columns), result, cuda.blockIdx.z * rows * columns)

    return multiply


class Products(NamedTuple):
    """Kernels for one product, by tile; that by tensor cores is there for products of what an operation is given."""

    wide: Any
    slim: Any
    small: Any
    by_warps: Any = None


def product_kernels(left: Operand, right: Operand, finish: Any, *, of_given: bool = False) -> Products:
    """Make the kernels for finish(Σ left[row, k]·right[k, column], details, place, column)."""
    tiles = TILES if of_given else TILES[:-1]
    return Products(*(product_kernel(tile, left, right, finish) for tile in tiles))


@device_function
def line_of_rows(details: Any, line: int) -> tuple[int, int, int]:
    """Where a row of a matrix begins."""
    return line * details[0], 0, 0


@device_function
def line_of_columns(details: Any, line: int) -> tuple[int, int, int]:
    """Where a column of a matrix begins."""
    return line, 0, 0


@device_function
def along_rows(matrix: Any, details: Any, located: Any, k: int, count: int, numbers: Any, at: int) -> None:
    """A piece of a matrix whose rows are lines."""
    move_piece(matrix, located[0] + k, details[1], count, numbers, at)


@device_function
def across_rows(matrix: Any, details: Any, located: Any, k: int, count: int, numbers: Any, at: int) -> None:
    """A piece of a matrix whose columns are lines."""
    move_piece(matrix, located[0] + k * details[0], details[1], count, numbers, at)


@device_function
def move_piece(array: Any, place: int, whole: int, count: int, numbers: Any, at: int) -> None:
    """Bring what there is of a piece into registers, zeros for the rest; at once if pieces are whole or not there."""
    lanes = lanes_of(numbers)
    if whole and count > 0:
        move_vector(array, place, numbers, at)
    else:
        for lane in range(lanes):
            numbers[at + lane] = number_at(array, place + lane) if lane < count else array.dtype.type(0)


@device_function
def as_it_is(total: Any, details: Any, place: int, column: int) -> Any:
    """Leave a sum alone."""
    return total


@device_function
def plus_bias(total: Any, bias: Any, place: int, column: int) -> Any:
    """Add a column's bias to a sum."""
    return total + number_at(bias, column)


@device_function
def relu_plus_bias(total: Any, bias: Any, place: int, column: int) -> Any:
    """A layer's output: relu of a sum and its column's bias."""
    return relu_at(total + number_at(bias, column))


@device_function
def back_through_relu(total: Any, outputs: Any, place: int, column: int) -> Any:
    """A gradient behind relu, from that before it: what relu puts out is positive exactly where what it got is."""
    return relu_vjp_at(number_at(outputs, place), total)


TILES: tuple[Tile | WarpTile, ...] = WIDE, SLIM, SMALL, BY_WARPS
by_rows, by_columns = Operand(line_of_rows, along_rows, True), Operand(line_of_columns, across_rows, False)
plain_product = product_kernels(by_rows, by_columns, as_it_is, of_given=True)
product_plus_bias = product_kernels(by_rows, by_columns, plus_bias, of_given=True)
product_then_relu = product_kernels(by_rows, by_columns, relu_plus_bias)
product_with_transpose = product_kernels(by_rows, by_rows, as_it_is, of_given=True)
product_back_through_relu = product_kernels(by_rows, by_rows, back_through_relu)
product_of_transpose = product_kernels(by_columns, by_columns, as_it_is, of_given=True)


@kernel
def add_slices(slices: Any, result: Any) -> None:
    """Add up what the blocks of each slice computed, first to last."""
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        total = slices[place]
        for before in range(result.size, slices.size, result.size):
            total += slices[before + place]
        result[place] = total


def multiply(
    products: Products,
    left: Any,
    right: Any,
    lengths: tuple[int, int, int],
    details: Any = 0,
    *,
    sliced: bool = False,
    of_given: bool = False,
) -> Any:
    """Run a product of rows, columns and depth of these lengths; returns [rows, columns] on the device.

    An operand is a flat device array and what its functions are told of it, as `matrix` makes both of a matrix. Sums
    may be `sliced` where nothing is left to do with them. Operands that are `of_given`, what the operation itself was
    given, may be rounded to TF32, once: that is what the variant claims, and it claims it of nothing in between.
    """
    rows, columns, depth = lengths
    dtype = left[0].dtype
    tile = BY_WARPS if of_given and tensor_cores.TF32 and dtype == np.float32 else tile_for(rows, columns, dtype)
    blocks = blocks_of(tile, rows, columns, dtype)
    slice_depth = slice_depth_for(depth, math.prod(blocks)) if sliced else depth
    slices = math.ceil(depth / slice_depth)
    parts = empty(slices * rows * columns, dtype)
    launch_tiles(products, tile, (*blocks, slices), (*left, *right, details, lengths), slice_depth, parts)
    result = parts
    if slices > 1:
        result = empty(rows * columns, dtype)
        launch_over(add_slices, result.size, parts, result)
    return result.reshape(rows, columns)


def launch_tiles(
    products: Products,
    tile: Tile,
    blocks: tuple[int, int, int],
    arguments: tuple[Any, ...],
    slice_depth: int,
    result: Any,
) -> None:
    """Run a product by tiles: so many down, across and for slices. Those for which a grid has no room come later.

    Flat grids, whose blocks divide to find their tile, would take registers that the largest tiles don't have.
    """
    (down, across, slices), compiled = blocks, products[TILES.index(tile)]
    shared_bytes = 2 * DEPTH * sum(pieces + 1 for pieces in tile.pieces) * VECTOR_BYTES
    for before in range(0, across, MOST_ACROSS):
        grid = down, min(across - before, MOST_ACROSS), slices
        launch(compiled, grid, tile.threads, *arguments, (slice_depth, before), result, shared_bytes=shared_bytes)


def matrix(array: Any) -> tuple[Any, tuple[int, int]]:
    """A contiguous matrix on the device as an operand: flat, with its columns and whether its rows are whole pieces."""
    columns = array.shape[1]
    return array.reshape(array.size), (columns, int(in_vectors(array, columns)))


def tile_for(rows: int, columns: int, dtype: np.dtype) -> Tile:
    """The tile for a product of float32 or float64 throughout."""
    tile = SLIM if blocks_of(SLIM, rows, columns, dtype)[1] == 1 else WIDE
    return SMALL if math.prod(blocks_of(tile, rows, columns, dtype)) < BUSY_BLOCKS else tile


def blocks_of(tile: Tile | WarpTile, rows: int, columns: int, dtype: np.dtype) -> tuple[int, int]:
    """How many blocks of a tile there are along both sides of a product."""
    (high, broad), lanes = tile.pieces, VECTOR_BYTES // dtype.itemsize
    return math.ceil(rows / (high * lanes)), math.ceil(columns / (broad * lanes))


def slice_depth_for(depth: int, blocks: int) -> int:
    """How long slices are if there shall be enough for a GPU, and none of them short."""
    return max(SHORTEST_SLICE, math.ceil(depth * blocks / BUSY_BLOCKS / DEPTH) * DEPTH)
