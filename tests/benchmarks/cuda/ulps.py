"""How many ULPs exp, log, tanh and sigmoid are off on the device: at every float32, and at many float64; a program.

    python -m tests.benchmarks.cuda.ulps RESULT.json

The ladder that led here:

1. Results copied to the host and judged there: 16 GiB each way for each function, and a processor that takes minutes.
2. The device judges: float32's function beside float64's, which is off by a few of its own ULPs, 2⁻²⁹ of float32's
   each. What is copied is one number a thread.
3. Each thread keeps its worst, and the smallest argument of it, over all chunks. The largest of all is the same
   whichever thread saw it: neither chunks nor blocks change a bit of what is recorded.

Nothing on the device judges float64. Its functions are held to those of the host's long double, of 64 bits, at many
numbers of each binade. That is a sample, and proves nothing of the others.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fast.cuda.activations import exp_at, log_at, sigmoid_at, tanh_at
from fast.cuda.device import (
    MOST_BLOCKS,
    SIMULATED,
    THREADS,
    cuda,
    device_function,
    empty,
    kernel,
    launch,
    launch_over,
    to_device,
)

#: Arguments that are judged in one launch.
CHUNK = 8 if SIMULATED else 1 << 26
#: What the truth is off at most, in ULPs of the type that is judged: CUDA documents 2 ULPs of float64 for each of its
#: functions, and a sigmoid has three roundings more; the host's long double has 11 bits more than float64, and its C
#: library documents at most 4 ULPs of it, which makes 8 of a sigmoid's.
OF_DEVICES_FLOAT64, OF_HOSTS_LONG_DOUBLE = 2.0**-26, 2.0**-8
#: Bits of a significand that make a long double good enough.
ENOUGH_BITS = 63
#: Of each binade of float64, how many numbers are drawn, beside its first and last ones.
DRAWN = 500
#: What is kept of a thread: its worst error among normal numbers, among subnormal ones, and where numbers end.
NORMAL, SUBNORMAL, MISMATCHED = 0, 1, 2

#: From here on infinity is float32's rounded answer.
OVERFLOW = float(np.finfo(np.float32).max) + 2.0**103
SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)


@device_function
def true_exp(x: Any) -> Any:
    """In float64, of no more than what float64 can hold."""
    return math.exp(700.0 if x > 700.0 else x)


@device_function
def true_log(x: Any) -> Any:
    """In float64."""
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


@device_function
def true_tanh(x: Any) -> Any:
    """In float64."""
    return math.tanh(x)


@device_function
def true_sigmoid(x: Any) -> Any:
    """In float64."""
    decay = math.exp(-abs(x))
    return (1.0 if x >= 0.0 else decay) / (1.0 + decay)


@device_function
def differs_in_kind(result: Any, truth: Any) -> bool:
    """Whether one is NaN or infinite, and the other isn't, or is so in another way."""
    if math.isnan(truth) or math.isnan(result):
        return math.isnan(truth) != math.isnan(result)
    infinite = abs(truth) >= OVERFLOW
    return infinite != math.isinf(result) or (infinite and (truth > 0.0) != (result > 0.0))


@device_function
def float32_ulps(result: Any, truth: Any) -> Any:
    """What a finite result is off, in ULPs of float32: those of the binade that the truth lies in."""
    _, exponent = math.frexp(truth if truth != 0.0 else SMALLEST_NORMAL)
    return math.ldexp(abs(result - truth), min(24 - exponent, 149))


def judging_kernel(function: Any, truth_of: Any) -> Any:
    """Make a kernel that judges a function at numbers whose bits are consecutive, from `first` on."""

    @kernel
    def judge(numbers: Any, first: int, errors: Any, places: Any) -> None:
        own = cuda.grid(1)
        for place in range(own, numbers.size, cuda.gridsize(1)):
            x = numbers[place]
            result, truth = np.float64(function(x)), truth_of(np.float64(x))
            if differs_in_kind(result, truth):
                if errors[MISMATCHED, own] <= 0.0:
                    errors[MISMATCHED, own], places[MISMATCHED, own] = 0.0, first + place
                errors[MISMATCHED, own] += 1.0
            elif abs(truth) < OVERFLOW:
                error = float32_ulps(result, truth)
                tiny = 0.0 < abs(np.float64(x)) < SMALLEST_NORMAL or 0.0 < abs(truth) < SMALLEST_NORMAL
                kind = SUBNORMAL if tiny else NORMAL
                if error > errors[kind, own]:
                    errors[kind, own], places[kind, own] = error, first + place

    return judge


