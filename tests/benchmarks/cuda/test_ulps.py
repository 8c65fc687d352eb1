"""The errors of elementary functions are measured as they are, whichever thread and chunk has which number."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from fast.cuda.device import SIMULATED, device_function
from tests.benchmarks.cuda import ulps

needs_simulator = pytest.mark.skipif(not SIMULATED, reason="functions that are made up are simulated, not compiled")


def bits(number: float) -> int:
    return int(np.float32(number).view(np.uint32))


def around(number: float, count: int = 11) -> range:
    return range(bits(number), bits(number) + count)


#: Where the simulator's exp, which is Python's, raises no OverflowError.
NEAR_HERE = (around(-1.5), around(-0.0, 2), around(-100.0), around(-1e-40, 3), around(-300.0, 3), around(-1e30, 3))
NOT_NUMBERS = (around(-math.inf, 1), around(math.nan, 2))


@pytest.mark.parametrize("name", ulps.FUNCTIONS)
def test_neither_chunks_nor_blocks_change_what_is_found(name: str) -> None:
    judge = ulps.FUNCTIONS[name].judge
    found = [
        ulps.at_every_number(judge, [*NEAR_HERE, *NOT_NUMBERS], chunk, blocks)
        for chunk, blocks in ((8, 1), (5, 3), (64, 2))
    ]
    assert found[0] == found[1] == found[2]
    assert found[0]["mismatched"] == 0


@needs_simulator
def test_an_error_is_in_units_of_the_truths_binade() -> None:
    """The truth made 2, with a result 3 ULPs above it at one number, and half an ULP below it at another."""

    @device_function
    def two(x: Any) -> float:
        return 2.0

    @device_function
    def nearly(x: Any) -> float:
        return {1.0: 2 + 3 * 2.0**-22, 1 + 2.0**-23: 2 - 2.0**-23}.get(float(x), 2.0)

    found = ulps.at_every_number(ulps.judging_kernel(nearly, two), [around(1.0, 4)])
    assert found["normal"] == {"ulps": 3.0, "at": "0x1.0000000000000p+0"}
    found = ulps.at_every_number(ulps.judging_kernel(nearly, two), [around(1 + 2.0**-23, 4)])
    assert found["normal"] == {"ulps": 0.5, "at": "0x1.0000020000000p+0"}


@needs_simulator
def test_of_equal_errors_the_smallest_argument_counts() -> None:
    constant = ulps.judging_kernel(device_function(lambda x: 3.0), device_function(lambda x: 2.0))
    found = ulps.at_every_number(constant, [around(5.0, 30)], 8, 2)
    assert found["normal"] == {"ulps": 2.0**22, "at": (5.0).hex()}


@needs_simulator
def test_subnormal_numbers_are_counted_apart() -> None:
    coarse = ulps.judging_kernel(device_function(lambda x: 0.0), device_function(lambda x: float(x)))
    found = ulps.at_every_number(coarse, [around(2.0**-140, 1), around(2.0**-120, 1)])
    assert found["subnormal"] == {"ulps": 2.0**9, "at": (2.0**-140).hex()}
    assert found["normal"] == {"ulps": 2.0**23, "at": (2.0**-120).hex()}


@needs_simulator
@pytest.mark.parametrize(
    ("result", "truth", "mismatched"),
    [
        (math.inf, 2.0**128, 0),
        (-math.inf, 2.0**128, 3),
        (math.inf, 2.0**127, 3),
        (2.0**127, math.inf, 3),
        (math.nan, math.nan, 0),
        (math.nan, 1.0, 3),
        (1.0, math.nan, 3),
        (math.inf, math.nan, 3),
    ],
)
def test_what_is_no_number_must_be_none_in_the_same_way(result: float, truth: float, mismatched: int) -> None:
    judge = ulps.judging_kernel(device_function(lambda x: result), device_function(lambda x: truth))
    found = ulps.at_every_number(judge, [around(4.0, 3)])
    assert found["mismatched"] == mismatched
    assert found["first_mismatched"] == ((4.0).hex() if mismatched else "")
    assert found["normal"]["ulps"] is None
    results, truths = np.array([result] * 3), np.array([truth] * 3, np.longdouble) ** 8
    if abs(truth) != 2.0**127:  # whose power float64 can't hold either
        assert ulps.float64_worst(np.full(3, 4.0), results, truths)["mismatched"] == mismatched


def test_float64_is_judged_by_more_bits() -> None:
    numbers, truths = np.ones(2), np.array([2, 1], np.longdouble)
    results = np.array([2 - 3 * 2.0**-52, 1])
    found = ulps.float64_worst(numbers, results, truths)
    assert found["normal"] == {"ulps": 1.5, "at": (1.0).hex()}


def test_a_sample_has_both_ends_of_each_binade() -> None:
    numbers = ulps.sample(range(-3, 2), (1, -1), 4)
    for binade in range(-3, 2):
        for sign in (1, -1):
            assert {sign * 2.0**binade, sign * np.nextafter(2.0 ** (binade + 1), 0)} <= set(numbers)
    assert np.array_equal(numbers, ulps.sample(range(-3, 2), (1, -1), 4))
    assert {Fraction(number).denominator for number in numbers[:4]} != {1}


def test_the_whole_of_it() -> None:
    functions = {name: of._replace(binades=range(-4, 4)) for name, of in ulps.FUNCTIONS.items()}
    found = ulps.measured(NEAR_HERE, functions, 1)
    assert found["float32"]["covered"] == "some numbers"
    for of in found.values():
        for said in of["functions"].values():
            assert said["mismatched"] == 0
    assert found["float32"]["functions"]["sigmoid"]["normal"]["ulps"] > 0.5
