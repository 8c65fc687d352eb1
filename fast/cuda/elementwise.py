"""Kernels that do the same with every number of some arrays, as fast as memory brings the numbers.

The ladder that led here:

1. One thread for each number: each reads one, computes, writes one. Neighbouring threads touch neighbouring numbers.
2. A grid-stride loop: a fixed number of blocks walks over arrays of any size.
3. One kernel for all: the function is compiled into it, so `relu` and `tanh_vjp` differ in one line each.
4. Pieces of 16 bytes, all read before anything is computed. Memory is the limit, and what keeps it busy are bytes
   under way: an H100 brings 3.35 TB/s, some 0.7 µs after they were asked for, so 2.3 MB have to be under way, 18 KB for
   each of 132 multiprocessors, and twice that for memory that answers late when it is busy. A multiprocessor has room
   for 2048 threads of 32 registers: with one float32 each that is 8 KB, with `BYTES_UNDER_WAY` = 64 it is 128 KB.

A block takes a chunk at a time. Where all arrays begin at a multiple of 16 bytes and the chunk is whole, each thread
takes pieces of it; else each takes single numbers, a block's threads next to each other. Both fill the same registers,
for one and the same computation: no number's bits depend on where it stands.

Every loop over registers has a length that the compiler knows, and is unrolled. A range with a step that it doesn't
know would begin with a division of 64 bits, so chunks are counted by hand.
"""

from __future__ import annotations

import math
from typing import Any

from fast.cuda.device import MOST_BLOCKS, THREADS, cuda, device_function, empty, kernel, launch
from fast.cuda.vectors import VECTOR_BYTES, begins_vector, lanes_of, move_vector

#: What a thread reads of all arrays together before it computes.
BYTES_UNDER_WAY = 64
#: The most numbers that a thread reads of an array at a time: registers for so many of float32, for half of float64.
ROOM = BYTES_UNDER_WAY // 4