@kernel
def count_up(first: int, bits: Any) -> None:
    """Consecutive bit patterns."""
    for place in range(cuda.grid(1), bits.size, cuda.gridsize(1)):
        bits[place] = first + place


def evaluating_kernel(function: Any) -> Any:
    """Make a kernel that applies a function."""

    @kernel
    def evaluate(numbers: Any, results: Any) -> None:
        for place in range(cuda.grid(1), numbers.size, cuda.gridsize(1)):
            results[place] = function(numbers[place])

    return evaluate


judge_exp, evaluate_exp = judging_kernel(exp_at, true_exp), evaluating_kernel(exp_at)
judge_log, evaluate_log = judging_kernel(log_at, true_log), evaluating_kernel(log_at)
judge_tanh, evaluate_tanh = judging_kernel(tanh_at, true_tanh), evaluating_kernel(tanh_at)
judge_sigmoid, evaluate_sigmoid = judging_kernel(sigmoid_at, true_sigmoid), evaluating_kernel(sigmoid_at)


def long_sigmoid(x: np.ndarray) -> np.ndarray:
    """1/(1 + e⁻ˣ), in the type of x."""
    decay = np.exp(-np.abs(x))
    return np.where(x < 0, decay, 1) / (1 + decay)


class Judged(NamedTuple):
    """A function: what judges it at float32, what evaluates it, its truth, and its arguments' binades and signs."""

    judge: Any
    evaluate: Any
    truth: Callable[[np.ndarray], np.ndarray]
    binades: range
    signs: tuple[int, ...]


FUNCTIONS = {
    "exp": Judged(judge_exp, evaluate_exp, np.exp, range(-60, 10), (1, -1)),
    "log": Judged(judge_log, evaluate_log, np.log, range(-1022, 1024), (1,)),
    "tanh": Judged(judge_tanh, evaluate_tanh, np.tanh, range(-1022, 6), (1, -1)),
    "sigmoid": Judged(judge_sigmoid, evaluate_sigmoid, long_sigmoid, range(-60, 10), (1, -1)),
}


def at_every_number(
    compiled: Any, ranges: Iterable[range] = (range(1 << 32),), chunk: int = CHUNK, blocks: int = MOST_BLOCKS
) -> dict[str, Any]:
    """The worst of a function among numbers of float32, given by their bits."""
    threads, bits = blocks * THREADS, empty(chunk, np.dtype(np.uint32))
    errors, places = to_device(np.full((3, threads), -1.0)), to_device(np.zeros((3, threads), np.int64))
    for some in ranges:
        for first in range(some.start, some.stop, chunk):
            count = min(chunk, some.stop - first)
            part = bits[:count]
            launch_over(count_up, count, first, part)
            launch(compiled, blocks, THREADS, part.view(np.dtype(np.float32)), first, errors, places)
    return worst_of_all(errors.copy_to_host(), places.copy_to_host())


def worst_of_all(errors: np.ndarray, places: np.ndarray) -> dict[str, Any]:
    """The largest error of all threads, of those the smallest argument; and how many results differ in kind."""
    found: dict[str, Any] = {}
    for name, kind in (("normal", NORMAL), ("subnormal", SUBNORMAL)):
        worst = errors[kind].max()
        found[name] = told(worst, places[kind][errors[kind] == worst].min()) if worst >= 0 else {"ulps": None, "at": ""}
    seen = errors[MISMATCHED] > 0
    found["mismatched"] = int(errors[MISMATCHED][seen].sum())
    found["first_mismatched"] = told(0, places[MISMATCHED][seen].min())["at"] if seen.any() else ""
    return found


