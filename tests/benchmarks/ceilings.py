"""What the machine can do at most: multiply-adds in registers, and copying memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numba import get_num_threads, njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from fast.cpu.vectors import (
    VECTOR_BYTES,
    VECTOR_REGISTERS,
    call_intrinsic,
    data_pointer,
    load_vector,
    store_vector,
    vector_type,
)

#: Sums that don't wait for each other: with a factor and a term, they leave two vector registers free.
CHAINS = VECTOR_REGISTERS - 4
LANES = VECTOR_BYTES // np.dtype(np.float32).itemsize
#: Multiply-adds of each chain in one call: some milliseconds' worth, beside which waking the threads is little.
STEPS = 1 << 20
#: Bytes that no cache holds.
LARGE = 1 << 26


def multiply_adds(threads: int | None = None) -> tuple[Callable[[], None], int]:
    """A function that multiplies and adds float32 as fast as the machine can, and how many of both it does."""
    count = threads or get_num_threads()
    numbers = np.ones((count, (CHAINS + 2) * LANES), np.float32)
    numbers[:, :LANES] = 0.5
    numbers[:, 2 * LANES :] = np.arange(CHAINS).repeat(LANES)
    kernel = _chains_on_one_thread if count == 1 else _chains_on_threads
    return partial(kernel, numbers, STEPS), 2 * CHAINS * LANES * STEPS * count


def copying(traffic: int = 2 * LARGE) -> tuple[Callable[[], None], int]:
    """A function that reads and writes so many bytes, half of each, and how many they are."""
    source, target = np.zeros((2, traffic // 2), np.uint8)
    return partial(_copy_on_threads, source, target, get_num_threads()), 2 * source.nbytes


@intrinsic
def multiply_add_chains(typingctx, numbers, start, steps):
    """x ← x·factor + term for a register full of x for each chain; factor, term and chains lie one after the other."""

    def codegen(context, builder, signature, operands):
        vector = vector_type(numbers.dtype)
        first = builder.gep(data_pointer(context, builder, numbers, operands[0]), [operands[1]])
        places = [builder.gep(first, [operands[1].type(v * vector.count)]) for v in range(CHAINS + 2)]
        factor, term, *starts = (load_vector(builder, place, vector) for place in places)
        # LLVM keeps these in registers. Chains that start from the same numbers it would see to be one.
        chains = [cgutils.alloca_once_value(builder, value) for value in starts]
        with cgutils.for_range(builder, operands[2]):
            for chain in chains:
                builder.store(call_intrinsic(builder, "fmuladd", builder.load(chain), factor, term), chain)
        for chain, place in zip(chains, places[2:], strict=True):
            store_vector(builder, builder.load(chain), place)
        return context.get_dummy_value()

    return types.void(numbers, types.intp, types.intp), codegen


@intrinsic
def copy_bytes(typingctx, source, target, start, count):
    """Copy with what the C library has for it."""

    def codegen(context, builder, signature, operands):
        pointers = (data_pointer(context, builder, source, operand) for operand in operands[:2])
        read, written = (builder.gep(pointer, [operands[2]]) for pointer in pointers)
        cgutils.raw_memcpy(builder, written, read, operands[3], 1)
        return context.get_dummy_value()

    return types.void(source, target, types.intp, types.intp), codegen


@njit
def _chains_on_one_thread(numbers, steps):
    multiply_add_chains(numbers, 0, steps)


@njit(parallel=True)
def _chains_on_threads(numbers, steps):
    for thread in prange(len(numbers)):
        multiply_add_chains(numbers, thread * numbers.shape[1], steps)


@njit(parallel=True)
def _copy_on_threads(source, target, threads):
    for thread in prange(threads):
        start, end = thread * source.size // threads, (thread + 1) * source.size // threads
        copy_bytes(source, target, start, end - start)
