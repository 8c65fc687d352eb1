"""The steps of a recurrent network: weighted sums of some rows of a batch, and which rows go through them together.

The ladder (an LSTM of 128 units, 28 steps of 28 features, a batch of 100; two cores with AVX-512):
1. x·W for all steps at once, then h·R step by step, by `matrix_product`: it packs the same R at every step, and what
   follows each product is done by one thread. 7.2 ms.
2. examples never wait for each other: each thread takes its own through all steps, so that a whole sequence forks and
   joins once, and R is packed once: half of it.
3. [x | h | 1]·[W; R; b]: one product a step, as the 28 features alone are too few for a tile, and the bias is the
   weight of an input that is always 1. The gradients of all three are one product, too. Panels begin where a line of
   the cache does, and gates are opened by pairs of vectors (`load_pair`): 3.1 to
   3.4 ms.

A single sequence needs no panels: it takes [W; R; b] a row after the other, copied to where lines of the cache begin,
since a vector that lies across two takes twice as long. Few rows in all read the matrices where they lie.

An entry's sum runs along x, h and 1, or along 1, x and h, in pieces that only depend on shapes: whoever shares the rows
out, its bits are the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fast.cpu.compilation import compiled, leaf
from fast.cpu.panels import Matrix, multiples, multiply_packed, pack, padded_columns, piece_length
from fast.cpu.rows import aligned, copy_row
from fast.cpu.small_products import FEW
from fast.cpu.threads import PARALLEL_WORK
from fast.cpu.tiles import ROWS_2, Depth, Rows
from fast.cpu.vectors import VECTOR_BYTES, load, load_part, multiply_add, store, store_part

#: Tiles of rows that go through all steps together: their sums stay in the second-level cache.
TILES = 8


class Weights(NamedTuple):
    """W [D, C], R [U, C] and b [C], flat; [W; R; b] as `pack_weights` packs them; and whether for a single sequence."""

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    packed: np.ndarray
    single: bool


class Steps(NamedTuple):
    """Numbers of each example and step, flat: those of example n at step t begin at n·example + t·step.

    An array for a single step is written over from step to step: `step` is 0.
    """

    data: np.ndarray
    example: int
    step: int
    width: int


@compiled()
def steps_of(array):
    """An array [N, T, width], or [N, 1, width], as `Steps`."""
    _, length, width = array.shape
    return Steps(array.ravel(), length * width, width if length > 1 else 0, width)


@leaf
def place_of(steps, n, t):
    """Where the numbers of an example at a step begin."""
    return n * steps.example + t * steps.step


@compiled()
def places_of(steps, count):
    """How far the numbers of further examples are from the first one's."""
    return multiples(count, steps.example)


@compiled()
def stacked(kernel, recurrent_kernel, bias, step):
    """[W; R; b], flat, the rows `step` apart, with zeros between them; of no numbers, b is left out."""
    columns, features, units = kernel.shape[1], len(kernel), len(recurrent_kernel)
    upper, lower, count = kernel.ravel(), recurrent_kernel.ravel(), features + units + (1 if bias.size else 0)
    matrix = aligned(count * step, bias)
    for row in range(count):
        place = row * step
        if row < features:
            copy_row(upper, row * columns, columns, matrix, place)
        elif row < features + units:
            copy_row(lower, (row - features) * columns, columns, matrix, place)
        else:
            copy_row(bias, 0, columns, matrix, place)
        for j in range(place + columns, place + step):
            matrix[j] = 0
    return matrix


@compiled()
def pack_weights(kernel, recurrent_kernel, bias, examples, steps):
    """[W; R; b]: in panels; for a single sequence in aligned rows; nothing for few rows, which read each once."""
    if examples * steps <= FEW:
        return np.empty(0, bias.dtype)
    if examples == 1:
        return stacked(kernel, recurrent_kernel, bias, padded_columns(bias.size, bias.itemsize))
    depth, columns = len(kernel) + len(recurrent_kernel) + 1, bias.size
    return packed_pieces(Matrix(stacked(kernel, recurrent_kernel, bias, columns), 0, columns, 1), depth, columns)


@compiled()
def pack_transposed(kernel, recurrent_kernel):
    """[W; R] transposed in panels: from the gradients of weighted sums to those of what was added up."""
    columns = kernel.shape[1]
    matrix = stacked(kernel, recurrent_kernel, kernel.ravel()[:0], columns)
    return packed_pieces(Matrix(matrix, 0, 1, columns), columns, len(kernel) + len(recurrent_kernel))


@compiled()
def packed_pieces(b, depth, columns):
    """A matrix in panels, a piece of the depth after the other."""
    packed = aligned(depth * padded_columns(columns, b.data.itemsize), b.data)
    length = piece_length(depth)
    for k in range(0, depth, length):
        piece = Matrix(b.data, b.start + k * b.row_step, b.row_step, b.step)
        pack(piece, min(length, depth - k), columns, packed, k * padded_columns(columns, b.data.itemsize))
    return packed


@leaf
def multiply_pieces(address, a, depth, packed, c, rows, columns):
    """C = A·B for rows without gaps within, and a B that `packed_pieces` packed."""
    most = piece_length(depth)
    for k in range(0, depth, most):
        length = min(most, depth - k)
        start = k * padded_columns(columns, packed.itemsize)
        part = Rows(a.data, a.start + k, a.places)
        multiply_packed(address, part, Depth(1, length, 1, 0), packed, start, c, rows, columns, k > 0)