def told(error: float, bits: int) -> dict[str, Any]:
    """An error, and the argument in C's hexadecimal notation."""
    return {"ulps": float(error), "at": float(np.uint32(bits).view(np.float32)).hex()}


def sample(binades: range, signs: tuple[int, ...], drawn: int = DRAWN) -> np.ndarray:
    """Numbers of float64, the same each time: of each binade its first and last ones, quarters, and some drawn."""
    generator = np.random.default_rng(len(binades))
    quarters, last = np.arange(4) / 4, 2.0**-52
    significands = np.concatenate([1 + quarters, 1 + quarters + last, 2 - quarters / 2 - last])
    parts = []
    for binade in binades:
        parts += [np.ldexp(np.concatenate([significands, generator.uniform(1, 2, drawn)]), binade)]
    return np.concatenate([sign * part for sign in signs for part in parts])


def at_a_sample(function: Judged, drawn: int = DRAWN) -> dict[str, Any]:
    """The worst of a function among some numbers of float64."""
    numbers = sample(function.binades, function.signs, drawn)
    results = empty(numbers.size, numbers.dtype)
    launch_over(function.evaluate, numbers.size, to_device(numbers), results)
    with np.errstate(all="ignore"):
        return float64_worst(numbers, results.copy_to_host(), function.truth(numbers.astype(np.longdouble)))


def float64_worst(numbers: np.ndarray, results: np.ndarray, truths: np.ndarray) -> dict[str, Any]:
    """The largest error among results of float64, as `worst_of_all` tells it."""
    largest, smallest = np.finfo(np.float64).max, np.finfo(np.float64).tiny
    infinite = np.abs(truths) > np.longdouble(largest) * (1 + np.longdouble(2.0) ** -54)
    kinds = np.isnan(truths) != np.isnan(results)
    kinds |= ~np.isnan(truths) & ((infinite != np.isinf(results)) | (infinite & (np.sign(truths) != np.sign(results))))
    finite = ~kinds & ~infinite & ~np.isnan(truths)
    errors = np.full(numbers.shape, -1.0)
    exponents = np.frexp(np.where(truths[finite] == 0, smallest, truths[finite]))[1]
    off = np.abs(results[finite].astype(np.longdouble) - truths[finite])
    errors[finite] = np.ldexp(off, np.minimum(53 - exponents, 1074)).astype(np.float64)
    tiny = (np.abs(numbers) < smallest) | ((np.abs(truths) < smallest) & (truths != 0))
    found: dict[str, Any] = {}
    for name, some in (("normal", finite & ~tiny), ("subnormal", finite & tiny)):
        place = int(np.argmax(np.where(some, errors, -1.0)))
        said = {"ulps": float(errors[place]), "at": float(numbers[place]).hex()}
        found[name] = said if some.any() else {"ulps": None, "at": ""}
    where = np.flatnonzero(kinds)
    first = float(numbers[where[0]]).hex() if where.size else ""
    return {**found, "mismatched": int(where.size), "first_mismatched": first, "numbers": int(numbers.size)}


def measured(
    ranges: Iterable[range] = (range(1 << 32),), functions: Mapping[str, Judged] = FUNCTIONS, drawn: int = DRAWN
) -> dict[str, Any]:
    """All functions, in both types; float32 at the numbers of some bits."""
    ranges = [*ranges]
    covered = "every number" if sum(map(len, ranges)) == 1 << 32 else "some numbers"
    of_float32 = {name: at_every_number(function.judge, ranges) for name, function in functions.items()}
    found = {"float32": {"covered": covered, "truth_ulps": OF_DEVICES_FLOAT64, "functions": of_float32}}
    if np.finfo(np.longdouble).nmant < ENOUGH_BITS:
        return found
    of_float64 = {name: at_a_sample(function, drawn) for name, function in functions.items()}
    covered = "a sample, which proves nothing of other numbers"
    return {**found, "float64": {"covered": covered, "truth_ulps": OF_HOSTS_LONG_DOUBLE, "functions": of_float64}}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(measured()), "utf-8")
