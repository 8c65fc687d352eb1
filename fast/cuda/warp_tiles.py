"""Tiles of matrix products by tensor cores: how the warps of a block multiply two strips.

The strips are those of `tiles`, rounded to TF32 on their way to shared memory. What the lanes of a warp do together is
16 rows by 8 columns at a depth of 8, as `tensor_cores` has it: of the operands, each of eight groups of lanes has two
rows and a column, each of a group's four members two depths; and of the sums, a member has two columns. Which rows,
columns and depths of the tile these are is free, as long as both operands have the same depths:

- A member's depths are next to each other, 2m and 2m + 1. Depths lie a piece farther apart than a strip is wide, so
  those of four members are 8 banks of shared memory apart, and the rows of eight groups lie in between.
- Two products give a member a piece of 16 bytes in each row, one half each. The columns that it takes for that are in
  all 8 banks only if the other two members get their halves the other way round, which is undone at the end.

Numbers are read one by one: in a piece they would come in registers where the instruction can't take them, and shared
memory is as fast either way.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fast.cuda.device import DEPTH, device_function
from fast.cuda.tensor_cores import multiply_fragments, to_tf32
from fast.cuda.tiles import stride_of, write_function
from fast.cuda.vectors import MOST_LANES, lanes_of, number_at

#: Lanes of a warp, in the simulator too; they are eight groups, which hold different rows and columns of operands, of
#: four members, which hold different depths.
LANES, GROUPS, MEMBERS = 32, 8, 4


class WarpTile(NamedTuple):
    """How the warps of a block share its outputs: so many warps down and across, each with 32 columns and, for each
    piece of a lane's rows, 32 rows."""

    down: int
    across: int
    row_pieces: int

    @property
    def threads(self) -> int:
        """Those of a block."""
        return self.down * self.across * LANES

    @property
    def pieces(self) -> tuple[int, int]:
        """The tile's rows and columns, in pieces."""
        return self.down * GROUPS * self.row_pieces, self.across * GROUPS

    @property
    def room(self) -> tuple[int, int]:
        """How many numbers of rows and columns a thread holds, at two depths."""
        return 2 * self.row_pieces * MOST_LANES, 2 * MOST_LANES

    @property
    def outputs(self) -> int:
        """How many a thread computes, in two pieces of each row."""
        return self.row_pieces * MOST_LANES * 2 * MOST_LANES


@device_function
def round_piece(numbers: Any, at: int) -> None:
    """Round a piece of an operand to TF32."""
    for lane in range(lanes_of(numbers)):
        numbers[at + lane] = to_tf32(numbers[at + lane])


@device_function
def row_of(r: int, lanes: int) -> int:
    """How far below a lane's first row another one is."""
    return r * GROUPS


@device_function
def take_piece(thread: int, sums: Any, at: int, room: Any) -> None:
    """Bring a piece of sums into the order of its columns: two members have its halves the other way round."""
    turned = thread % MEMBERS // 2 == 1
    room[0], room[1] = sums[at + 2] if turned else sums[at], sums[at + 3] if turned else sums[at + 1]
    room[2], room[3] = sums[at] if turned else sums[at + 2], sums[at + 1] if turned else sums[at + 3]


def warp_tile_functions(tile: WarpTile, finish: Any) -> tuple[Any, Any, Any]:
    """Make the device functions of `tiles.tile_functions`, for tensor cores."""
    across, row_pieces = tile.across, tile.row_pieces
    rows_wide, columns_wide = tile.pieces

    @device_function
    def first_output(thread: int, lanes: int) -> tuple[int, int]:
        warp, group, member = thread // LANES, thread % LANES // MEMBERS, thread % MEMBERS
        return warp // across * row_pieces * GROUPS * lanes + group, (warp % across * GROUPS + member) * lanes

    @device_function
    def read_depth(tiles: Any, a: int, b: int, step: int, rows: Any, columns: Any, half: int) -> None:
        lanes = lanes_of(tiles)
        for r in range(row_pieces * lanes):
            rows[half * row_pieces * lanes + r] = number_at(tiles, a + r * GROUPS)
        for c in range(lanes):
            columns[half * lanes + c] = number_at(tiles, b + c // 2 * MEMBERS * lanes + c % 2 * step)

    @device_function
    def add_product(rows: Any, columns: Any, r: int, c: int, sums: Any) -> None:
        """To the sums of two rows, in two columns."""
        lanes = lanes_of(sums)
        later, at, below = row_pieces * lanes, r * 2 * lanes + 2 * c, (r + 1) * 2 * lanes + 2 * c
        sums[at], sums[at + 1], sums[below], sums[below + 1] = multiply_fragments(
            rows[r],
            rows[r + 1],
            rows[later + r],
            rows[later + r + 1],
            columns[c],
            columns[lanes + c],
            sums[at],
            sums[at + 1],
            sums[below],
            sums[below + 1],
        )

    @device_function
    def multiply_strips(thread: int, tiles: Any, first: int, rows: Any, columns: Any, sums: Any) -> None:
        lanes = lanes_of(tiles)
        along_a, along_b = stride_of(rows_wide, lanes), stride_of(columns_wide, lanes)
        warp, group, depth = thread // LANES, thread % LANES // MEMBERS, thread % MEMBERS * 2
        a = first + depth * along_a + warp // across * row_pieces * GROUPS * lanes + group
        b = first + DEPTH * along_a + depth * along_b + (warp % across * GROUPS + group // 2) * lanes + group % 2
        b, step = b + group // MEMBERS * 2, 2 - group // MEMBERS * 4
        read_depth(tiles, a, b, step, rows, columns, 0)
        read_depth(tiles, a + along_a, b + along_b, step, rows, columns, 1)
        for r in range(0, row_pieces * lanes, 2):
            for c in range(lanes):
                add_product(rows, columns, r, c, sums)

    return first_output, multiply_strips, write_function((row_pieces, 2), MEMBERS, row_of, take_piece, finish)
