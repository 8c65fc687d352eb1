"""Windows that slide over images, as the threads of pooling walk through them.

Arrays lie flat. Neighbouring threads take neighbouring channels of a cell: a piece of 16 bytes where the channels are
a multiple of it and the arrays begin at one, else one number. A window's cells are counted row by row, without those on
the padding. `where` says how the windows slide: the images' rows, columns and channels, the outputs' rows and columns,
and of each window its size, its strides and its padding at the top and at the left.
"""

from __future__ import annotations

from typing import Any

from fast.cuda.device import device_function
from fast.cuda.vectors import MOST_LANES, lanes_of, move_vector
from fast.cuda.windows import taken_apart

#: Cells of a window that a thread reads before it looks at any: 64 bytes under way where it takes pieces.
AT_ONCE = 4
#: Registers for so many pieces.
ROOM_AT_ONCE = AT_ONCE * MOST_LANES


@device_function
def covered(window: int, extent: int, stride: int, padding: int, length: int) -> tuple[int, int]:
    """The first row or column of an image that a window covers, and how many; one axis of a window."""
    first = window * stride - padding
    return max(first, 0), min(first + extent, length) - max(first, 0)


@device_function
def window_of(place: int, where: Any) -> tuple[int, int, int, int, int]:
    """An output's window: where it begins in the images, its rows and columns, and those up to the next window's."""
    rows, columns, channels, output_rows, output_columns, window, strides, padding = where
    n, i, j, channel = taken_apart(place, output_rows, output_columns, channels)
    row, height = covered(i, window[0], strides[0], padding[0], rows)
    column, width = covered(j, window[1], strides[1], padding[1], columns)
    next_row = (i + 1) * strides[0] - padding[0] if i + 1 < output_rows else rows
    next_column = (j + 1) * strides[1] - padding[1] if j + 1 < output_columns else columns
    return (
        ((n * rows + row) * columns + column) * channels + channel,
        height,
        width,
        next_row - row,
        next_column - column,
    )


@device_function
def read_piece(source: Any, place: int, numbers: Any, register: int, in_pieces: bool) -> None:
    """Read a thread's channels of a cell: a piece, or one number."""
    if in_pieces:
        move_vector(source, place, numbers, register)
    else:
        numbers[register] = source[place]


@device_function
def write_piece(numbers: Any, target: Any, place: int, in_pieces: bool) -> None:
    """Write a thread's channels of a cell."""
    if in_pieces:
        move_vector(numbers, 0, target, place)
    else:
        target[place] = numbers[0]


@device_function
def read_cells(
    images: Any, place: int, column: int, left: int, width: int, where: Any, cells: Any, in_pieces: bool
) -> tuple[int, int]:
    """Read the next cells of a window, its last one again where there is no next; return place and column to go on."""
    columns, channels = where[1], where[2]
    lanes = lanes_of(cells) if in_pieces else 1
    for cell in range(AT_ONCE):
        read_piece(images, place, cells, cell * lanes, in_pieces)
        if cell + 1 < left:
            column += 1
            place += (columns - width + 1) * channels if column == width else channels
            column = 0 if column == width else column
    return place, column
