"""Numbers rounded to TF32, and what a warp's tensor core makes of them; bit for bit, on a GPU too."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from fast.cuda.device import SIMULATED, cuda, empty, kernel, launch, to_device
from fast.cuda.tensor_cores import multiply_fragments, to_tf32

simulated = pytest.mark.skipif(not SIMULATED, reason="asks what the simulator does")
#: Of a warp, on a GPU and here.
LANES = 32
#: Float32's bits, and those of the nearest number of TF32: ties go away from zero, also where that is a power of two.
ROUNDED = {
    0x3F800000: 0x3F800000,
    0x3F800FFF: 0x3F800000,
    0x3F801000: 0x3F802000,
    0xBF801000: 0xBF802000,
    0x3F802FFF: 0x3F802000,
    0x3F803000: 0x3F804000,
    0x3FFFF000: 0x40000000,
    0x7F7FEFFF: 0x7F7FE000,
    0x7F7FF000: 0x7F800000,
    0x7F800000: 0x7F800000,
    0xFF800000: 0xFF800000,
    0x00000FFF: 0x00000000,
    0x80001000: 0x80002000,
    0x007FF000: 0x00800000,
    0x80000000: 0x80000000,
}


@kernel
def round_kernel(numbers: Any, result: Any) -> None:
    """Each number, rounded."""
    for place in range(result.size):
        result[place] = to_tf32(numbers[place])


@kernel
def multiply_kernel(a: Any, b: Any, c: Any, coming: int, result: Any) -> None:
    """A·B + C by one warp, of which so many lanes come."""
    group, member = cuda.threadIdx.x // 4, cuda.threadIdx.x % 4
    if cuda.threadIdx.x < coming:
        sums = multiply_fragments(
            a[group, member],
            a[group + 8, member],
            a[group, member + 4],
            a[group + 8, member + 4],
            b[member, group],
            b[member + 4, group],
            c[group, 2 * member],
            c[group, 2 * member + 1],
            c[group + 8, 2 * member],
            c[group + 8, 2 * member + 1],
        )
        result[group, 2 * member], result[group, 2 * member + 1] = sums[0], sums[1]
        result[group + 8, 2 * member], result[group + 8, 2 * member + 1] = sums[2], sums[3]


def rounded(numbers: np.ndarray) -> np.ndarray:
    """Numbers in TF32."""
    result = empty(numbers.size, numbers.dtype)
    launch(round_kernel, 1, 1, to_device(numbers), result)
    return np.asarray(result.copy_to_host())


def multiplied(a: np.ndarray, b: np.ndarray, c: np.ndarray, coming: int = LANES) -> np.ndarray:
    """What a tensor core makes of matrices."""
    result = empty(c.shape, c.dtype)
    launch(multiply_kernel, 1, LANES, to_device(a), to_device(b), to_device(c), coming, result)
    return np.asarray(result.copy_to_host())


def matrices(draw: Callable[..., np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A, B and C of drawn numbers."""
    return draw((16, 8)).astype(np.float32), draw((8, 8)).astype(np.float32), draw((16, 8)).astype(np.float32)


def test_numbers_are_rounded_to_the_nearest_of_eleven_bits() -> None:
    given = np.array([*ROUNDED], np.uint32).view(np.float32)
    assert rounded(given).view(np.uint32).tolist() == [*ROUNDED.values()]
    assert np.isnan(rounded(np.array([np.nan], np.float32)))


def test_a_product_of_integers_is_exact() -> None:
    generator = np.random.default_rng(22)
    a, b, c = matrices(lambda shape: generator.integers(-1024, 1025, shape))
    assert np.array_equal(multiplied(a, b, c), a @ b + c)


@pytest.mark.parametrize("special", [np.inf, np.nan])
def test_infinities_and_nan_come_where_they_belong(special: float) -> None:
    a, b, c = matrices(np.ones)
    a[3, 2], b[2, 5] = special, 0
    expected = np.full_like(c, 9)
    expected[3], expected[3, 5], expected[:3, 5], expected[4:, 5] = special, np.nan, 8, 8
    assert np.array_equal(multiplied(a, b, c), expected, equal_nan=True)


def test_sums_are_off_by_no_more_than_what_is_cut_off_them() -> None:
    """Of each term but the largest less than 2⁻²³ of that one, and of the sums of four as much, as `PROFILE` says."""
    generator = np.random.default_rng(23)
    exponents = lambda shape: generator.standard_normal(shape) * 2.0 ** generator.integers(-12, 12, shape)  # noqa: E731
    for _ in range(20):
        a, b, c = matrices(exponents)
        a, b = (rounded(numbers.reshape(-1)).reshape(numbers.shape) for numbers in (a, b))
        came = multiplied(a, b, c)
        for row, column in np.ndindex(c.shape):
            terms = [Fraction(float(x)) * Fraction(float(y)) for x, y in zip(a[row], b[:, column], strict=True)]
            terms.append(Fraction(float(c[row, column])))
            error = abs(Fraction(float(came[row, column])) - sum(terms))
            assert error <= 10 * Fraction(2) ** -23 * sum(map(abs, terms)) * (1 + Fraction(2) ** -20)


@simulated
def test_what_is_cut_off() -> None:
    """A term of less than the largest one's last bit is lost, however many of them there are; nothing is rounded up."""
    a, b, c = (np.zeros_like(matrix) for matrix in matrices(np.ones))
    b[:, 0], a[0, 0], a[0, 1:4] = 1, 1, math.ldexp(1023, -34)
    a[1], a[1, 0] = -a[0], -1
    c[2, 0], a[2, 0], a[2, 1] = 2.0**24 - 1, 1, 1
    assert multiplied(a, b, c)[:3, 0].tolist() == [1, -1, 2.0**24]


@simulated
def test_numbers_that_are_not_rounded_are_an_error() -> None:
    a, b, c = matrices(np.ones)
    for matrix in (a, b):
        matrix[1, 1] = 1 + 2.0**-11
        with pytest.raises(ValueError, match="not rounded to TF32"):
            multiplied(a, b, c)
        matrix[1, 1] = np.nan
        multiplied(a, b, c)


@simulated
@pytest.mark.parametrize("coming", [1, LANES - 1])
def test_a_lane_that_never_comes_is_an_error(coming: int) -> None:
    from fast.cuda.simulation import Deadlock

    for _ in range(2):  # forwards and backwards
        with pytest.raises(Deadlock, match="wait for each other"):
            multiplied(*matrices(np.ones), coming=coming)
