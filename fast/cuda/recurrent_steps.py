"""What recurrent networks do step by step, forwards and back through time: the kernels under both.

A step multiplies what the step before it carries over, states or gradients of sums, by the recurrent kernel or its
transpose; what it makes of the products is for the network to say. The ladder that led here:

1. One launch a step, one thread a unit of an example, which reads a whole column of the recurrent kernel from global
   memory: as often as there are examples, and again in every step.
2. Tiles in shared memory, as for any product of matrices; a thread computes all gates of a unit for several examples,
   so that a number read once serves several products (`of_step`). A launch a step remains, since all threads need what
   the step before carries over, and blocks can't wait for each other.
3. Unless a block needs no other block: where all units fit into one, it owns some examples for all steps (`in_block`).
   The recurrent kernel stays in shared memory, what is carried over lies there too, in two places by turns, and there
   is one barrier a step and one launch for all.

Arrays lie with examples first, as they come: [N, T, …] needs no transposition.
"""

from __future__ import annotations

import math
from typing import Any

from fast.cuda.device import SIMULATED, cuda, kernel, launch, synchronizing_function

#: The most threads of a block that takes all steps, and examples that each of them computes together.
BLOCK_THREADS, BLOCK_TOGETHER = (4, 2) if SIMULATED else (128, 2)
#: The largest recurrent kernel that blocks keep in shared memory: 48 KiB are there, a third for what is carried over.
MOST_KERNEL_BYTES = 48 if SIMULATED else 32 * 1024
#: A tile of a step: so many units, numbers deep, and groups of threads, each of which takes some examples.
TILE_UNITS, DEPTH, TILE_GROUPS = (2, 3, 2) if SIMULATED else (32, 16, 4)
TILE_THREADS = TILE_GROUPS * TILE_UNITS


def together_of(outs: int) -> int:
    """How many examples a thread computes together in a step: fewer if it has several sums for each of them."""
    return (2 if SIMULATED else 4) // (1 if outs == 1 else 2)


@synchronizing_function
def weight_forwards(recurrent_kernel: Any, k: int, column: int) -> Any:
    """What the state of unit k is multiplied by."""
    return recurrent_kernel[k, column]


@synchronizing_function
def weight_back(recurrent_kernel: Any, k: int, column: int) -> Any:
    """What the gradient of sum k is multiplied by."""
    return recurrent_kernel[column, k]


@synchronizing_function
def add_products(
    left: Any, first: int, apart: int, right: Any, column: int, columns_apart: int, line: int, depth: int, sums: Any
) -> None:
    """Add products of rows of one tile, which lie `apart`, with columns of another, whose rows are `line` long."""
    for k in range(depth):
        for out in range(sums.shape[1]):
            weight = right[k * line + column + out * columns_apart]
            for row in range(sums.shape[0]):
                sums[row, out] += left[first + row * apart + k] * weight


@synchronizing_function
def clear(sums: Any) -> None:
    """Make zeros of a thread's sums."""
    for row in range(sums.shape[0]):
        for out in range(sums.shape[1]):
            sums[row, out] = 0


