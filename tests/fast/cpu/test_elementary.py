"""The claims of PROFILE, held: no error beyond the claimed ULPs, over the whole range of the numbers."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from numba import njit

import fast.cpu as cpu
from fast.cpu import elementary
from fast.cpu.rows import exponentiate
from fast.cpu.vectors import VECTOR_BYTES, load, load_part, store, store_part

#: Every so many'th bit pattern of float32 is tried: a prime, so that no pattern of bits is always left out.
STRIDE = 1021


def exp(x):
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


@njit(error_model="numpy")
def _log_one_by_one(x, out):
    for i in range(x.size):
        out[i] = elementary.log(x[i])


def log(x):
    out, alone = np.empty_like(x), np.empty_like(x)
    _log_loop(x, out)
    _log_one_by_one(x, alone)
    assert np.array_equal(out, alone, equal_nan=True)
    return out


def exact_sigmoid(x):
    decay = np.exp(-np.abs(x))
    return np.where(x < 0, decay, 1) / (1 + decay)


def every_float32():
    x = np.arange(0, 2**32, STRIDE, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return x[np.isfinite(x)]


@pytest.mark.parametrize(
    ("name", "function", "exact"),
    [
        ("exp", exp, np.exp),
        ("log", log, np.log),
        ("tanh", cpu.tanh, np.tanh),
        ("sigmoid", cpu.sigmoid, exact_sigmoid),
    ],
)
def test_float32_against_float64(name, function, exact):
    """The oracle's own error, a few ULPs of float64, is 2⁻²⁹ as large as what it measures."""
    x = every_float32()
    x = x[x > 0] if name == "log" else x
    result = function(x).astype(np.float64)
    with np.errstate(over="ignore", under="ignore"):
        truth = exact(x.astype(np.float64))
    largest = float(np.finfo(np.float32).max)
    # Beyond the largest finite number by half an ULP, infinity is the rounded answer.
    overflows = truth >= largest + 2.0**103
    assert np.array_equal(np.isposinf(result), overflows)
    truth, result = truth[~overflows], result[~overflows]
    # An ULP is 2⁻²³ of the power of two below, but never less than the smallest subnormal.
    ulp = 2.0 ** np.maximum(np.frexp(truth)[1] - 24, -149)
    worst = (np.abs(result - truth) / ulp).max()
    assert worst <= cpu.PROFILE["float32"]["ulps"][name]


def decimal_sigmoid(x):
    return 1 / (1 + (-x).exp())


def decimal_tanh(x):
    decay = (-2 * abs(x)).exp()
    return ((1 - decay) / (1 + decay)).copy_sign(x)


@pytest.mark.parametrize(
    ("name", "function", "exact", "largest"),
    [
        ("exp", exp, Decimal.exp, 709.0),
        ("log", log, Decimal.ln, 1e300),
        ("tanh", cpu.tanh, decimal_tanh, 30.0),
        ("sigmoid", cpu.sigmoid, decimal_sigmoid, 744.0),
    ],
)
def test_float64_against_sixty_digits(name, function, exact, largest):
    rng = np.random.default_rng(1)
    near, far = rng.uniform(-2, 2, 800), rng.uniform(-min(largest, 744), largest, 800)
    tiny = rng.choice([-1, 1], 200) * np.exp(rng.uniform(-80, 0, 200))
    halves = np.log(2) * (rng.integers(-40, 40, 400) + 0.5) * (1 + rng.uniform(-1e-13, 1e-13, 400))
    x = np.concatenate([near, far, tiny, halves])
    x = np.abs(x[x != 0]) if name == "log" else x
    result = function(x)
    with localcontext(prec=60):
        truth = [exact(Decimal(float(value))) for value in x]
        ulps = [Decimal(2) ** max(int(np.frexp(float(value))[1]) - 53, -1074) for value in truth]
        errors = [abs(Decimal(float(r)) - t) / u for r, t, u in zip(result, truth, ulps, strict=True)]
    assert max(errors) <= cpu.PROFILE["float64"]["ulps"][name]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values(dtype):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1000.0, -1000.0], dtype)
    assert np.array_equal(exp(x), np.array([np.nan, np.inf, 0, 1, np.inf, 0], dtype), equal_nan=True)
    assert np.array_equal(cpu.tanh(x), np.array([np.nan, 1, -1, 0, 1, -1], dtype), equal_nan=True)
    assert np.array_equal(cpu.sigmoid(x), np.array([np.nan, 1, 0, 0.5, 1, 0], dtype), equal_nan=True)
    smallest = np.array([np.finfo(dtype).smallest_subnormal], dtype) * np.array([1, -1, 3, 1000], dtype)
    assert np.array_equal(cpu.tanh(smallest), smallest)
    assert np.array_equal(np.signbit(cpu.tanh(np.array([0.0, -0.0], dtype))), [False, True])
    assert cpu.sigmoid(np.array([-100.0 if dtype == np.float32 else -740.0], dtype))[0] > 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_end_of_a_vector_is_computed_as_its_middle(dtype):
    """A loop's vectorised part and its remainder agree to the bit, so that a value doesn't depend on its place."""
    x = np.random.default_rng(0).uniform(-20, 20, 999).astype(dtype)
    for function in (exp, cpu.tanh, cpu.sigmoid):
        assert np.array_equal(function(x), [function(x[i : i + 1])[0] for i in range(x.size)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values_of_the_logarithm(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, tiny], dtype)
    with np.errstate(all="ignore"):
        wanted = np.log(x.astype(np.longdouble)).astype(dtype)
    assert np.array_equal(log(x), wanted, equal_nan=True)
