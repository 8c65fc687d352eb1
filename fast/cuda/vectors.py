"""Sixteen bytes at a time: the widest piece that a thread can read or write with one instruction.

A thread that moves 16 bytes asks memory for four times as much as one that moves a float32, with as many instructions,
and it is bytes under way that keep memory busy. Between shared memory and registers, too, it is instructions that are
short. Numba has no such access to arrays, so an intrinsic emits it: a vector of LLVM's, which the assembler takes from
registers next to each other.

The 16 bytes must lie at a multiple of 16: `in_vectors` says before a launch whether they do for all pieces of a row,
`begins_vector` says in a kernel whether they do for the first.
"""

from __future__ import annotations

from typing import Any

from fast.cuda.device import SIMULATED

VECTOR_BYTES = 16
#: The most numbers that are 16 bytes: room for a piece, in registers.
MOST_LANES = 4

if SIMULATED:

    def lanes_of(array: Any) -> int:
        """How many numbers of an array are 16 bytes."""
        return VECTOR_BYTES // int(array.dtype.itemsize)

    def move_vector(source: Any, source_place: int, target: Any, target_place: int) -> None:
        """Copy 16 bytes from an array's place to another's, in any memory; an error where a GPU has one."""
        for array, place in ((source, source_place), (target, target_place)):
            if (array.ctypes.data + place * array.dtype.itemsize) % VECTOR_BYTES:
                raise ValueError(f"misaligned address: number {place} of an array is not at a multiple of 16 bytes")
        for lane in range(lanes_of(target)):
            target[target_place + lane] = source[source_place + lane]

    def number_at(array: Any, place: int) -> Any:
        """The number at a place that isn't negative."""
        return array[place]

    def put_number(array: Any, place: int, number: Any) -> None:
        """Write a number to a place that isn't negative."""
        array[place] = number

    def begins_vector(array: Any) -> bool:
        """Whether an array in global memory begins at a multiple of 16 bytes."""
        return bool(array.ctypes.data % VECTOR_BYTES == 0)

else:
    from llvmlite import ir
    from numba import types
    from numba.cuda.extending import intrinsic

    @intrinsic
    def lanes_of(typingctx: Any, array: Any) -> Any:
        """How many numbers of an array are 16 bytes: a constant, by which loops are unrolled."""
        lanes = VECTOR_BYTES * 8 // array.dtype.bitwidth
        return types.intp(array), lambda context, builder, signature, operands: ir.Constant(ir.IntType(64), lanes)

    def pointer(context: Any, builder: Any, array: Any, value: Any, place: Any) -> Any:
        """To the number at a place. Numba's own way takes four instructions more, for places that may be negative."""
        return builder.gep(context.make_array(array)(context, builder, value).data, [place])

    @intrinsic
    def number_at(typingctx: Any, array: Any, place: Any) -> Any:
        """The number at a place that isn't negative."""

        def codegen(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            return builder.load(pointer(context, builder, array, *operands))

        return array.dtype(array, types.intp), codegen

    @intrinsic
    def put_number(typingctx: Any, array: Any, place: Any, number: Any) -> Any:
        """Write a number to a place that isn't negative."""

        def codegen(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            builder.store(operands[2], pointer(context, builder, array, *operands[:2]))
            return context.get_dummy_value()

        return types.void(array, types.intp, array.dtype), codegen

    @intrinsic
    def move_vector(typingctx: Any, source: Any, source_place: Any, target: Any, target_place: Any) -> Any:
        """Copy 16 bytes from an array's place to another's, in any memory."""

        def codegen(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            def piece(array: Any, value: Any, place: Any) -> Any:
                vector = ir.VectorType(context.get_data_type(array.dtype), VECTOR_BYTES * 8 // array.dtype.bitwidth)
                return builder.bitcast(pointer(context, builder, array, value, place), vector.as_pointer())

            moved = builder.load(piece(source, *operands[:2]), align=VECTOR_BYTES)
            builder.store(moved, piece(target, *operands[2:]), align=VECTOR_BYTES)
            return context.get_dummy_value()

        return types.void(source, types.intp, target, types.intp), codegen

    @intrinsic
    def begins_vector(typingctx: Any, array: Any) -> Any:
        """Whether an array in global memory begins at a multiple of 16 bytes."""

        def codegen(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            data = context.make_array(array)(context, builder, operands[0]).data
            past = builder.and_(builder.ptrtoint(data, ir.IntType(64)), ir.Constant(ir.IntType(64), VECTOR_BYTES - 1))
            return builder.icmp_unsigned("==", past, ir.Constant(ir.IntType(64), 0))

        return types.boolean(array), codegen


def in_vectors(array: Any, length: int) -> bool:
    """Whether pieces of 16 bytes cover rows of some length, in a contiguous array on the device, from end to end."""
    # The simulator's arrays wrap one of NumPy.
    address = array._ary.ctypes.data if hasattr(array, "_ary") else array.device_ctypes_pointer.value
    return address % VECTOR_BYTES == 0 and length * array.dtype.itemsize % VECTOR_BYTES == 0
