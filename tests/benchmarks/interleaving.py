"""Timing several functions in turns, so that whatever else the machine does slows all of them alike.

A turn is as many calls as fill a few milliseconds. Everybody has one in every round, but whoever needs much longer for
it only in every second, fourth or eighth: a round of the slow ones is one of the fast ones, too.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from time import perf_counter

ROUNDS = 30
#: Seconds that a turn takes at least.
TURN = 0.005
#: Seconds of a call from which on a turn is a single one, with none before it that isn't timed.
SLOW = 0.05
#: Seconds that all turns of a function may take, and the fewest rounds in which it has one.
BUDGET, FEWEST = 0.6, 5
#: Seconds after which a function has no more turns, although it seemed to need less: where other programs want the
#: cores, threads that wait for each other may take a hundred times as long as they did before.
MOST = 2.0

#: Seconds of one call, by round.
Times = dict[int, float]
#: The seconds of one call, from so many of them; 0 stands for a single one, with none before it that isn't timed.
Timer = Callable[[int], float]


def interleave(timers: Mapping[str, Timer], rounds: int = ROUNDS) -> dict[str, Times]:
    """Time functions in turns."""
    turns = {name: turn(timer, rounds) for name, timer in timers.items()}
    times: dict[str, Times] = {name: {} for name in timers}
    spent = dict.fromkeys(timers, 0.0)
    for place in range(rounds):
        for name, (calls, every) in turns.items():
            if place % every == 0 and (spent[name] < MOST or len(times[name]) < FEWEST):
                start = perf_counter()
                times[name][place] = timers[name](calls)
                spent[name] += perf_counter() - start
    return times


def turn(timer: Timer, rounds: int) -> tuple[int, int]:
    """How many calls make a turn, and in which rounds a function has one: in every first, second, fourth, ..."""
    timer(0)
    once = timer(0)
    once = once if once > SLOW else min(once, timer(1))
    calls = 0 if once > SLOW else max(1, round(TURN / once))
    every = 1
    while rounds // (2 * every) >= FEWEST and (calls + 1) * once * rounds / every > BUDGET:
        every *= 2
    return calls, every


def ratios(times: Times, base: Times) -> list[float]:
    """How many times as long as another function a function took, for each round in which both had a turn."""
    return [taken / base[place] for place, taken in times.items() if place in base]


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper quartile."""
    if len(values) == 1:
        return (values[0],) * 3
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, median, upper


def median(times: Times) -> float:
    """That of all rounds."""
    return statistics.median(times.values())