@leaf
def add_row_product(a, start, depth, b, step, c, place, columns):
    """c += a·B for a single row and a matrix where it lies."""
    size, j = VECTOR_BYTES // b.itemsize, 0
    while j + 4 * size <= columns:
        here = place + j
        p, q, r, s = load(c, here), load(c, here + size), load(c, here + 2 * size), load(c, here + 3 * size)
        row = j
        for k in range(depth):
            x = a[start + k]
            p, q = multiply_add(x, load(b, row), p), multiply_add(x, load(b, row + size), q)
            r, s = multiply_add(x, load(b, row + 2 * size), r), multiply_add(x, load(b, row + 3 * size), s)
            row += step
        store(c, here, p)
        store(c, here + size, q)
        store(c, here + 2 * size, r)
        store(c, here + 3 * size, s)
        j += 4 * size
    if j < columns:
        here, left, row = place + j, columns - j, j
        p, q = load_part(c, here, left), load_part(c, here + size, left - size)
        r, s = load_part(c, here + 2 * size, left - 2 * size), load_part(c, here + 3 * size, left - 3 * size)
        for k in range(depth):
            x = a[start + k]
            p = multiply_add(x, load_part(b, row, left), p)
            q = multiply_add(x, load_part(b, row + size, left - size), q)
            r = multiply_add(x, load_part(b, row + 2 * size, left - 2 * size), r)
            s = multiply_add(x, load_part(b, row + 3 * size, left - 3 * size), s)
            row += step
        store_part(c, here, left, p)
        store_part(c, here + size, left - size, q)
        store_part(c, here + 2 * size, left - 2 * size, r)
        store_part(c, here + 3 * size, left - 3 * size, s)


@leaf
def begin(state, joined, features, units, rows):
    """Write the states before the first step of some examples to [x | h | 1]; and the 1 of all steps."""
    one, last = joined.data.dtype.type(1), joined.width - 1
    for n in range(rows.start, rows.stop):
        copy_row(state, n * units, units, joined.data, place_of(joined, n, 0) + features)
        line = joined.data[place_of(joined, n, 0) : place_of(joined, n + 1, 0)]
        for place in range(last, line.size, joined.width):
            line[place] = one


@leaf
def join(inputs, joined, rows, t):
    """Write the inputs of some examples at a step to [x | h | 1]."""
    for n in range(rows.start, rows.stop):
        copy_row(inputs.data, place_of(inputs, n, t), inputs.width, joined.data, place_of(joined, n, t))


@leaf
def hand_on(outputs, joined, n, t):
    """Write the state of an example after a step to [x | h | 1] of the next."""
    place = place_of(joined, n, t + 1) + joined.width - 1 - outputs.width
    copy_row(outputs.data, place_of(outputs, n, t), outputs.width, joined.data, place)


@compiled()
def add_up(address, weights, joined, sums, rows, t):
    """Write the weighted sums of some examples at a step."""
    columns, features, count = sums.width, weights.kernel.size // sums.width, rows.stop - rows.start
    packed, terms = weights.packed, joined.width - 1
    if packed.size and not weights.single:
        a = Rows(joined.data, place_of(joined, rows.start, t), places_of(joined, count))
        c = Rows(sums.data, place_of(sums, rows.start, t), places_of(sums, count))
        multiply_pieces(address, a, joined.width, packed, c, count, columns)
        return
    for n in range(rows.start, rows.stop):
        start, place = place_of(joined, n, t), place_of(sums, n, t)
        copy_row(weights.bias, 0, columns, sums.data, place)
        if packed.size:
            step = padded_columns(columns, packed.itemsize)
            add_row_product(joined.data, start, terms, packed, step, sums.data, place, columns)
        else:
            add_row_product(joined.data, start, features, weights.kernel, columns, sums.data, place, columns)
            start, units = start + features, terms - features
            add_row_product(joined.data, start, units, weights.recurrent_kernel, columns, sums.data, place, columns)


@compiled()
def add_up_back(address, packed, slopes, back, width, rows, t):
    """Of the gradients of some examples' weighted sums at a step, make those of [x | h], one row after the other."""
    count = rows.stop - rows.start
    a = Rows(slopes.data, place_of(slopes, rows.start, t), places_of(slopes, count))
    c = Rows(back, np.intp(0), multiples(count, width))
    multiply_pieces(address, a, slopes.width, packed, c, count, width)


@leaf
def hand_back(back, width, d_inputs, rows, t):
    """Copy what is x's of those gradients to where it belongs."""
    for n in range(rows.start, rows.stop):
        copy_row(back, (n - rows.start) * width, d_inputs.width, d_inputs.data, place_of(d_inputs, n, t))


@leaf
def block_count(threads, rows, work):
    """Into how many blocks a batch is divided, for so much work in all: as many for each thread."""
    tiles, threads = (rows + ROWS_2 - 1) // ROWS_2, threads if work >= PARALLEL_WORK else 1
    each = (tiles + TILES * threads - 1) // (TILES * threads)
    return min(tiles, each * threads)
