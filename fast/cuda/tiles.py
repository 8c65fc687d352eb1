"""Tiles of matrix products: how a block fills shared memory with two operands' strips, and multiplies them.

A strip is `DEPTH` long, and as wide as the tile has rows (of the left operand) or columns (of the right). In shared
memory its numbers lie depth by depth, so that a thread reads its rows, and its columns, 16 bytes at a time.

An operand is two device functions and one truth:

- `locate(details, line)` is what a thread works out once of a row of the left operand, or a column of the right:
  three integers. Nothing that costs a division has to be done again in the loop over the depth.
- `fetch(array, details, located, k, count, numbers, at)` puts a piece of 16 bytes into registers, numbers[at] and on:
  `count` numbers of the operand, and zeros after them.
- It runs deep if its pieces lie along the depth (at k, k + 1, … of one line), else they lie along its lines.

Past an operand's edge both strips hold zeros, which add 0·0 to sums and never 0·∞.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

from fast.cuda.device import DEPTH, device_function
from fast.cuda.vectors import MOST_LANES, lanes_of, move_vector, put_number


class Tile(NamedTuple):
    """How the threads of a block share its outputs: so many threads down and across, each with rows and columns of so
    many pieces of 16 bytes, those of neighbouring threads next to each other."""

    down: int
    across: int
    row_pieces: int
    column_pieces: int

    @property
    def threads(self) -> int:
        """Those of a block."""
        return self.down * self.across

    @property
    def pieces(self) -> tuple[int, int]:
        """The tile's rows and columns, in pieces."""
        return self.down * self.row_pieces, self.across * self.column_pieces

    @property
    def room(self) -> tuple[int, int]:
        """How many numbers of a depth's rows and columns a thread holds at most."""
        return self.row_pieces * MOST_LANES, self.column_pieces * MOST_LANES

    @property
    def outputs(self) -> int:
        """How many a thread computes at most."""
        return math.prod(self.room)


class Operand(NamedTuple):
    """How an operand is read: see this module's text."""

    locate: Any
    fetch: Any
    runs_deep: bool


@device_function
def keep_piece(numbers: Any, at: int) -> None:
    """Leave a piece of an operand as it is."""


@cache
def strip_functions(
    operand: Operand, pieces: int, threads: int, change_piece: Any = keep_piece
) -> tuple[Any, Any, Any]:
    """Make the device functions that bring an operand's strips, so many pieces of 16 bytes wide, to shared memory.

    Once for all products that read such strips: most of what it takes to compile a kernel is spent on its functions.
    `remember` locates the lines of which a thread brings numbers, `prefetch` brings them into registers, and `store`
    changes them, if they are to be others, and writes them to shared memory. A thread brings one piece, or one after
    another.
    """
    locate, fetch, runs_deep = operand
    count = pieces * DEPTH
    turns = turns_of(pieces, threads)

    @device_function
    def begin(lanes: int, thread: int, turn: int) -> tuple[int, int]:
        """Where a thread's piece begins: its line within the tile, and its depth."""
        piece = thread + turn * threads
        if runs_deep:
            return piece // (DEPTH // lanes), piece % (DEPTH // lanes) * lanes
        return piece % pieces * lanes, piece // pieces

    @device_function
    def is_there(thread: int, turn: int) -> bool:
        """Whether there is another piece for a thread."""
        return count % threads == 0 or thread + turn * threads < count

    @device_function
    def remember(thread: int, lanes: int, details: Any, first: int, located: Any) -> None:
        for turn in range(turns):
            line, _ = begin(lanes, thread, turn)
            located[3 * turn], located[3 * turn + 1], located[3 * turn + 2] = locate(details, first + line)

    @device_function
    def prefetch(thread: int, array: Any, details: Any, located: Any, edges: Any, start: int, numbers: Any) -> None:
        """`edges` are where the lines end, counted from the tile's first, and the depth."""
        lanes, (lines, depth) = lanes_of(array), edges
        for turn in range(turns):
            line, k = begin(lanes, thread, turn)
            along, across = (depth - start - k, lines - line) if runs_deep else (lines - line, depth - start - k)
            inside = along if across > 0 and is_there(thread, turn) else 0
            where = located[3 * turn], located[3 * turn + 1], located[3 * turn + 2]
            fetch(array, details, where, start + k, inside, numbers, turn * lanes)

    @device_function
    def store(thread: int, numbers: Any, tiles: Any, first: int) -> None:
        lanes = lanes_of(tiles)
        stride = stride_of(pieces, lanes)
        for turn in range(turns):
            line, k = begin(lanes, thread, turn)
            if is_there(thread, turn):
                change_piece(numbers, turn * lanes)
                if runs_deep:
                    for lane in range(lanes):
                        put_number(tiles, first + (k + lane) * stride + line, numbers[turn * lanes + lane])
                else:
                    move_vector(numbers, turn * lanes, tiles, first + k * stride + line)

    return remember, prefetch, store


@cache
def tile_functions(tile: Tile, finish: Any) -> tuple[Any, Any, Any]:
    """Make the device functions that tell a thread's first output, multiply two strips, and write finished outputs."""
    first_output, multiply_strips, row_of, take_piece = multiply_functions(tile)
    pieces = tile.row_pieces, tile.column_pieces
    return first_output, multiply_strips, write_function(pieces, tile.across, row_of, take_piece, finish)


