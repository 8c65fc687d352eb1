"""Windows that slide over images: which cells they cover, and images as the matrix of their windows.

That matrix has a row for each place of a window and a column for each tap of the filters: row, column and channel
within a window, counted together. Nobody stores it: its pieces are read from the images (`tiles.Operand`).
"""

from __future__ import annotations

from typing import Any

from fast.cuda.device import device_function
from fast.cuda.division import over, quotient
from fast.cuda.matrix_product import move_piece
from fast.cuda.tiles import Operand
from fast.cuda.vectors import in_vectors, lanes_of, number_at
from fast.validation.convolution import Geometry


@device_function
def taken_apart(place: int, rows: int, columns: int, channels: int) -> tuple[int, int, int, int]:
    """The four indices of a place in an array [N, rows, columns, channels]."""
    cell = quotient(place, channels)
    line = quotient(cell, columns)
    n = quotient(line, rows)
    return n, line - n * rows, cell - line * columns, place - cell * channels


@device_function
def covering(position: int, extent: int, stride: int, padding: int, count: int) -> tuple[int, int]:
    """The first window that covers a row or column of an image, and the one past the last; one axis of a window."""
    reach = position + padding
    return quotient(max(reach - extent + stride, 0), stride), min(count, quotient(reach, stride) + 1)


@device_function
def line_of_place(details: Any, place: int) -> tuple[int, int, int]:
    """The window at a place: the number of its image's first row, and its own first row and column in that image."""
    _, _, _, rows, _, output_rows, output_columns, row_stride, column_stride, top, left = details
    row_place, j = over(place, output_columns)
    n, i = over(row_place, output_rows)
    return n * rows, i * row_stride - top, j * column_stride - left


@device_function
def line_of_tap(details: Any, tap: int) -> tuple[int, int, int]:
    """A tap of the filters: its row, its column, its channel."""
    cell, channel = over(tap, details[1])
    row, column = over(cell, details[2])
    return row, column, channel


@device_function
def pixel(details: Any, window: Any, row: int, column: int, channel: int) -> int:
    """Where in the images a window's number is, or -1 on the padding."""
    (_, channels, _, rows, columns, _, _, _, _, _, _), (first, top_row, left_column) = details, window
    in_image = 0 <= top_row + row < rows and 0 <= left_column + column < columns
    return ((first + top_row + row) * columns + left_column + column) * channels + channel if in_image else -1


@device_function
def along_taps(images: Any, details: Any, window: Any, tap: int, count: int, numbers: Any, at: int) -> None:
    """A piece of one window: at once if it lies in one cell, whose channels are whole pieces."""
    if details[0]:
        row, column, channel = line_of_tap(details, tap)
        place = pixel(details, window, row, column, channel)
        move_piece(images, place, 1, count if place >= 0 else 0, numbers, at)
    else:
        for lane in range(lanes_of(numbers)):
            row, column, channel = line_of_tap(details, tap + lane)
            place = pixel(details, window, row, column, channel) if lane < count else -1
            numbers[at + lane] = number_at(images, place) if place >= 0 else images.dtype.type(0)


@device_function
def across_taps(images: Any, details: Any, tap: Any, place: int, count: int, numbers: Any, at: int) -> None:
    """What the windows at one place have at neighbouring taps."""
    window, (row, column, channel) = line_of_place(details, place), tap
    if details[0]:
        start = pixel(details, window, row, column, channel)
        move_piece(images, start, 1, count if start >= 0 else 0, numbers, at)
    else:
        for lane in range(lanes_of(numbers)):
            start = pixel(details, window, row, column, channel) if lane < count else -1
            numbers[at + lane] = number_at(images, start) if start >= 0 else images.dtype.type(0)
            row, column, channel = next_tap(details, row, column, channel)


@device_function
def next_tap(details: Any, row: int, column: int, channel: int) -> tuple[int, int, int]:
    """The tap after another."""
    if channel + 1 < details[1]:
        return row, column, channel + 1
    return (row, column + 1, 0) if column + 1 < details[2] else (row + 1, 0, 0)


windows, windows_transposed = Operand(line_of_place, along_taps, True), Operand(line_of_tap, across_taps, False)


def windows_of(images: Any, filters: Any, geometry: Geometry) -> tuple[Any, tuple[int, ...]]:
    """The windows of images as an operand: the images, flat, and where their windows are."""
    _, rows, columns, channels = images.shape
    whole = int(in_vectors(images, channels))
    return images.reshape(images.size), (whole, channels, filters.shape[1], rows, columns, *geometry[:6])
