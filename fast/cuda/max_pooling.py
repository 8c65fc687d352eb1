"""Kernels of maxima of windows, and of their gradients; `pooling` says how they came about."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fast.cuda.device import cuda, device_function, kernel
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


@device_function
def find_largest(
    images: Any, place: int, height: int, width: int, where: Any, largest: Any, winners: Any, in_pieces: bool
) -> None:
    """Each channel's first largest number in a window or its first NaN, and which of the window's cells it is."""
    cells, lanes = cuda.local.array(ROOM_AT_ONCE, largest.dtype), lanes_of(largest) if in_pieces else 1
    for lane in range(lanes):
        largest[lane], winners[lane] = -math.inf, 0
    column, first = 0, 0
    while first < height * width:
        place, column = read_cells(images, place, column, height * width - first, width, where, cells, in_pieces)
        for cell in range(AT_ONCE):
            for lane in range(lanes):
                value = cells[cell * lanes + lane]
                if largest[lane] == largest[lane] and not value <= largest[lane]:  # only NaN differs from itself
                    largest[lane], winners[lane] = value, first + cell
        first += AT_ONCE


def largest_kernel(in_pieces: bool) -> Any:
    """Make the kernel of `max_pool2d`: a thread for each output, or for each piece of outputs."""

    @kernel
    def pool(images: Any, where: Any, result: Any) -> None:
        lanes, place = lanes_of(result) if in_pieces else 1, cuda.grid(1)
        largest, winners = cuda.local.array(MOST_LANES, result.dtype), cuda.local.array(MOST_LANES, np.int32)
        while place * lanes < result.size:
            begin, height, width, _, _ = window_of(place * lanes, where)
            find_largest(images, begin, height, width, where, largest, winners, in_pieces)
            write_piece(largest, result, place * lanes, in_pieces)
            place += cuda.gridsize(1)

    return pool


def giving_kernel(in_pieces: bool) -> Any:
    """Make the kernel of `max_pool2d_vjp` where windows don't overlap: each gives its gradient to its winner."""

    @kernel
    def give(images: Any, cotangent: Any, where: Any, result: Any) -> None:
        columns, channels = where[1], where[2]
        lanes, place, zero = lanes_of(result) if in_pieces else 1, cuda.grid(1), result.dtype.type(0)
        numbers, slopes = cuda.local.array(MOST_LANES, result.dtype), cuda.local.array(MOST_LANES, result.dtype)
        winners = cuda.local.array(MOST_LANES, np.int32)
        while place * lanes < cotangent.size:
            begin, height, width, down_to_next, right_to_next = window_of(place * lanes, where)
            read_piece(cotangent, place * lanes, slopes, 0, in_pieces)
            find_largest(images, begin, height, width, where, numbers, winners, in_pieces)
            for down in range(down_to_next):
                for right in range(right_to_next):
                    cell = down * width + right if down < height and right < width else -1
                    for lane in range(lanes):
                        numbers[lane] = slopes[lane] if winners[lane] == cell else zero
                    write_piece(numbers, result, begin + (down * columns + right) * channels, in_pieces)
            place += cuda.gridsize(1)

    return give


def noting_kernel(in_pieces: bool) -> Any:
    """Make a kernel that notes which of its window's cells each output of `max_pool2d` comes from."""

    @kernel
    def note(images: Any, where: Any, noted: Any) -> None:
        lanes, place = lanes_of(images) if in_pieces else 1, cuda.grid(1)
        largest, winners = cuda.local.array(MOST_LANES, images.dtype), cuda.local.array(MOST_LANES, noted.dtype)
        while place * lanes < noted.size:
            begin, height, width, _, _ = window_of(place * lanes, where)
            find_largest(images, begin, height, width, where, largest, winners, in_pieces)
            write_piece(winners, noted, place * lanes, in_pieces)
            place += cuda.gridsize(1)

    return note


def collecting_kernel(in_pieces: bool) -> Any:
    """Make a kernel that adds up, for each cell of the images, the gradients of the windows that it won."""

    @kernel
    def collect(noted: Any, cotangent: Any, where: Any, result: Any) -> None:
        rows, columns, channels, output_rows, output_columns, window, strides, padding = where
        lanes, place = lanes_of(result) if in_pieces else 1, cuda.grid(1)
        slopes, totals = cuda.local.array(MOST_LANES, result.dtype), cuda.local.array(MOST_LANES, result.dtype)
        winners = cuda.local.array(MOST_LANES, noted.dtype)
        while place * lanes < result.size:
            n, row, column, channel = taken_apart(place * lanes, rows, columns, channels)
            first_i, past_i = covering(row, window[0], strides[0], padding[0], output_rows)
            first_j, past_j = covering(column, window[1], strides[1], padding[1], output_columns)
            for lane in range(lanes):
                totals[lane] = 0
            for i in range(first_i, past_i):
                first_row, _ = covered(i, window[0], strides[0], padding[0], rows)
                for j in range(first_j, past_j):
                    first_column, width = covered(j, window[1], strides[1], padding[1], columns)
                    cell = (row - first_row) * width + column - first_column
                    output = ((n * output_rows + i) * output_columns + j) * channels + channel
                    read_piece(noted, output, winners, 0, in_pieces)
                    read_piece(cotangent, output, slopes, 0, in_pieces)
                    for lane in range(lanes):
                        if winners[lane] == cell:
                            totals[lane] += slopes[lane]
            write_piece(totals, result, place * lanes, in_pieces)
            place += cuda.gridsize(1)

    return collect


largest_of_numbers, largest_of_pieces = largest_kernel(False), largest_kernel(True)
give_numbers, give_pieces = giving_kernel(False), giving_kernel(True)
note_numbers, note_pieces = noting_kernel(False), noting_kernel(True)
collect_numbers, collect_pieces = collecting_kernel(False), collecting_kernel(True)
