"""Lanes that change places: squares that are transposed, parts of vectors, and all lanes folded to one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fast.cpu.vectors import (
    INTEGER,
    data_pointer,
    lanes_below,
    larger_of,
    load_lanes,
    load_vector,
    splat,
    store_lanes,
    store_vector,
    vector_type,
)


@intrinsic
def transpose(typingctx, source, source_start, source_step, target, target_start, target_step):
    """Copy a square of as many rows as a vector has lanes, step apart each, so that columns become rows."""

    def codegen(context, builder, signature, operands):
        vector = vector_type(source.dtype)
        pointers, places = _rows_of_squares(context, builder, signature, operands, vector.count)
        rows = _transposed(builder, [load_vector(builder, pointer, vector) for pointer in pointers])
        for row, place in zip(rows, places, strict=True):
            store_vector(builder, row, place)
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, n, target, n, n), codegen


@intrinsic
def transpose_part(typingctx, source, source_start, source_step, target, target_start, target_step, rows, columns):
    """Copy a corner of such a square: so many rows and columns of it at most, and nothing beyond."""

    def codegen(context, builder, signature, operands):
        vector = vector_type(source.dtype)
        pointers, places = _rows_of_squares(context, builder, signature, operands[:6], vector.count)
        height, width = operands[6:]

        def lanes(n, count, other):
            """The mask of `other` lanes if there is an n-th of `count`, else of none."""
            present = builder.icmp_signed(">", count, ir.Constant(count.type, n))
            return lanes_below(builder, builder.select(present, other, ir.Constant(other.type, 0)), vector)

        read = [load_lanes(builder, each, lanes(n, height, width), vector) for n, each in enumerate(pointers)]
        for n, row in enumerate(_transposed(builder, read)):
            store_lanes(builder, row, places[n], lanes(n, width, height))
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, n, target, n, n, n, n), codegen


def _rows_of_squares(context, builder, signature, operands, count):
    """Where the rows of a square that is read start, and those of one that is written."""
    starts = []
    for array, (data, first, step) in zip(
        (signature.args[0], signature.args[3]), (operands[:3], operands[3:]), strict=True
    ):
        base = data_pointer(context, builder, array, data)
        offsets = [builder.add(first, builder.mul(step, ir.Constant(first.type, n))) for n in range(count)]
        starts.append([builder.gep(base, [offset]) for offset in offsets])
    return starts


def _transposed(builder, rows):
    """The columns of a square of as many vectors as each has lanes."""
    rows, count = list(rows), len(rows)
    # Quarters of the square change places, then quarters of those, down to single numbers.
    width = count // 2
    while width:
        upper = [n if not n & width else count + n - width for n in range(count)]
        lower = [n + width if not n & width else count + n for n in range(count)]
        for n in range(count):
            if not n & width:
                one, other = rows[n], rows[n + width]
                rows[n], rows[n + width] = (mixed_lanes(builder, one, other, taken) for taken in (upper, lower))
        width //= 2
    return rows


def mixed_lanes(builder, one, other, places):
    """A vector of some lanes of two, counted through."""
    return builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(INTEGER, len(places)), list(places)))


@intrinsic
def last_lanes(typingctx, vector, count):
    """A vector's last lanes, with zeros in those before."""

    def codegen(context, builder, signature, operands):
        value = operands[0]
        numbers = ir.VectorType(INTEGER, value.type.count)
        left = splat(builder, builder.trunc(operands[1], INTEGER), numbers)
        kept = builder.icmp_signed("<", ir.Constant(numbers, list(reversed(range(numbers.count)))), left)
        return builder.select(kept, value, ir.Constant(value.type, None))

    return vector(vector, types.intp), codegen


def _folded(combine: Callable[..., Any]) -> Any:
    """The intrinsic that combines all lanes of a vector, halves first."""

    @intrinsic
    def fold(typingctx, vector):
        def codegen(context, builder, signature, operands):
            value = operands[0]
            while value.type.count > 1:
                half = value.type.count // 2
                value = combine(builder, *(take_lanes(builder, value, range(n, n + half)) for n in (0, half)))
            return builder.extract_element(value, ir.Constant(INTEGER, 0))

        return vector.dtype(vector), codegen

    return fold


def take_lanes(builder, value, places):
    """A vector of some of a vector's lanes."""
    return mixed_lanes(builder, value, ir.Constant(value.type, ir.Undefined), places)


#: The sum and the largest of a vector's numbers, NaN if one is.
fold_sum, fold_maximum = _folded(lambda builder, x, y: builder.fadd(x, y)), _folded(larger_of)
