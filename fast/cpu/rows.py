"""Sums, maxima, exponentials and copies of a row, in vectors: one number after the other would wait for each addition.

Each is written out, for the reason that `activations` gives.
"""

from __future__ import annotations

import numpy as np

from fast.cpu import elementary
from fast.cpu.compilation import compiled, leaf
from fast.cpu.shuffles import fold_maximum, fold_sum
from fast.cpu.vectors import (
    VECTOR_BYTES,
    at_least,
    first_lanes,
    load,
    load_pair,
    load_part,
    load_part_or,
    multiply_add,
    store,
    store_part,
)


@leaf
def row_maximum(z, start, count):
    """The largest of `count` numbers; of those with NaN among them, NaN or the largest of some others."""
    size, lowest = VECTOR_BYTES // z.itemsize, z.dtype.type(-np.inf)
    if count < size:
        return fold_maximum(load_part_or(z, start, count, lowest))
    p, i = load(z, start), size
    if count >= 4 * size:
        q, r, s = load(z, start + size), load(z, start + 2 * size), load(z, start + 3 * size)
        i = 4 * size
        while i + 4 * size <= count:
            # One instruction each, unlike a maximum that NaN would have to survive.
            p, q = at_least(load(z, start + i), p), at_least(load(z, start + i + size), q)
            r, s = at_least(load(z, start + i + 2 * size), r), at_least(load(z, start + i + 3 * size), s)
            i += 4 * size
        p = at_least(at_least(p, q), at_least(r, s))
    while i + size <= count:
        p = at_least(load(z, start + i), p)
        i += size
    if i < count:
        p = at_least(load_part_or(z, start + i, count - i, lowest), p)
    return fold_maximum(p)


@leaf
def row_sum(z, start, count):
    """The sum of `count` numbers."""
    # -0 is what changes no sum; 0 makes 0 of -0.
    size, nothing = VECTOR_BYTES // z.itemsize, z.dtype.type(-0.0)
    if count < size:
        return fold_sum(load_part_or(z, start, count, nothing))
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
    if i < count:
        p = p + load_part_or(z, start + i, count - i, nothing)
    return fold_sum(p)


@leaf
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


@leaf
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


@leaf
def exponentiate(x, start, count, out, out_start):
    """Write the exponentials of numbers, to where they are or to where nothing overlaps them."""
    size, i = VECTOR_BYTES // x.itemsize, 0
    while i + 2 * size <= count:
        store(out, out_start + i, elementary.exp(load_pair(x, start + i)))
        i += 2 * size
    while i < count:
        part = min(size, count - i)
        store_part(out, out_start + i, part, elementary.exp(load_part(x, start + i, part)))
        i += part


@leaf
def exponentiate_row(z, start, count, largest, out, out_start):
    """Write the exponentials of numbers less the largest of them, as `exponentiate`; return their sum."""
    # Where there are no numbers, none is computed that underflows: the processor would take its time for that.
    size, i, total = VECTOR_BYTES // z.itemsize, 0, z.dtype.type(0)
    if count >= 2 * size:
        sums, i = elementary.exp(load_pair(z, start) - largest), 2 * size
        store(out, out_start, sums)
        while i + 2 * size <= count:
            powers = elementary.exp(load_pair(z, start + i) - largest)
            store(out, out_start + i, powers)
            sums = sums + powers
            i += 2 * size
        total = fold_sum(sums)
    while i < count:
        part = min(size, count - i)
        powers = elementary.exp(load_part_or(z, start + i, part, largest) - largest)
        store_part(out, out_start + i, part, powers)
        total += fold_sum(first_lanes(powers, part))
        i += part
    return total


@leaf
def row_exponentials(z, start, count, largest):
    """The sum that `exponentiate_row` returns, and nothing written."""
    size, i, total = VECTOR_BYTES // z.itemsize, 0, z.dtype.type(0)
    if count >= 2 * size:
        sums, i = elementary.exp(load_pair(z, start) - largest), 2 * size
        while i + 2 * size <= count:
            sums = sums + elementary.exp(load_pair(z, start + i) - largest)
            i += 2 * size
        total = fold_sum(sums)
    while i < count:
        part = min(size, count - i)
        powers = elementary.exp(load_part_or(z, start + i, part, largest) - largest)
        total += fold_sum(first_lanes(powers, part))
        i += part
    return total


@leaf
def vector_exponentials(scores, count):
    """Of a row that fits a vector, with -∞ behind: the numbers less the largest, and their exponentials; zeros behind.

    Whoever calls this for each row has no call that takes an array, which would be counted as another user of it.
    """
    shifted = first_lanes(scores - fold_maximum(scores), count)
    return shifted, first_lanes(elementary.exp(shifted), count)


@compiled()
def aligned(count, like):
    """Memory for so many numbers, from an address on at which a vector fits a line of the cache."""
    room = np.empty(count + VECTOR_BYTES // like.itemsize, like.dtype)
    first = -room.ctypes.data % VECTOR_BYTES // like.itemsize
    return room[first : first + count]


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
