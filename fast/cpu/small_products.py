"""Matrix products of few rows, or few steps of the depth: B where it lies, as copying it would be most of the work.

Each number of C is summed in the order that `matrix_product` sums it in: a batch of one has the bits that it has among
many.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu.compilation import compiled, leaf
from fast.cpu.panels import Matrix, padded_columns, piece_length, vector_count
from fast.cpu.shuffles import transpose, transpose_part
from fast.cpu.threads import PARALLEL_WORK
from fast.cpu.vectors import VECTOR_BYTES, load, load_part, multiply_add, store, store_part, vector_of

#: Rows of A, or steps of the depth, up to which copying B costs more than it helps.
FEW = 6
#: Multiplications below which a second thread costs more than it helps, where each has a number of its own to be
#: transposed or written.
SMALL_PARALLEL_WORK = 50_000
#: Tasks to make of such a product.
SMALL_TASKS = 4


@compiled()
def few_rows_product(a, b, c, rows, depth, columns, first, last):
    """Some columns of C = A·B, from a B that is read once and where it lies; the same bits as of many rows."""
    size, count = VECTOR_BYTES // c.itemsize, last - first
    width = padded_columns(count, c.itemsize)
    sums, square = np.empty(rows * width, c.dtype), np.empty(size * size, c.dtype)
    part = Matrix(b.data, b.start + first * b.step, b.row_step, b.step)
    length = piece_length(depth)
    for start in range(0, depth, length):
        end, sums[:] = min(depth, start + length), 0
        if b.step == 1:
            add_products_of_rows(a, part, sums, rows, start, end, count, width)
        else:
            add_products_of_squares(a, part, sums, square, rows, start, end, count, width)
        for m in range(rows):
            for j in range(count):
                i = m * columns + first + j
                c[i] = c[i] + sums[m * width + j] if start else sums[m * width + j]


@leaf
def add_products_of_rows(a, b, sums, rows, start, end, count, width):
    """Add to sums, whose rows are whole vectors, the products of some columns of A and rows of B, four at a time."""
    data, size, k = b.data, VECTOR_BYTES // sums.itemsize, start
    whole = count // size * size
    while k + 4 <= end:
        one = b.start + k * b.row_step
        two, three, four = one + b.row_step, one + 2 * b.row_step, one + 3 * b.row_step
        for m in range(rows):
            place, line = a.start + m * a.row_step + k * a.step, m * width
            x, y = vector_of(sums, a.data[place]), vector_of(sums, a.data[place + a.step])
            z, w = vector_of(sums, a.data[place + 2 * a.step]), vector_of(sums, a.data[place + 3 * a.step])
            for j in range(0, whole, size):
                total = multiply_add(x, load(data, one + j), load(sums, line + j))
                total = multiply_add(y, load(data, two + j), total)
                total = multiply_add(z, load(data, three + j), total)
                store(sums, line + j, multiply_add(w, load(data, four + j), total))
            if whole < count:
                j, left = whole, count - whole
                total = multiply_add(x, load_part(data, one + j, left), load(sums, line + j))
                total = multiply_add(y, load_part(data, two + j, left), total)
                total = multiply_add(z, load_part(data, three + j, left), total)
                store(sums, line + j, multiply_add(w, load_part(data, four + j, left), total))
        k += 4
    while k < end:
        one = b.start + k * b.row_step
        for m in range(rows):
            x, line = vector_of(sums, a.data[a.start + m * a.row_step + k * a.step]), m * width
            for j in range(0, whole, size):
                store(sums, line + j, multiply_add(x, load(data, one + j), load(sums, line + j)))
            if whole < count:
                last = load_part(data, one + whole, count - whole)
                store(sums, line + whole, multiply_add(x, last, load(sums, line + whole)))
        k += 1


@leaf
def add_products_of_squares(a, b, sums, square, rows, start, end, count, width):
    """The same for a B whose columns have no gaps within: squares of it are transposed on the way."""
    size = VECTOR_BYTES // sums.itemsize
    for j in range(0, width, size):
        for k in range(start, end, size):
            place, steps = b.start + j * b.step + k, min(size, end - k)
            if j + size <= count and steps == size:
                transpose(b.data, place, b.step, square, 0, size)
            else:
                # Lanes beyond the last column keep what they had, and their sums are nobody's.
                transpose_part(b.data, place, b.step, square, 0, size, count - j, steps)
            for m in range(rows):
                total, own = load(sums, m * width + j), a.start + m * a.row_step + k * a.step
                for n in range(steps):
                    x = vector_of(sums, a.data[own + n * a.step])
                    total = multiply_add(x, load(square, n * size), total)
                store(sums, m * width + j, total)


@leaf
def shallow_product(a, b, c, first, last, depth, columns):
    """Some rows of C = A·B for so small a depth that C is most of what there is: one after the other."""
    size = VECTOR_BYTES // c.itemsize
    whole = columns // size * size
    for m in range(first, last):
        line = m * columns
        for k in range(depth):
            x, row = vector_of(c, a.data[a.start + m * a.row_step + k * a.step]), b.start + k * b.row_step
            for j in range(0, whole, size):
                product = x * load(b.data, row + j)
                store(c, line + j, multiply_add(x, load(b.data, row + j), load(c, line + j)) if k else product)
            if whole < columns:
                left = columns - whole
                last_columns = load_part(b.data, row + whole, left)
                product = x * last_columns
                before = load_part(c, line + whole, left)
                store_part(c, line + whole, left, multiply_add(x, last_columns, before) if k else product)


@compiled(parallel=True)
def small_product(a, b, c, rows, depth, columns):
    """Compute C = A·B without copying B if few numbers of C, or few terms, come of each of B's; return whether."""
    work = rows * depth * columns
    if rows <= FEW and (b.step == 1 or b.row_step == 1):
        size, vectors = VECTOR_BYTES // c.itemsize, vector_count(columns, c.itemsize)
        # Whole rows of B are read as fast as they come; pieces of them aren't.
        alone = work < (PARALLEL_WORK if b.step == 1 else SMALL_PARALLEL_WORK)
        tasks = 1 if alone else min(vectors, SMALL_TASKS)
        if tasks == 1:
            few_rows_product(a, b, c, rows, depth, columns, 0, columns)
        else:
            for task in prange(tasks):
                first, last = np.intp(task) * vectors // tasks * size, (np.intp(task) + 1) * vectors // tasks * size
                few_rows_product(a, b, c, rows, depth, columns, first, min(columns, last))
    elif depth <= FEW and b.step == 1:
        if work < SMALL_PARALLEL_WORK:
            shallow_product(a, b, c, 0, rows, depth, columns)
        else:
            for task in prange(SMALL_TASKS):
                first, last = np.intp(task) * rows // SMALL_TASKS, (np.intp(task) + 1) * rows // SMALL_TASKS
                shallow_product(a, b, c, first, last, depth, columns)
    else:
        return False
    return True
