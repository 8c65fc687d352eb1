"""The sliding windows of convolutions and poolings, as their kernels see them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fast.cpu.compilation import compiled, leaf
from fast.cpu.rows import copy_row
from fast.validation.convolution import Geometry


class Window(NamedTuple):
    """The size of a window and where it stands: the one at output (0, 0) starts at pixel (-top, -left)."""

    rows: int
    columns: int
    row_stride: int
    column_stride: int
    top: int
    left: int


def window_steps(geometry: Geometry) -> tuple[int, ...]:
    """The strides of a `Window`, and where it starts; its size comes before.

    A kernel takes these numbers one by one: Numba takes 2 µs to recognise a named tuple that Python hands over.
    """
    return geometry[2:6]


@leaf
def extent(window, rows, columns):
    """How many rows and columns of an image so many windows one below another, and side by side, reach over."""
    return (rows - 1) * window.row_stride + window.rows, (columns - 1) * window.column_stride + window.columns


@compiled()
def window_places(window, images, rows, columns, image_step, row_step, column_step):
    """Where the windows of a block start in flat images: for every image, row and column of the output."""
    places = np.empty(images * rows * columns, np.intp)
    m = 0
    for n in range(images):
        for i in range(rows):
            for j in range(columns):
                places[m] = n * image_step + i * window.row_stride * row_step + j * window.column_stride * column_step
                m += 1
    return places


@compiled()
def tap_places(window, row_step, channels):
    """Where the numbers of the first window lie in a flat image: for every row, column and channel."""
    run = window.columns * channels
    places = np.empty(window.rows * run, np.intp)
    for a in range(window.rows):
        for b in range(run):
            places[a * run + b] = a * row_step + b
    return places


@compiled()
def copy_window_rows(images, n, first_row, first_column, padded, start, rows, columns):
    """Copy part of an image, which may reach over its edges, into a zeroed place."""
    pixels, (_, height, width, channels) = images.ravel(), images.shape
    left, right = max(0, -first_column), min(columns, width - first_column)
    count = (right - left) * channels
    for y in range(max(0, -first_row), min(rows, height - first_row)):
        target = start + (y * columns + left) * channels
        source = ((n * height + first_row + y) * width + first_column + left) * channels
        copy_row(pixels, source, count, padded, target)
