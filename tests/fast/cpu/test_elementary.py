"""The claims of PROFILE, held: no error beyond the claimed ULPs, over the whole range of the numbers."""

import os
import platform
import subprocess
import sys
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest
from numba import njit

import fast.cpu as cpu
from fast.cpu import elementary
from fast.cpu.tanh_table import TABLED
from fast.cpu.vectors import FUSED
from tests.fast.cpu.elementary_bounds import (
    FLOAT32,
    FLOAT64,
    exp_bound,
    log_bound,
    sigmoid_bound,
    tabled_tanh_bound,
    tanh_bound,
)
from tests.fast.cpu.exhaustive import OF_ORACLE, claimed, exp, log, worst

#: Every so many'th bit pattern of float32 is tried: a prime, so that no pattern of bits is always left out.
STRIDE = 1021
#: Where each function errs most, of all float32 numbers, and by how many ULPs; as `exhaustive` found it.
WORST = {
    "exp": (-38.46403884887695, 0.94471),
    "log": (0.7038523554801941, 0.85787),
    "tanh without table": (0.17326538264751434, 0.92128),
    "sigmoid": (-38.46403884887695, 0.94471),
}
BOUNDS = {"exp": exp_bound, "log": log_bound, "tanh without table": tanh_bound, "sigmoid": sigmoid_bound}
WORST_OF_TABLE = (0.5003142952919006, 0.59761)
TRIED = {**WORST, "tanh": WORST_OF_TABLE if TABLED else WORST["tanh without table"]}


@njit(error_model="numpy")
def _log_one_by_one(x, out):
    for i in range(x.size):
        out[i] = elementary.log(x[i])


@njit(error_model="numpy")
def _tanh_one_by_one(x, out):
    for i in range(x.size):
        out[i] = elementary.tanh(x[i])


def sample_of_float32():
    """Numbers of all sizes and both signs, the ends of all binades, and the worst numbers' neighbours."""
    ends = (np.arange(512, dtype=np.int64) << 23)[:, None] + np.arange(-50, 50)
    hard = np.array([x for x, _ in TRIED.values()], np.float32).view(np.uint32).astype(np.int64)
    near = hard[:, None] + np.arange(-500, 500)
    patterns = np.concatenate([np.arange(0, 2**32, STRIDE, dtype=np.int64), ends.ravel(), near.ravel()])
    return (patterns & 0xFFFFFFFF).astype(np.uint32).view(np.float32)


@pytest.mark.parametrize("name", TRIED)
def test_float32_against_float64(name):
    """The oracle's own error is a few ULPs of float64."""
    error, where = worst(name, sample_of_float32())
    assert error + OF_ORACLE <= claimed(name), where.hex()


@pytest.mark.skipif(not FUSED, reason="computed in float64 here")
@pytest.mark.parametrize("name", TRIED)
def test_the_worst_numbers_are_as_bad_as_is_written(name):
    where, ulps = TRIED[name]
    error, _ = worst(name, np.array([where], np.float32))
    assert round(error, 5) == ulps


@pytest.mark.parametrize("name", WORST)
def test_claims_are_what_roundings_add_up_to(name):
    bound, function = BOUNDS[name], name.partition(" ")[0]
    assert bound(FLOAT32, fused=True) <= elementary.OF_FUSED[function]
    assert bound(FLOAT64, fused=True) <= elementary.OF_FUSED[function]
    assert bound(FLOAT64, fused=False) <= elementary.OF_SEPARATE[function]
    # What float64 errs is 2⁻²⁹ ULPs of float32 or less, and then it is rounded.
    assert 0.5 + elementary.OF_SEPARATE[function] * 2.0**-29 <= elementary.OF_FUSED[function]


@pytest.mark.parametrize("name", WORST)
def test_bounds_are_hardly_above_what_is_seen(name):
    """A term that is forgotten makes a bound too small, and one that is too large makes it useless."""
    seen = WORST[name][1]
    assert seen <= BOUNDS[name](FLOAT32, fused=True) <= seen + 0.1


def test_the_bound_of_the_table():
    """Whether this processor looks anything up in it or not."""
    _, seen = WORST_OF_TABLE
    assert seen <= tabled_tanh_bound() <= seen + 0.1
    assert tabled_tanh_bound() <= elementary.OF_FUSED["tanh"]


@pytest.mark.skipif(not TABLED, reason="no register holds the table")
def test_a_number_that_is_looked_up_alone_has_the_same_tanh():
    x = np.concatenate([sample_of_float32()[::1000], np.float32([np.nan, np.inf, -np.inf, 0.0, -0.0])])
    alone = np.empty_like(x)
    _tanh_one_by_one(x, alone)
    assert np.array_equal(cpu.tanh(x).view(np.int32)[x == x], alone.view(np.int32)[x == x])
    assert np.isnan(alone[x != x]).all()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names x86's instructions")
def test_claims_without_fused_multiply_add():
    if not FUSED:
        return
    here = Path(__file__)
    environment = {**os.environ, **cpu.VARIANTS["sse2"], "PYTHONPATH": str(here.parents[3])}
    chosen = [sys.executable, "-m", "pytest", "-q", str(here), "-k", "against or special or logarithm"]
    finished = subprocess.run(chosen, capture_output=True, env=environment, cwd=here.parents[3])
    assert finished.returncode == 0, finished.stdout.decode()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_logarithm_of_a_number_is_that_of_a_vector(dtype):
    x = np.exp(np.random.default_rng(0).uniform(-80, 80, 999)).astype(dtype)
    alone = np.empty_like(x)
    _log_one_by_one(x, alone)
    assert np.array_equal(log(x), alone)


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
    x = np.concatenate([near, far, tiny, halves, halves / 2])
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
