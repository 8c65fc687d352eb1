"""Sums, maxima, exponentials and copies of a row, in vectors: one number after the other would wait for each addition.

Each is written out, for the reason that `activations` gives.
"""

from __future__ import annotations

from fast.cpu import elementary
from fast.cpu.compilation import compiled, leaf
from fast.cpu.shuffles import fold_maximum, fold_sum
from fast.cpu.vectors import (
    VECTOR_BYTES,
    load,
    load_part,
    maximum,
    multiply_add,
    store,
    store_part,
)


@compiled()
def row_maximum(z, start, count):
    """The largest of `count` numbers, NaN if one is."""
    size, i = VECTOR_BYTES // z.itemsize, 1
    largest = z[start]
    if count >= size:
        p, i = load(z, start), size
        if count >= 4 * size:
            q, r, s = load(z, start + size), load(z, start + 2 * size), load(z, start + 3 * size)
            i = 4 * size
            while i + 4 * size <= count:
                p, q = maximum(p, load(z, start + i)), maximum(q, load(z, start + i + size))
                r, s = maximum(r, load(z, start + i + 2 * size)), maximum(s, load(z, start + i + 3 * size))
                i += 4 * size
            p = maximum(maximum(p, q), maximum(r, s))
        while i + size <= count:
            p = maximum(p, load(z, start + i))
            i += size
        largest = fold_maximum(p)
    while i < count:
        largest = maximum(largest, z[start + i])
        i += 1
    return largest


@compiled()
def row_sum(z, start, count):
    """The sum of `count` numbers."""
    size, i = VECTOR_BYTES // z.itemsize, 1
    total = z[start]
    if count >= size:
        p, i = load(z, start), size
        if count >= 4 * size:
            q, r, s = load(z, start + size), load(z, start + 2 * size), load(z, start + 3 * size)
            i = 4 * size
            while i + 4 * size <= count:
                p, q = p + load(z, start + i), q + load(z, start + i + size)
                r, s = r + load(z, start + i + 2 * size), s + load(z, start + i + 3 * size)
                i += 4 * size
            p = (p + q) + (r + s)
        while i + size <= count:
            p = p + load(z, start + i)
            i += size
        total = fold_sum(p)
    while i < count:
        total += z[start + i]
        i += 1
    return total


@compiled()
def row_products(x, x_start, y, y_start, count):
    """The sum of the products of two rows' numbers."""
    size, i = VECTOR_BYTES // x.itemsize, 1
    total = x[x_start] * y[y_start]
    if count >= size:
        p, i = load(x, x_start) * load(y, y_start), size
        if count >= 2 * size:
            q, i = load(x, x_start + size) * load(y, y_start + size), 2 * size
            while i + 2 * size <= count:
                p = multiply_add(load(x, x_start + i), load(y, y_start + i), p)
                q = multiply_add(load(x, x_start + i + size), load(y, y_start + i + size), q)
                i += 2 * size
            p = p + q
        while i + size <= count:
            p = multiply_add(load(x, x_start + i), load(y, y_start + i), p)
            i += size
        total = fold_sum(p)
    while i < count:
        total = multiply_add(x[x_start + i], y[y_start + i], total)
        i += 1
    return total


@compiled()
def row_squares(x, x_start, y, y_start, count):
    """The sum of the squared differences of two rows' numbers."""
    size, i = VECTOR_BYTES // x.itemsize, 1
    difference = x[x_start] - y[y_start]
    total = difference * difference
    if count >= size:
        d, i = load(x, x_start) - load(y, y_start), size
        p = d * d
        if count >= 2 * size:
            d, i = load(x, x_start + size) - load(y, y_start + size), 2 * size
            q = d * d
            while i + 2 * size <= count:
                d, e = load(x, x_start + i) - load(y, y_start + i), load(x, x_start + i + size)
                e = e - load(y, y_start + i + size)
                p, q = multiply_add(d, d, p), multiply_add(e, e, q)
                i += 2 * size
            p = p + q
        while i + size <= count:
            d = load(x, x_start + i) - load(y, y_start + i)
            p = multiply_add(d, d, p)
            i += size
        total = fold_sum(p)
    while i < count:
        difference = x[x_start + i] - y[y_start + i]
        total = multiply_add(difference, difference, total)
        i += 1
    return total


@compiled()
def exponentiate(x, start, count, out, out_start):
    """Write the exponentials of numbers, to where they are or to where nothing overlaps them."""
    size, i = VECTOR_BYTES // x.itemsize, 0
    while i + 2 * size <= count:
        first, second = elementary.exp(load(x, start + i)), elementary.exp(load(x, start + i + size))
        store(out, out_start + i, first)
        store(out, out_start + i + size, second)
        i += 2 * size
    while i + size <= count:
        store(out, out_start + i, elementary.exp(load(x, start + i)))
        i += size
    if i < count:
        store_part(out, out_start + i, count - i, elementary.exp(load_part(x, start + i, count - i)))


@leaf
def copy_row(x, start, count, out, out_start):
    """Copy numbers to where nothing overlaps them.

    Not as slices: those count who uses an array, and threads that count the same one wait for each other.
    """
    size, i = VECTOR_BYTES // x.itemsize, 0
    while i + size <= count:
        store(out, out_start + i, load(x, start + i))
        i += size
    if i < count:
        store_part(out, out_start + i, count - i, load_part(x, start + i, count - i))
