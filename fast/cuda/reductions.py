"""Sums and maxima that several threads of a block make together.

The ladder that led here:

1. One thread adds up what all the others have, while they wait.
2. A tree through shared memory: half of the threads add what the other half has, then half of those. Two barriers a
   step, and at the end all have to be told.
3. A butterfly: each thread adds the number of its partner, which is as many threads away as there are in half, then a
   quarter, … of the tree. As many steps, and all have the sum, with the same bits, since a + b is b + a.
4. Among the 32 lanes of a warp a partner's number is read from its register, by a shuffle: no memory, and no barrier.

Partners who are further apart meet in shared memory. All do where `SHUFFLED` is 1: the tree is the same, and so are the
bits. What order the threads run in doesn't matter, nor how many blocks there are.
"""

from __future__ import annotations

import math
from typing import Any

from fast.cuda.device import SIMULATED, WARP, cuda, empty, kernel, launch, synchronizing_function

#: Partners who are less than this many threads apart shuffle; a power of two from 1, which is nobody, to a warp's.
SHUFFLED = WARP
#: Threads of a block that reduces, 2 to the power of `ROUNDS`: that many steps has a butterfly of all of them.
ROUNDS = 2 if SIMULATED else 7
REDUCING_THREADS = 1 << ROUNDS
#: How many numbers each thread adds up before its block makes one sum of them.
RUN = 2 if SIMULATED else 16
ALL_LANES = 0xFFFFFFFF


@synchronizing_function
def partners(value: Any, distance: int, shuffled: int, meeting_place: Any) -> Any:
    """The value of the thread whose number differs in the bit of the distance. All threads of the block must ask."""
    if distance < shuffled:
        return cuda.shfl_xor_sync(ALL_LANES, value, distance)
    thread = cuda.threadIdx.x
    meeting_place[thread] = value
    cuda.syncthreads()
    brought = meeting_place[thread ^ distance]
    cuda.syncthreads()  # until all have read
    return brought


@synchronizing_function
def sum_of_lanes(value: Any, near: int, far: int, shuffled: int, meeting_place: Any) -> Any:
    """The sum over the threads whose numbers differ in bits from `near` up to `far`, which is left out."""
    for bit in range(near, far):
        value += partners(value, 1 << bit, shuffled, meeting_place)
    return value


@synchronizing_function
def largest_of_lanes(value: Any, near: int, far: int, shuffled: int, meeting_place: Any) -> Any:
    """The maximum over the threads whose numbers differ in bits from `near` up to `far`, which is left out."""
    for bit in range(near, far):
        other = partners(value, 1 << bit, shuffled, meeting_place)
        if other > value:
            value = other
    return value


@synchronizing_function
def number_itself(number: Any) -> Any:
    """The number, to be added up."""
    return number


@synchronizing_function
def square(number: Any) -> Any:
    """The number's square, to be added up."""
    return number * number


def sums_kernel(term: Any) -> Any:
    """Make a kernel with a block for each run of numbers, which leaves there the sum of their terms."""

    @kernel
    def add_up(numbers: Any, shuffled: int, sums: Any) -> None:
        meeting_place, total = cuda.shared.array(0, sums.dtype), sums.dtype.type(0)
        start = cuda.blockIdx.x * RUN * REDUCING_THREADS + cuda.threadIdx.x
        for step in range(RUN):
            place = start + step * REDUCING_THREADS
            if place < numbers.size:
                total += term(numbers[place])
        total = sum_of_lanes(total, 0, ROUNDS, shuffled, meeting_place)
        if cuda.threadIdx.x == 0:
            sums[cuda.blockIdx.x] = total

    return add_up


sums_of_numbers, sums_of_squares = sums_kernel(number_itself), sums_kernel(square)


@synchronizing_function
def sum_of_all(numbers: Any, shuffled: int, meeting_place: Any) -> Any:
    """The sum of all numbers, in every thread of the only block."""
    total = numbers.dtype.type(0)
    for place in range(cuda.threadIdx.x, numbers.size, REDUCING_THREADS):
        total += numbers[place]
    return sum_of_lanes(total, 0, ROUNDS, shuffled, meeting_place)


def fit_one_block(numbers: Any) -> bool:
    """Whether numbers are so few that one block may as well add them up alone."""
    return bool(numbers.size <= RUN * REDUCING_THREADS)


def sums_of_runs(compiled: Any, numbers: Any) -> Any:
    """The sums of all runs of a device array, for one block to add up. They depend on the array's length alone."""
    blocks = math.ceil(numbers.size / (RUN * REDUCING_THREADS))
    sums = empty(blocks, numbers.dtype)
    launch_reducing(compiled, blocks, numbers, SHUFFLED, sums)
    return sums


def launch_reducing(compiled: Any, blocks: int, *arguments: Any) -> None:
    """Run a kernel whose threads meet in shared memory; the last argument is the result, whose dtype they exchange."""
    shared_bytes = REDUCING_THREADS * arguments[-1].dtype.itemsize
    launch(compiled, blocks, REDUCING_THREADS, *arguments, shared_bytes=shared_bytes)
