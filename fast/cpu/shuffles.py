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
    larger_of,
    load_vector,
    splat,
    store_vector,
    vector_type,
)


@intrinsic
def transpose(typingctx, source, source_start, source_step, target, target_start, target_step):
    """Copy a square of as many rows as a vector has lanes, step apart each, so that columns become rows."""

    def codegen(context, builder, signature, operands):
        read, first, read_step, written, place, write_step = operands
        vector, rows = vector_type(source.dtype), []
        count = vector.count
        for n in range(count):
            index = builder.add(first, builder.mul(read_step, ir.Constant(first.type, n)))
            pointer = builder.gep(data_pointer(context, builder, source, read), [index])
            rows.append(load_vector(builder, pointer, vector))
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
        for n, row in enumerate(rows):
            index = builder.add(place, builder.mul(write_step, ir.Constant(place.type, n)))
            store_vector(builder, row, builder.gep(data_pointer(context, builder, target, written), [index]))
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, n, target, n, n), codegen


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
