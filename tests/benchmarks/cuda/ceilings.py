"""What a GPU can do at most: multiply-adds in registers, copying memory; and what a launch costs.

The ladder that led here, for multiply-adds:

1. One sum a thread: each multiply-add waits for the one before, four cycles, and a multiprocessor needs all of its
   threads to hide that.
2. `CHAINS` sums a thread that don't wait for each other, each starting from a number of its own: the compiler would see
   sums of the same numbers to be one.
3. `ROUNDS` multiply-adds of each before the loop goes on, beside which its own instructions are few.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fast.cuda.device import SIMULATED, cuda, empty, kernel, launch, to_device

CHAINS, ROUNDS = 8, 16
#: Times through the loop: some milliseconds' worth, beside which a launch is nothing.
STEPS = 2 if SIMULATED else 1 << 12
#: Threads of a block, and blocks: enough for any multiprocessor, several times over.
THREADS, BLOCKS = (2, 2) if SIMULATED else (256, 132 * 32)
#: Bytes that are read, and as many that are written.
LARGE = 1 << 10 if SIMULATED else 1 << 30
#: Launches in a row, before the device is waited for.
LAUNCHES = 10 if SIMULATED else 1000


@kernel
def chains(numbers: Any, steps: int, results: Any) -> None:
    """x ← x·factor + term, for eight different x."""
    own, factor, term = cuda.grid(1), numbers[0], numbers[1]
    a, b, c, d = numbers[2], numbers[3], numbers[4], numbers[5]
    e, f, g, h = numbers[6], numbers[7], numbers[8], numbers[9]
    for _ in range(steps):
        for _ in range(ROUNDS):
            a, b, c, d = a * factor + term, b * factor + term, c * factor + term, d * factor + term
            e, f, g, h = e * factor + term, f * factor + term, g * factor + term, h * factor + term
    results[own] = ((a + b) + (c + d)) + ((e + f) + (g + h))


@kernel
def nothing() -> None:
    """What a launch costs, and no more."""


def multiply_adds(dtype: str = "float32") -> tuple[Callable[[], None], int]:
    """A function that multiplies and adds as fast as the device can, and how many of both it does."""
    numbers = to_device(np.array([0.5, 1, *range(CHAINS)], dtype))
    results = empty(THREADS * BLOCKS, np.dtype(dtype))
    return partial(launch, chains, BLOCKS, THREADS, numbers, STEPS, results), 2 * CHAINS * ROUNDS * STEPS * results.size


def copying(traffic: int = 2 * LARGE) -> tuple[Callable[[], None], int]:
    """A function that reads and writes so many bytes, half of each, by the driver's own copy; and how many they are."""
    source, target = to_device(np.zeros(traffic // 2, np.uint8)), empty(traffic // 2, np.dtype(np.uint8))
    return partial(target.copy_to_device, source), 2 * source.nbytes


def launching(count: int = LAUNCHES) -> tuple[Callable[[], None], int]:
    """A function that launches a kernel with nothing to do, so many times, and waits for the device; how many times."""

    def call() -> None:
        for _ in range(count):
            launch(nothing, 1, 32)
        cuda.synchronize()

    return call, count