def in_block(outs: int, carried: int, forwards: bool, carried_at: Any, finish: Any) -> Any:
    """Make a kernel for all steps, whose blocks own some examples each; arguments as for `kernels_of_steps`."""
    weight_at = weight_forwards if forwards else weight_back

    @kernel
    def all_steps(recurrent_kernel: Any, details: Any, examples: int, first: int, way: int, count: int) -> None:
        shared, units = cuda.shared.array(0, recurrent_kernel.dtype), recurrent_kernel.shape[0]
        thread = cuda.threadIdx.x
        rows, depth, columns = BLOCK_THREADS // units * BLOCK_TOGETHER, carried * units, outs * units
        own, unit, example = thread // units * BLOCK_TOGETHER, thread % units, cuda.blockIdx.x * rows
        weights, carrying = shared[: depth * columns], shared[depth * columns :]
        sums = cuda.local.array((BLOCK_TOGETHER, outs), recurrent_kernel.dtype)
        carries = cuda.local.array(carried, recurrent_kernel.dtype)
        for place in range(thread, depth * columns, BLOCK_THREADS):
            weights[place] = weight_at(recurrent_kernel, place // columns, place % columns)
        for place in range(thread, rows * depth if forwards else 0, BLOCK_THREADS):
            if example + place // depth < examples:
                carrying[place] = carried_at(details, example + place // depth, first, place % depth)
        cuda.syncthreads()
        for step in range(count):
            before, after = step % 2 * rows * depth, (step + 1) % 2 * rows * depth
            clear(sums)
            if own < rows:
                if forwards or step > 0:
                    start = before + own * depth
                    add_products(carrying, start, depth, weights, unit, units, columns, depth, sums)
                for row in range(BLOCK_TOGETHER):
                    if example + own + row < examples:
                        finish(sums, row, details, example + own + row, first + step * way, unit, carries)
                        for gate in range(carried):
                            carrying[after + (own + row) * depth + gate * units + unit] = carries[gate]
            cuda.syncthreads()

    return all_steps


def of_step(outs: int, carried: int, forwards: bool, carried_at: Any, finish: Any) -> Any:
    """Make a kernel for one step, whose blocks own a tile of units and examples; arguments as for `kernels_of_steps`.

    Neighbouring threads load neighbouring weights: forwards along the columns, back through time along the depth.
    """
    weight_at = weight_forwards if forwards else weight_back
    line, together = outs * TILE_UNITS, together_of(outs)
    tile_examples = TILE_GROUPS * together

    @kernel
    def one_step(recurrent_kernel: Any, details: Any, examples: int, step: int, multiplies: int) -> None:
        shared, thread = cuda.shared.array(0, recurrent_kernel.dtype), cuda.threadIdx.x
        zero = recurrent_kernel.dtype.type(0)
        units, depth = recurrent_kernel.shape[0], carried * recurrent_kernel.shape[0]
        left, right = shared[: tile_examples * DEPTH], shared[tile_examples * DEPTH :]
        example, first_unit = cuda.blockIdx.x * tile_examples, cuda.blockIdx.y * TILE_UNITS
        own, unit = thread // TILE_UNITS * together, first_unit + thread % TILE_UNITS
        sums = cuda.local.array((together, outs), recurrent_kernel.dtype)
        carries = cuda.local.array(carried, recurrent_kernel.dtype)
        clear(sums)
        for start in range(0, depth if multiplies else 0, DEPTH):
            if start > 0:
                cuda.syncthreads()  # until nobody reads the tiles before
            for place in range(thread, tile_examples * DEPTH, TILE_THREADS):
                n, k = example + place // DEPTH, start + place % DEPTH
                left[place] = carried_at(details, n, step, k) if n < examples and k < depth else zero
            for place in range(thread, line * DEPTH, TILE_THREADS):
                k, column = (place // line, place % line) if forwards else (place % DEPTH, place // DEPTH)
                own_unit = first_unit + column % TILE_UNITS
                inside = start + k < depth and own_unit < units
                there = column // TILE_UNITS * units + own_unit
                right[k * line + column] = weight_at(recurrent_kernel, start + k, there) if inside else zero
            cuda.syncthreads()
            add_products(left, own * DEPTH, DEPTH, right, thread % TILE_UNITS, TILE_UNITS, line, DEPTH, sums)
        for row in range(together):
            if example + own + row < examples and unit < units:
                finish(sums, row, details, example + own + row, step, unit, carries)

    return one_step


def kernels_of_steps(outs: int, carried: int, forwards: bool, carried_at: Any, finish: Any) -> tuple[Any, Any]:
    """Make the kernels for all steps in blocks, and for one step.

    Args:
        outs: sums of a unit in each step.
        carried: numbers of a unit that each step carries over to the next.
        forwards: whether states are carried over, also to the first step, or gradients of sums, back from the last.
        carried_at: carried_at(details, example, step, k), number k that is carried over to a step.
        finish: finish(sums, row, details, example, step, unit, carries), which makes of a row of sums what the step
            computes for a unit of an example, writes that, and leaves in `carries` what it carries over.
    """
    arguments = outs, carried, forwards, carried_at, finish
    return in_block(*arguments), of_step(*arguments)


def run_steps(
    compiled: tuple[Any, Any], recurrent_kernel: Any, details: Any, examples: int, steps: range, *, forwards: bool
) -> None:
    """Run all steps: in one launch where a block has room for all units and the recurrent kernel, else in one each."""
    (units, columns), size = recurrent_kernel.shape, recurrent_kernel.dtype.itemsize
    carried, rows = 1 if forwards else columns // units, BLOCK_THREADS // units * BLOCK_TOGETHER
    if rows and units * columns * size <= MOST_KERNEL_BYTES:
        shared_bytes = (units * columns + 2 * rows * carried * units) * size
        arguments = recurrent_kernel, details, examples, steps.start, steps.step, len(steps)
        launch(compiled[0], math.ceil(examples / rows), BLOCK_THREADS, *arguments, shared_bytes=shared_bytes)
        return
    outs = columns // units // carried
    tile_examples = TILE_GROUPS * together_of(outs)
    # More units than a grid's second axis has room for would have a recurrent kernel of terabytes.
    grid = math.ceil(examples / tile_examples), math.ceil(units / TILE_UNITS), 1
    shared_bytes = (tile_examples + outs * TILE_UNITS) * DEPTH * size
    for step in steps:
        multiplies = int(forwards or step != steps.start)
        each = recurrent_kernel, details, examples, step, multiplies
        launch(compiled[1], grid, TILE_THREADS, *each, shared_bytes=shared_bytes)