@cache
def multiply_functions(tile: Tile) -> tuple[Any, Any, Any, Any]:
    """Make the device functions that tell a thread's first output, multiply two strips, and find sums again.

    The last two are what `write_function` asks for.
    """
    down, across, row_pieces, column_pieces = tile
    rows_wide, columns_wide = tile.pieces

    @device_function
    def first_output(thread: int, lanes: int) -> tuple[int, int]:
        return thread // across * lanes, thread % across * lanes

    @device_function
    def row_of(r: int, lanes: int) -> int:
        return r // lanes * down * lanes + r % lanes

    @device_function
    def take_piece(thread: int, sums: Any, at: int, room: Any) -> None:
        for lane in range(lanes_of(sums)):
            room[lane] = sums[at + lane]

    @device_function
    def multiply_depth(tiles: Any, a: int, b: int, rows: Any, columns: Any, sums: Any) -> None:
        lanes = lanes_of(tiles)
        for piece in range(row_pieces):
            move_vector(tiles, a + piece * down * lanes, rows, piece * lanes)
        for piece in range(column_pieces):
            move_vector(tiles, b + piece * across * lanes, columns, piece * lanes)
        for r in range(row_pieces * lanes):
            for c in range(column_pieces * lanes):
                sums[r * column_pieces * lanes + c] += rows[r] * columns[c]

    @device_function
    def multiply_strips(thread: int, tiles: Any, first: int, rows: Any, columns: Any, sums: Any) -> None:
        lanes = lanes_of(tiles)
        along_a, along_b = stride_of(rows_wide, lanes), stride_of(columns_wide, lanes)
        a = first + thread // across * lanes
        b = first + DEPTH * along_a + thread % across * lanes
        # In a loop, each round would cost a fifth of a round more.
        multiply_depth(tiles, a, b, rows, columns, sums)
        multiply_depth(tiles, a + along_a, b + along_b, rows, columns, sums)
        multiply_depth(tiles, a + 2 * along_a, b + 2 * along_b, rows, columns, sums)
        multiply_depth(tiles, a + 3 * along_a, b + 3 * along_b, rows, columns, sums)
        multiply_depth(tiles, a + 4 * along_a, b + 4 * along_b, rows, columns, sums)
        multiply_depth(tiles, a + 5 * along_a, b + 5 * along_b, rows, columns, sums)
        multiply_depth(tiles, a + 6 * along_a, b + 6 * along_b, rows, columns, sums)
        multiply_depth(tiles, a + 7 * along_a, b + 7 * along_b, rows, columns, sums)

    return first_output, multiply_strips, row_of, take_piece


def write_function(pieces: tuple[int, int], across: int, row_of: Any, take_piece: Any, finish: Any) -> Any:
    """Make the device function that writes a thread's sums when they are finished; it wants room for a piece.

    The thread has so many pieces of rows and of columns, and between the latter are those of as many threads as are
    `across`. `row_of(r, lanes)` is how far its row r lies below its first one, and `take_piece(thread, sums, at, room)`
    brings the sums of a piece into the order of their columns.
    """
    row_pieces, column_pieces = pieces

    @device_function
    def write_piece(room: Any, details: Any, place: int, column: int, result: Any, first: int) -> None:
        for lane in range(lanes_of(result)):
            room[lane] = finish(room[lane], details, place + lane, column + lane)
        move_vector(room, 0, result, first + place)

    @device_function
    def write_row(
        r: int, thread: int, sums: Any, room: Any, details: Any, start: Any, edges: Any, result: Any, first: int
    ) -> None:
        (first_row, first_column), (rows, columns), lanes = start, edges, lanes_of(result)
        row = first_row + row_of(r, lanes)
        if r < row_pieces * lanes and row < rows:
            for c in range(column_pieces):
                column = first_column + c * across * lanes
                place = row * columns + column
                take_piece(thread, sums, (r * column_pieces + c) * lanes, room)
                if columns % lanes == 0:
                    if column < columns:
                        write_piece(room, details, place, column, result, first)
                else:
                    for lane in range(lanes):
                        if column + lane < columns:
                            number = finish(room[lane], details, place + lane, column + lane)
                            put_number(result, first + place + lane, number)

    @device_function
    def write(thread: int, sums: Any, room: Any, details: Any, start: Any, edges: Any, result: Any, first: int) -> None:
        # In a loop that isn't unrolled, sums would have to be in memory, where they can be indexed.
        write_row(0, thread, sums, room, details, start, edges, result, first)
        write_row(1, thread, sums, room, details, start, edges, result, first)
        write_row(2, thread, sums, room, details, start, edges, result, first)
        write_row(3, thread, sums, room, details, start, edges, result, first)
        write_row(4, thread, sums, room, details, start, edges, result, first)
        write_row(5, thread, sums, room, details, start, edges, result, first)
        write_row(6, thread, sums, room, details, start, edges, result, first)
        write_row(7, thread, sums, room, details, start, edges, result, first)

    return write


def turns_of(pieces: int, threads: int) -> int:
    """How many pieces of a strip a thread brings."""
    return math.ceil(pieces * DEPTH / threads)


@device_function
def stride_of(pieces: int, lanes: int) -> int:
    """How far apart a strip's depths lie: a piece more, lest numbers of one line share a bank of shared memory."""
    return (pieces + 1) * lanes
