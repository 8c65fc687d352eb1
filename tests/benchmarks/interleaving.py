"""Timing several functions in turns, so that whatever else the machine does slows all of them alike.

A turn begins when the threads of the one before have gone to sleep: some wait for more work for 30 ms at full speed,
which the next function would pay for with a core. Then comes an untimed call, which brings the function's own data and
threads back, and then as many calls as fill a few milliseconds. Everybody has a turn in every round, but whoever needs
much longer than that for one call only in some.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping
from itertools import repeat
from time import perf_counter, process_time, sleep
from typing import Any

ROUNDS = 40
#: Seconds that a turn takes at least.
TURN = 0.005
#: Seconds of a call from which on it has a turn only in every eighth round.
SLOW, EVERY = 0.05, 8
#: Seconds between two looks at whether all threads sleep, the share of a core that counts as sleep, and how many looks.
PAUSE, ASLEEP, LOOKS = 0.002, 0.25, 50

#: Seconds of one call, by round.
Times = dict[int, float]


def interleave(functions: Mapping[str, Callable[[], Any]]) -> dict[str, Times]:
    """Time functions in turns."""
    calls = {name: calls_per_turn(function) for name, function in functions.items()}
    times: dict[str, Times] = {name: {} for name in functions}
    # Nobody shall pay for sweeping up behind somebody else.
    gc.collect()
    gc.disable()
    try:
        for turn in range(ROUNDS):
            for name, function in functions.items():
                if calls[name] or turn % EVERY == 0:
                    let_threads_sleep()
                    times[name][turn] = seconds(function, calls[name])
    finally:
        gc.enable()
    return times


def let_threads_sleep() -> None:
    """Wait until this process uses no processor time, or for a tenth of a second."""
    for _ in range(LOOKS):
        used, start = process_time(), perf_counter()
        sleep(PAUSE)
        if process_time() - used < ASLEEP * (perf_counter() - start):
            return


def calls_per_turn(function: Callable[[], Any]) -> int:
    """How many calls fill a turn; 0 stands for a single one in some of the rounds."""
    function()
    once = seconds(function, 0)
    if once > SLOW:
        return 0
    return max(1, round(TURN / min(once, seconds(function, 1))))


def seconds(function: Callable[[], Any], calls: int) -> float:
    """The time of one call, from so many of them."""
    if calls:
        function()
    start = perf_counter()
    for _ in repeat(None, max(1, calls)):
        function()
    return (perf_counter() - start) / max(1, calls)


def ratios(times: Times, base: Times) -> list[float]:
    """How many times as long as another function a function took, for each round in which it had a turn."""
    return [taken / base[turn] for turn, taken in times.items()]


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper quartile."""
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, median, upper
