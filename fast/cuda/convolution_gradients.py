"""The gradients of a convolution on the GPU.

The ladder that led here:

1. The filters' gradient is windowsᵀ · cotangent, an implicit matrix again, whose long sum over all places is sliced.
2. The images' gradient is the other way round: cotangent · filtersᵀ gives what each window owes each of its cells, and
   a second kernel collects for every cell what is owed to it. Collecting needs no atomics, so the bits are the same
   every time; and where a window doesn't reach a cell there is no term at all. What is owed takes KH·KW times the
   cotangent's memory, so it is computed for a few images at a time.
3. Where windows go one step at a time, a cell's gradient is one sum over the taps of all windows around it: a product
   whose left matrix has a row for each cell, read straight from the cotangent, with zeros where there is no window. Of
   an infinite filter such a zero makes NaN, where there should be no term; so what is NaN is computed once more, from
   the windows that are there. Where windows take longer steps, most of that matrix would be zeros, and (2) stays.
"""

from __future__ import annotations

from typing import Any

from fast.cuda.activations import map_on_device, relu_vjp_kernel
from fast.cuda.device import cuda, device_function, empty, kernel, launch_over
from fast.cuda.division import over
from fast.cuda.matrix_product import (
    as_it_is,
    back_through_relu,
    by_columns,
    matrix,
    move_piece,
    multiply,
    product_kernels,
    product_with_transpose,
)
from fast.cuda.tiles import Operand
from fast.cuda.vectors import in_vectors, lanes_of, number_at
from fast.cuda.windows import covering, taken_apart, windows_of, windows_transposed
from fast.validation.convolution import Geometry

#: Numbers owed by windows to cells that are kept at a time (1 GiB of float32).
MOST_OWED = 2**28


@device_function
def line_of_cell(details: Any, cell: int) -> tuple[int, int, int]:
    """A cell: the number of its image's first row of windows, and the window whose first tap it is."""
    _, _, _, rows, columns, output_rows, _, top, left = details
    row_place, column = over(cell, columns)
    n, row = over(row_place, rows)
    return n * output_rows, row + top, column + left


@device_function
def slope(details: Any, cell: Any, tap: int) -> int:
    """Where in the cotangent the window is that has a cell at a tap (row, column, filter), or -1 if there is none."""
    (_, filters, kernel_columns, _, _, output_rows, output_columns, _, _), (first, row, column) = details, cell
    tap_cell, f = over(tap, filters)
    a, b = over(tap_cell, kernel_columns)
    there = 0 <= row - a < output_rows and 0 <= column - b < output_columns
    return ((first + row - a) * output_columns + column - b) * filters + f if there else -1


@device_function
def around_cell(cotangent: Any, details: Any, cell: Any, tap: int, count: int, numbers: Any, at: int) -> None:
    """A piece of what the windows around a cell have to say: at once if it is of one window."""
    if details[0]:
        place = slope(details, cell, tap)
        move_piece(cotangent, place, 1, count if place >= 0 else 0, numbers, at)
    else:
        for lane in range(lanes_of(numbers)):
            place = slope(details, cell, tap + lane) if lane < count else -1
            numbers[at + lane] = number_at(cotangent, place) if place >= 0 else cotangent.dtype.type(0)


@device_function
def line_of_channel(details: Any, channel: int) -> tuple[int, int, int]:
    """Where a channel's numbers begin in a tap of the filters."""
    return channel * details[1], 0, 0


@device_function
def along_filters(filters: Any, details: Any, channel: Any, tap: int, count: int, numbers: Any, at: int) -> None:
    """A piece of the filters [KH, KW, C, F] at one channel, whose taps are counted with the filters."""
    whole, number, cell_size = details
    if whole:
        cell, f = over(tap, number)
        move_piece(filters, cell * cell_size + channel[0] + f, 1, count, numbers, at)
    else:
        for lane in range(lanes_of(numbers)):
            cell, f = over(tap + lane, number)
            place = cell * cell_size + channel[0] + f
            numbers[at + lane] = number_at(filters, place) if lane < count else filters.dtype.type(0)


windows_around, filters_by_channel = (
    Operand(line_of_cell, around_cell, True),
    Operand(line_of_channel, along_filters, True),
)
correlate = product_kernels(windows_transposed, by_columns, as_it_is)
gather = product_kernels(windows_around, filters_by_channel, as_it_is)


