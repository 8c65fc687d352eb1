"""Kernels of means of windows, and of their gradients; `pooling` says how they came about."""

from __future__ import annotations

from typing import Any

from fast.cuda.device import cuda, kernel
from fast.cuda.pooling_windows import (
    AT_ONCE,
    ROOM_AT_ONCE,
    covered,
    read_cells,
    read_piece,
    window_of,
    write_piece,
)
from fast.cuda.vectors import MOST_LANES, lanes_of
from fast.cuda.windows import covering, taken_apart


def mean_kernel(in_pieces: bool) -> Any:
    """Make the kernel of `average_pool2d`: a thread for each output, or for each piece of outputs."""

    @kernel
    def pool(images: Any, where: Any, result: Any) -> None:
        lanes, place = lanes_of(result) if in_pieces else 1, cuda.grid(1)
        cells, totals = cuda.local.array(ROOM_AT_ONCE, result.dtype), cuda.local.array(MOST_LANES, result.dtype)
        while place * lanes < result.size:
            next_cell, height, width, _, _ = window_of(place * lanes, where)
            column, left, count = 0, height * width, result.dtype.type(height * width)
            for lane in range(lanes):
                totals[lane] = 0
            while left > 0:
                next_cell, column = read_cells(images, next_cell, column, left, width, where, cells, in_pieces)
                for cell in range(AT_ONCE):
                    for lane in range(lanes):
                        if cell < left:
                            totals[lane] += cells[cell * lanes + lane]
                left -= AT_ONCE
            for lane in range(lanes):
                totals[lane] /= count
            write_piece(totals, result, place * lanes, in_pieces)
            place += cuda.gridsize(1)

    return pool


def sharing_kernel(in_pieces: bool) -> Any:
    """Make the kernel of `average_pool2d_vjp` where windows don't overlap: each shares its gradient among its cells."""

    @kernel
    def share(cotangent: Any, where: Any, result: Any) -> None:
        columns, channels = where[1], where[2]
        lanes, place, zero = lanes_of(result) if in_pieces else 1, cuda.grid(1), result.dtype.type(0)
        shares, given = cuda.local.array(MOST_LANES, result.dtype), cuda.local.array(MOST_LANES, result.dtype)
        while place * lanes < cotangent.size:
            begin, height, width, down_to_next, right_to_next = window_of(place * lanes, where)
            read_piece(cotangent, place * lanes, shares, 0, in_pieces)
            for lane in range(lanes):
                shares[lane] /= result.dtype.type(height * width)
            for down in range(down_to_next):
                for right in range(right_to_next):
                    inside = down < height and right < width
                    for lane in range(lanes):
                        given[lane] = shares[lane] if inside else zero
                    write_piece(given, result, begin + (down * columns + right) * channels, in_pieces)
            place += cuda.gridsize(1)

    return share


def gathering_kernel(in_pieces: bool) -> Any:
    """Make a kernel that adds up, for each cell of the images, its shares of the gradients of windows that cover it."""

    @kernel
    def gather(cotangent: Any, where: Any, result: Any) -> None:
        rows, columns, channels, output_rows, output_columns, window, strides, padding = where
        lanes, place = lanes_of(result) if in_pieces else 1, cuda.grid(1)
        slopes, totals = cuda.local.array(MOST_LANES, result.dtype), cuda.local.array(MOST_LANES, result.dtype)
        while place * lanes < result.size:
            n, row, column, channel = taken_apart(place * lanes, rows, columns, channels)
            first_i, past_i = covering(row, window[0], strides[0], padding[0], output_rows)
            first_j, past_j = covering(column, window[1], strides[1], padding[1], output_columns)
            for lane in range(lanes):
                totals[lane] = 0
            for i in range(first_i, past_i):
                _, height = covered(i, window[0], strides[0], padding[0], rows)
                for j in range(first_j, past_j):
                    _, width = covered(j, window[1], strides[1], padding[1], columns)
                    output = ((n * output_rows + i) * output_columns + j) * channels + channel
                    read_piece(cotangent, output, slopes, 0, in_pieces)
                    for lane in range(lanes):
                        totals[lane] += slopes[lane] / result.dtype.type(height * width)
            write_piece(totals, result, place * lanes, in_pieces)
            place += cuda.gridsize(1)

    return gather


mean_of_numbers, mean_of_pieces = mean_kernel(False), mean_kernel(True)
share_numbers, share_pieces = sharing_kernel(False), sharing_kernel(True)
gather_numbers, gather_pieces = gathering_kernel(False), gathering_kernel(True)