def pieces_of(inputs: int) -> int:
    """How many pieces of each array a thread takes at a time where it reads so many arrays."""
    return max(1, BYTES_UNDER_WAY // VECTOR_BYTES // inputs)


@device_function
def read_numbers(source: Any, first: int, in_pieces: bool, pieces: int, numbers: Any) -> None:
    """A thread's numbers of a chunk; zeros past the end, of which nothing is written."""
    lanes = lanes_of(source)
    if in_pieces:
        for piece in range(pieces):
            move_vector(source, first + piece * THREADS * lanes, numbers, piece * lanes)
    else:
        left = source.size - first
        for place in range(pieces * lanes):
            numbers[place] = source[first + place * THREADS] if place * THREADS < left else source.dtype.type(0)


@device_function
def write_numbers(numbers: Any, first: int, in_pieces: bool, pieces: int, target: Any) -> None:
    """Write a thread's numbers of a chunk, as `read_numbers` reads them."""
    lanes = lanes_of(target)
    if in_pieces:
        for piece in range(pieces):
            move_vector(numbers, piece * lanes, target, first + piece * THREADS * lanes)
    else:
        left = target.size - first
        for place in range(pieces * lanes):
            if place * THREADS < left:
                target[first + place * THREADS] = numbers[place]


def map_kernel(function: Any) -> Any:
    """Make a kernel that applies a device function to every number; the scalars are its other arguments, if any."""
    pieces = pieces_of(1)

    @kernel
    def apply(z: Any, scalars: Any, result: Any) -> None:
        numbers = cuda.local.array(ROOM, result.dtype)
        aligned = begins_vector(z) and begins_vector(result)
        lanes, aligned_size = lanes_of(result), result.size if aligned else 0
        chunk = THREADS * pieces * lanes
        start = cuda.blockIdx.x * chunk
        while start < result.size:
            in_pieces = start + chunk <= aligned_size
            first = start + cuda.threadIdx.x * (lanes if in_pieces else 1)
            read_numbers(z, first, in_pieces, pieces, numbers)
            for place in range(pieces * lanes):
                numbers[place] = function(numbers[place], *scalars)
            write_numbers(numbers, first, in_pieces, pieces, result)
            start += cuda.gridDim.x * chunk

    return apply


def map_pairs_kernel(function: Any) -> Any:
    """Make a kernel as `map_kernel` does, of a device function that takes another array's number after each."""
    pieces = pieces_of(2)

    @kernel
    def apply(z: Any, other: Any, scalars: Any, result: Any) -> None:
        numbers, others = cuda.local.array(ROOM, result.dtype), cuda.local.array(ROOM, result.dtype)
        aligned = begins_vector(z) and begins_vector(other) and begins_vector(result)
        lanes, aligned_size = lanes_of(result), result.size if aligned else 0
        chunk = THREADS * pieces * lanes
        start = cuda.blockIdx.x * chunk
        while start < result.size:
            in_pieces = start + chunk <= aligned_size
            first = start + cuda.threadIdx.x * (lanes if in_pieces else 1)
            read_numbers(z, first, in_pieces, pieces, numbers)
            read_numbers(other, first, in_pieces, pieces, others)
            for place in range(pieces * lanes):
                numbers[place] = function(numbers[place], others[place], *scalars)
            write_numbers(numbers, first, in_pieces, pieces, result)
            start += cuda.gridDim.x * chunk

    return apply


def map_triples_kernel(function: Any) -> Any:
    """Make a kernel as `map_kernel` does, of a device function that takes two more arrays' numbers after each."""
    pieces = pieces_of(3)

    @kernel
    def apply(z: Any, other: Any, third: Any, scalars: Any, result: Any) -> None:
        numbers, others = cuda.local.array(ROOM, result.dtype), cuda.local.array(ROOM, result.dtype)
        thirds = cuda.local.array(ROOM, result.dtype)
        aligned = begins_vector(z) and begins_vector(other) and begins_vector(third) and begins_vector(result)
        lanes, aligned_size = lanes_of(result), result.size if aligned else 0
        chunk = THREADS * pieces * lanes
        start = cuda.blockIdx.x * chunk
        while start < result.size:
            in_pieces = start + chunk <= aligned_size
            first = start + cuda.threadIdx.x * (lanes if in_pieces else 1)
            read_numbers(z, first, in_pieces, pieces, numbers)
            read_numbers(other, first, in_pieces, pieces, others)
            read_numbers(third, first, in_pieces, pieces, thirds)
            for place in range(pieces * lanes):
                numbers[place] = function(numbers[place], others[place], thirds[place], *scalars)
            write_numbers(numbers, first, in_pieces, pieces, result)
            start += cuda.gridDim.x * chunk

    return apply


def step_kernel_of_one_state(function: Any) -> Any:
    """Make a kernel of a device function that takes a parameter, its gradient and a state, and returns two of them."""
    pieces = pieces_of(3)

    @kernel
    def advance(p: Any, g: Any, s: Any, scalars: Any, new_p: Any, new_s: Any) -> None:
        parameters, gradients = cuda.local.array(ROOM, p.dtype), cuda.local.array(ROOM, p.dtype)
        states = cuda.local.array(ROOM, p.dtype)
        aligned = begins_vector(p) and begins_vector(g) and begins_vector(s)
        aligned = aligned and begins_vector(new_p) and begins_vector(new_s)
        lanes, aligned_size = lanes_of(p), p.size if aligned else 0
        chunk = THREADS * pieces * lanes
        start = cuda.blockIdx.x * chunk
        while start < p.size:
            in_pieces = start + chunk <= aligned_size
            first = start + cuda.threadIdx.x * (lanes if in_pieces else 1)
            read_numbers(p, first, in_pieces, pieces, parameters)
            read_numbers(g, first, in_pieces, pieces, gradients)
            read_numbers(s, first, in_pieces, pieces, states)
            for k in range(pieces * lanes):
                parameters[k], states[k] = function(parameters[k], gradients[k], states[k], *scalars)
            write_numbers(parameters, first, in_pieces, pieces, new_p)
            write_numbers(states, first, in_pieces, pieces, new_s)
            start += cuda.gridDim.x * chunk

    return advance


def step_kernel_of_two_states(function: Any) -> Any:
    """Make a kernel of a device function that takes a parameter, its gradient and two states, and returns three."""
    pieces = pieces_of(4)

    @kernel
    def advance(p: Any, g: Any, s: Any, u: Any, scalars: Any, new_p: Any, new_s: Any, new_u: Any) -> None:
        parameters, gradients = cuda.local.array(ROOM, p.dtype), cuda.local.array(ROOM, p.dtype)
        states, others = cuda.local.array(ROOM, p.dtype), cuda.local.array(ROOM, p.dtype)
        aligned = begins_vector(p) and begins_vector(g) and begins_vector(s) and begins_vector(u)
        aligned = aligned and begins_vector(new_p) and begins_vector(new_s) and begins_vector(new_u)
        lanes, aligned_size = lanes_of(p), p.size if aligned else 0
        chunk = THREADS * pieces * lanes
        start = cuda.blockIdx.x * chunk
        while start < p.size:
            in_pieces = start + chunk <= aligned_size
            first = start + cuda.threadIdx.x * (lanes if in_pieces else 1)
            read_numbers(p, first, in_pieces, pieces, parameters)
            read_numbers(g, first, in_pieces, pieces, gradients)
            read_numbers(s, first, in_pieces, pieces, states)
            read_numbers(u, first, in_pieces, pieces, others)
            for k in range(pieces * lanes):
                given = parameters[k], gradients[k], states[k], others[k]
                parameters[k], states[k], others[k] = function(*given, *scalars)
            write_numbers(parameters, first, in_pieces, pieces, new_p)
            write_numbers(states, first, in_pieces, pieces, new_s)
            write_numbers(others, first, in_pieces, pieces, new_u)
            start += cuda.gridDim.x * chunk

    return advance


def launch_over_numbers(compiled: Any, given: tuple[Any, ...], *arguments: Any) -> None:
    """Run a kernel whose blocks take chunks of flat arrays of one size, which are its first arguments."""
    lanes = VECTOR_BYTES // given[0].dtype.itemsize
    chunks = math.ceil(given[0].size / (THREADS * pieces_of(len(given)) * lanes))
    launch(compiled, min(chunks, MOST_BLOCKS), THREADS, *given, *arguments)


def run_over_numbers(compiled: Any, given: tuple[Any, ...], scalars: tuple[Any, ...], count: int = 1) -> list[Any]:
    """Run a kernel over all numbers of contiguous device arrays of one shape; return so many arrays of results."""
    size, shape, dtype = given[0].size, given[0].shape, given[0].dtype
    results = [empty(size, dtype) for _ in range(count)]
    launch_over_numbers(compiled, tuple(array.reshape(size) for array in given), scalars, *results)
    return [result.reshape(*shape) for result in results]