def collect_kernel(finish: Any) -> Any:
    """Make a kernel that adds up, for each cell of the images, what the windows that cover it owe it.

    That is owed[n, i, j, a, b, c]; `finish` is as in a product.
    """

    @kernel
    def collect(owed: Any, details: Any, outputs: Any, result: Any) -> None:
        _, output_rows, output_columns, row_stride, column_stride, top, left = details
        for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
            n, row, column, c = taken_apart(place, *result.shape[1:])
            first_i, past_i = covering(row, owed.shape[3], row_stride, top, output_rows)
            first_j, past_j = covering(column, owed.shape[4], column_stride, left, output_columns)
            total = result.dtype.type(0)
            for i in range(first_i, past_i):
                a = row + top - i * row_stride
                for j in range(first_j, past_j):
                    total += owed[n, i, j, a, column + left - j * column_stride, c]
            result[n, row, column, c] = finish(total, outputs, place, c)

    return collect


collect, collect_back_through_relu = collect_kernel(as_it_is), collect_kernel(back_through_relu)


@kernel
def settle(cotangent: Any, filters: Any, padding: Any, result: Any) -> None:
    """Add up once more, over the windows that cover a cell and no others, what has come out as NaN."""
    top, left = padding
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        n, row, column, c = taken_apart(place, *result.shape[1:])
        if result[n, row, column, c] != result[n, row, column, c]:
            first_i, past_i = covering(row, filters.shape[0], 1, top, cotangent.shape[1])
            first_j, past_j = covering(column, filters.shape[1], 1, left, cotangent.shape[2])
            total = result.dtype.type(0)
            for i in range(first_i, past_i):
                for j in range(first_j, past_j):
                    for f in range(filters.shape[3]):
                        total += cotangent[n, i, j, f] * filters[row + top - i, column + left - j, c, f]
            result[n, row, column, c] = total


def filters_gradient(images: Any, filters: Any, cotangent: Any, geometry: Geometry) -> Any:
    """windowsᵀ · cotangent, on the device."""
    count = filters.shape[3]
    taps, places = filters.size // count, cotangent.size // count
    slopes, lengths = matrix(cotangent.reshape(places, count)), (taps, count, places)
    gradient = multiply(correlate, windows_of(images, filters, geometry), slopes, lengths, sliced=True)
    return gradient.reshape(*filters.shape)


def images_gradient(images: Any, filters: Any, cotangent: Any, geometry: Geometry) -> Any:
    """What the windows that cover a cell have to say of it, on the device."""
    if geometry.row_stride == geometry.column_stride == 1:
        return gathered(images, filters, cotangent, geometry)
    return collected(collect, images, filters, cotangent, geometry)


def images_gradient_behind_relu(images: Any, filters: Any, cotangent: Any, geometry: Geometry) -> Any:
    """`images_gradient` where the images are what relu put out: the gradient with respect to what relu got."""
    if geometry.row_stride == geometry.column_stride == 1:
        return map_on_device(relu_vjp_kernel, images, gathered(images, filters, cotangent, geometry))
    return collected(collect_back_through_relu, images, filters, cotangent, geometry)


def gathered(images: Any, filters: Any, cotangent: Any, geometry: Geometry) -> Any:
    """The images' gradient as one product, where windows go one step at a time."""
    _, rows, columns, channels = images.shape
    count, whole = filters.shape[3], in_vectors(filters, filters.shape[3])
    here = int(in_vectors(cotangent, count)), count, filters.shape[1], rows, columns, *geometry[:2], *geometry[4:6]
    left = cotangent.reshape(cotangent.size), here
    right = filters.reshape(filters.size), (int(whole), count, channels * count)
    result = multiply(gather, left, right, (images.size // channels, channels, filters.size // channels))
    result = result.reshape(*images.shape)
    launch_over(settle, result.size, cotangent, filters, geometry[4:6], result)
    return result


def collected(compiled: Any, images: Any, filters: Any, cotangent: Any, geometry: Geometry) -> Any:
    """cotangent · filtersᵀ, collected for each cell, a few images at a time."""
    kernel_rows, kernel_columns, channels, count = filters.shape
    taps, places = filters.size // count, cotangent.size // cotangent.shape[0] // count
    those, details = matrix(filters.reshape(taps, count)), (kernel_columns, *geometry[:6])
    result = empty(images.shape, images.dtype)
    step = max(1, MOST_OWED // (places * taps))
    for first in range(0, images.shape[0], step):
        some, outputs, part = (array[first : first + step] for array in (cotangent, images, result))
        slopes = some.reshape(some.shape[0] * places, count)
        owed = multiply(product_with_transpose, matrix(slopes), those, (slopes.shape[0], taps, count))
        owed = owed.reshape(*some.shape[:3], kernel_rows, kernel_columns, channels)
        launch_over(compiled, part.size, owed, details, outputs.reshape(part.size), part)
    return result
