"""What comes after a layer's sums: its bias and its activation, row by row, while the rows are still in a cache.

The ladder (a convolution's 470,400 outputs, 24 filters, relu, one core):
1. a pass that adds the bias and another one for the activation: each reads and writes memory once more.
2. both in one pass over the rows that a task has just summed, a row after the other.
3. narrow rows that follow each other as one: of 24 filters, each row would end with half a vector.

Each activation's pass is compiled once and called through its address: in the product it would be compiled anew with
each of the product's callers, 5 to 8 seconds more for each.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from fast.cpu import elementary
from fast.cpu.compilation import compiled, compiled_callback, leaf
from fast.cpu.vectors import VECTOR_BYTES, at_least, load, load_part, store, store_part

#: The finisher of sums that get a bias only.
BIAS_ONLY = 0
#: Rows of at least so many vectors are taken one by one.
WIDE = 8


@leaf
def finish_rows(finisher, sums, start, row_step, rows, bias):
    """Make f(z + bias) of each z in some rows, which are as long as the bias and row_step apart."""
    if finisher == BIAS_ONLY:
        add_bias(sums, start, row_step, rows, bias)
    else:
        call_finisher(finisher, sums, start, row_step, rows, bias)


@leaf
def add_bias(sums, start, row_step, rows, bias):
    """Add a bias to some rows."""
    size, units = VECTOR_BYTES // sums.itemsize, bias.size
    whole = units // size * size
    for m in range(rows):
        row = start + m * row_step
        for i in range(0, whole, size):
            store(sums, row + i, load(sums, row + i) + load(bias, i))
        if whole < units:
            rest = units - whole
            last = load_part(sums, row + whole, rest) + load_part(bias, whole, rest)
            store_part(sums, row + whole, rest, last)


@compiled()
def rows_together(sums, row_step, rows, bias):
    """How many rows are taken as one, and the terms that are added to them."""
    size, units = VECTOR_BYTES // sums.itemsize, bias.size
    if row_step != units or rows < size or units % size == 0 or units >= WIDE * size:
        return 1, bias
    terms = np.empty(size * units, bias.dtype)
    for m in range(size):
        terms[m * units : (m + 1) * units] = bias
    return size, terms


def _relu_rows(sums, start, row_step, rows, bias):
    together, terms = rows_together(sums, row_step, rows, bias)
    for m in range(0, rows, together):
        first, count = start + m * row_step, min(together, rows - m) * bias.size
        finish_with_relu(sums, first, count, terms)


def _sigmoid_rows(sums, start, row_step, rows, bias):
    together, terms = rows_together(sums, row_step, rows, bias)
    for m in range(0, rows, together):
        first, count = start + m * row_step, min(together, rows - m) * bias.size
        finish_with_sigmoid(sums, first, count, terms)


def _tanh_rows(sums, start, row_step, rows, bias):
    together, terms = rows_together(sums, row_step, rows, bias)
    for m in range(0, rows, together):
        first, count = start + m * row_step, min(together, rows - m) * bias.size
        finish_with_tanh(sums, first, count, terms)


@leaf
def finish_with_relu(z, start, count, terms):
    """NaN stays NaN."""
    size, i, zero = VECTOR_BYTES // z.itemsize, 0, z.dtype.type(0)
    while i + size <= count:
        store(z, start + i, at_least(load(z, start + i) + load(terms, i), zero))
        i += size
    if i < count:
        rest = count - i
        store_part(z, start + i, rest, at_least(load_part(z, start + i, rest) + load_part(terms, i, rest), zero))


@leaf
def finish_with_sigmoid(z, start, count, terms):
    size, i = VECTOR_BYTES // z.itemsize, 0
    while i + 2 * size <= count:
        first, second = load(z, start + i) + load(terms, i), load(z, start + i + size) + load(terms, i + size)
        first, second = elementary.sigmoid(first), elementary.sigmoid(second)
        store(z, start + i, first)
        store(z, start + i + size, second)
        i += 2 * size
    while i < count:
        rest = min(size, count - i)
        value = elementary.sigmoid(load_part(z, start + i, rest) + load_part(terms, i, rest))
        store_part(z, start + i, rest, value)
        i += size


@leaf
def finish_with_tanh(z, start, count, terms):
    size, i = VECTOR_BYTES // z.itemsize, 0
    while i + 2 * size <= count:
        first, second = load(z, start + i) + load(terms, i), load(z, start + i + size) + load(terms, i + size)
        first, second = elementary.tanh(first), elementary.tanh(second)
        store(z, start + i, first)
        store(z, start + i + size, second)
        i += 2 * size
    while i < count:
        rest = min(size, count - i)
        value = elementary.tanh(load_part(z, start + i, rest) + load_part(terms, i, rest))
        store_part(z, start + i, rest, value)
        i += size


ROWS = {"relu": _relu_rows, "sigmoid": _sigmoid_rows, "tanh": _tanh_rows}


def finisher(dtype: np.dtype, activation: str) -> int:
    """The address of what adds a bias and applies an activation, for `finish_rows`."""
    return BIAS_ONLY if activation == "identity" else compiled_finisher(dtype, activation).address


@cache
def compiled_finisher(dtype: np.dtype, activation: str):
    """The callback behind `finisher`; kept, since its address is good only as long as it lives."""
    return compiled_callback(types.void(*signature_of(types.Array(from_dtype(dtype), 1, "C"))), ROWS[activation])


def signature_of(numbers: types.Array) -> tuple[types.Type, ...]:
    """The types of the arguments of what finishes rows, for arrays of some dtype."""
    return numbers, types.intp, types.intp, types.intp, numbers


@intrinsic
def call_finisher(typingctx, address, sums, start, row_step, rows, bias):
    """Make f(z + bias) of each z in some rows; `address` is `finisher`'s."""

    def codegen(context, builder, signature, operands):
        # Both sides are LLVM's: so arrays go by value, as between any two of its functions.
        kind = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands[1:]])
        builder.call(builder.inttoptr(operands[0], kind.as_pointer()), operands[1:])
        return context.get_dummy_value()

    arguments = signature_of(sums)
    if bias != sums:
        raise TypingError(f"wanted two arrays of one type; got {sums} and {bias}")
    return types.void(types.intp, *arguments), codegen
