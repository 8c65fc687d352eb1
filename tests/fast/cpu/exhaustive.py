"""Hold the elementary functions to their claims at every float32 there is; a program, which takes some minutes.

    python -m tests.fast.cpu.exhaustive [function ...]

For each function it prints the largest error in ULPs and the argument where it is made, and fails where that is more
than PROFILE claims. The processor's variants are those of Numba: with NUMBA_CPU_NAME=x86-64 NUMBA_CPU_FEATURES=+sse2,
what is done without fused multiply-add.

The oracle is NumPy's function of float64, which is within 4 ULPs of that (sigmoid: an exponential, a sum, a quotient;
within 8); an ULP of float32 is 2²⁹ of those, so 2⁻²⁶ is added to what is measured.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import get_num_threads, njit

from fast import cpu
from fast.cpu import elementary
from fast.cpu.rows import exponentiate
from fast.cpu.vectors import VECTOR_BYTES, load, load_pair, load_part, store, store_part

#: What the oracle's errors are at most, in ULPs of float32.
OF_ORACLE = 2.0**-26
#: How many arguments are looked at together; few enough for one thread.
BLOCK = 1 << 15
#: Where half an ULP beyond the largest finite number is: from here on infinity is the rounded answer.
OVERFLOW = float(np.finfo(np.float32).max) + 2.0**103
#: What one is of ULPs, by the exponent's bits in float64: an ULP is 2⁻²³ of the power of two below, but never less than
#: the smallest subnormal.
ULPS_OF_ONE = 2.0 ** -np.maximum(np.arange(2048) - 1023 - 23.0, -149)


def exp(x: np.ndarray) -> np.ndarray:
    """The exponentials of numbers."""
    out = np.empty_like(x)
    exponentiate(x, 0, x.size, out, 0)
    return out


@njit(error_model="numpy")
def _log_loop(x, out):
    size, i = VECTOR_BYTES // x.itemsize, 0
    while i + size <= x.size:
        store(out, i, elementary.log(load(x, i)))
        i += size
    if i < x.size:
        store_part(out, i, x.size - i, elementary.log(load_part(x, i, x.size - i)))


def log(x: np.ndarray) -> np.ndarray:
    """The logarithms of numbers."""
    out = np.empty_like(x)
    _log_loop(x, out)
    return out


@njit(error_model="numpy")
def _tanh_loop(x, out):
    size, i = VECTOR_BYTES // x.itemsize, 0
    while i + 2 * size <= x.size:
        store(out, i, elementary.tanh_by_exponential(load_pair(x, i)))
        i += 2 * size
    while i < x.size:
        part = min(size, x.size - i)
        store_part(out, i, part, elementary.tanh_by_exponential(load_part(x, i, part)))
        i += part


def tanh_without_table(x: np.ndarray) -> np.ndarray:
    """The hyperbolic tangents of numbers, as they are where no register holds a table."""
    out = np.empty_like(x)
    _tanh_loop(x, out)
    return out


def exact_sigmoid(x: np.ndarray) -> np.ndarray:
    """1/(1 + e⁻ˣ), in the type of x."""
    decay = np.exp(-np.abs(x))
    return np.where(x < 0, decay, 1) / (1 + decay)


#: For each function, what is judged and what in float64 it is judged by.
FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "exp": (exp, np.exp),
    "log": (log, np.log),
    "tanh": (cpu.tanh, np.tanh),
    "tanh without table": (tanh_without_table, np.tanh),
    "sigmoid": (cpu.sigmoid, exact_sigmoid),
}


@njit(nogil=True)
def largest_error(results, truths, bits):
    """The largest error in ULPs, infinite where a result isn't NaN or infinite as the truth is; and where it is."""
    largest, where = -1.0, 0
    for i in range(truths.size):
        result, truth = np.float64(results[i]), truths[i]
        if np.isnan(truth):
            error = 0.0 if np.isnan(result) else np.inf
        elif abs(truth) >= OVERFLOW:
            error = 0.0 if np.isinf(result) and (result > 0) == (truth > 0) else np.inf
        else:
            error = abs(result - truth) * ULPS_OF_ONE[(bits[i] >> 52) & 2047]
        if not error <= largest:
            largest, where = np.inf if np.isnan(error) else error, i
    return largest, where


def worst(name: str, x: np.ndarray) -> tuple[float, float]:
    """The largest error of a function among float32 numbers, in ULPs, and an argument of it."""
    function, exact = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        truths = exact(x.astype(np.float64))
    error, where = largest_error(function(x), truths, truths.view(np.int64))
    return error, float(x[where])


def claimed(name: str) -> float:
    """How many ULPs a function may be off, on either of its ways."""
    return cpu.PROFILE["float32"]["ulps"][name.partition(" ")[0]]


def main(names: list[str]) -> None:
    """Look at all numbers, and tell."""
    failed = []
    for name in names or FUNCTIONS:
        with ThreadPoolExecutor(get_num_threads()) as pool:
            groups = (range(start, start + (1 << 24), BLOCK) for start in range(0, 1 << 32, 1 << 24))
            found = max(pool.map(lambda group, name=name: worst_of_group(name, group), groups))
        print(f"{name}: {found[0]:.5f} ULPs at {found[1].hex()} = {found[1]}; claimed {claimed(name)}", flush=True)
        if found[0] + OF_ORACLE > claimed(name):
            failed.append(name)
    if failed:
        sys.exit(f"beyond what is claimed: {', '.join(failed)}")


def worst_of_group(name: str, starts: range) -> tuple[float, float]:
    """The largest error of a function among the numbers of blocks of bit patterns, and an argument of it."""
    return max(
        worst(name, np.arange(start, start + BLOCK, dtype=np.uint64).astype(np.uint32).view(np.float32))
        for start in starts
    )


if __name__ == "__main__":
    main(sys.argv[1:])
