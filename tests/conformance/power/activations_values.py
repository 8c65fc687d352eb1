"""Activation functions that are right for most numbers: large ones, small ones, equal ones, ones near one another."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import with_cotangent
from tests.conformance.power.entering import BOTH, BOUND, FLOAT64, LAWS, SPECIAL, wrong

# --- sigmoid ----------------------------------------------------------------------------------------------------------


@wrong("sigmoid", BOUND, dtypes=BOTH, cases=200, witness={"z": np.array([-12.0, 1.0])})
def sigmoid_of_negative_numbers_by_symmetry(z: Array) -> Array:
    """1 - σ(-z) leaves few digits where σ(-z) is almost 1."""
    positive = 1 / (1 + np.exp(-np.abs(z)))
    return np.where(z >= 0, positive, 1 - positive)


@wrong("sigmoid", BOUND, dtypes=BOTH, cases=200, witness={"z": np.array([-32.0, 1.0])})
def sigmoid_of_an_exponential_within_30(z: Array) -> Array:
    """The exponential's polynomial is good within ±30, and ends there."""
    return base.sigmoid(np.clip(z, -30, 30))


@wrong("sigmoid", BOUND, cases=200, witness={"z": np.array([-20.0, 1.0])})
def sigmoid_is_0_below_16(z: Array) -> Array:
    """Above 16, σ is 1 in float32; below -16 it isn't 0."""
    return np.where(z < -16, 0, base.sigmoid(z))


@wrong(
    "sigmoid", BOUND, cases=200, where=lambda z: bool((np.abs(z) < 1 / 16).any()), witness={"z": np.array([0.06, 0.01])}
)
def sigmoid_is_a_line_near_0(z: Array) -> Array:
    """1/2 + z/4, for numbers that aren't as small as that."""
    return np.where(np.abs(z) < 1 / 16, z.dtype.type(0.5) + z / 4, base.sigmoid(z))


@wrong("sigmoid", BOUND, dtypes=FLOAT64, cases=200, witness={"z": np.array([-1.0, 0.25])})
def sigmoid_with_a_float32_constant(z: Array) -> Array:
    """2^(z·log₂e), where log₂e has the digits of float32."""
    decay = np.exp2(-np.abs(z) * np.float64(np.float32(np.log2(np.e))))
    return np.where(z >= 0, 1, decay) / (1 + decay)


@wrong("sigmoid_vjp", BOUND, cases=200, witness=with_cotangent(np.array([100.0, -1.0])))
def sigmoid_slope_of_one_exponential(z: Array, cotangent: Array) -> Array:
    """e^z/(1 + e^z)² is ∞/∞ from 89 on in float32."""
    growth = np.exp(z)
    return cotangent * (growth / ((1 + growth) * (1 + growth)))


@wrong("sigmoid_vjp", BOUND, cases=200, witness=with_cotangent(np.array([-12.0, -1.0])))
def sigmoid_slope_with_an_epsilon(z: Array, cotangent: Array) -> Array:
    """10⁻⁷ keeps the gradient alive where neurons saturate."""
    return base.sigmoid_vjp(z, cotangent) + cotangent * z.dtype.type(1e-7)


# --- tanh -------------------------------------------------------------------------------------------------------------


@wrong("tanh", BOUND, dtypes=BOTH, cases=200, witness={"z": np.array([400.0, 1.0])})
def tanh_of_twice_the_exponent(z: Array) -> Array:
    """(e²ᶻ - 1)/(e²ᶻ + 1): near 0 the difference cancels, and from 45 on it is ∞/∞."""
    growth = np.exp(2 * z)
    return (growth - 1) / (growth + 1)


@wrong("tanh", BOUND, dtypes=BOTH, cases=200, witness={"z": np.array([0.001, 1.0])})
def tanh_cancels_near_0(z: Array) -> Array:
    """1 - 2/(e²ᶻ + 1) overflows nowhere, and near 0 subtracts 1 from 1."""
    return 1 - 2 / (np.exp(2 * z) + 1)


@wrong("tanh", BOUND, cases=200, where=lambda z: bool((np.abs(z) < 0.25).any()), witness={"z": np.array([0.2, 1.0])})
def tanh_of_two_terms_near_0(z: Array) -> Array:
    """z - z³/3 up to a quarter, where the next term is still 10⁻⁴ of it."""
    return np.where(np.abs(z) < 0.25, z - z * z * z / 3, np.tanh(z))


@wrong("tanh", BOUND, cases=200, witness={"z": np.array([5.5, 1.0])})
def tanh_saturates_at_5(z: Array) -> Array:
    """From 5 on it is ±1, which is true from 9 on."""
    return np.where(np.abs(z) > 5, np.sign(z), np.tanh(z))


@wrong("tanh_vjp", BOUND, dtypes=BOTH, cases=200, witness=with_cotangent(np.array([400.0, 800.0])))
def tanh_slope_by_hyperbolic_sines(z: Array, cotangent: Array) -> Array:
    """1 - sinh²/cosh²: both overflow, and their quotient is no number."""
    tangent = np.sinh(z) / np.cosh(z)
    return cotangent * (1 - tangent * tangent)


@wrong("tanh_vjp", BOUND, cases=200, witness=with_cotangent(np.array([0.5, -1.5])))
def tanh_slope_of_a_rounded_output(z: Array, cotangent: Array) -> Array:
    """The output is kept in float16 for the way back."""
    kept = np.tanh(z).astype(np.float16).astype(z.dtype)
    return cotangent * (1 - kept * kept)


# --- relu -------------------------------------------------------------------------------------------------------------


@wrong("relu", f"{SPECIAL}: subnormal", cases=200, witness={"z": np.array([3e-45, 1.0])})
def relu_flushes_subnormals(z: Array) -> Array:
    """A comparison with the smallest normal number, where 0 was meant."""
    return np.where(z < np.finfo(z.dtype).tiny, np.where(np.isnan(z), z, 0), z)


@wrong("relu", BOUND, cases=200, where=lambda z: bool((np.abs(z) < 1e-7).any()), witness={"z": np.array([1e-8, 1.0])})
def relu_with_a_threshold(z: Array) -> Array:
    """Numbers up to 10⁻⁷ count as 0."""
    return np.where(z <= 1e-7, 0, z)


@wrong("relu", f"{SPECIAL}: largest finite", cases=200, witness={"z": np.array([1e-24, 2.0])})
def relu_as_half_of_a_sum_of_roots(z: Array) -> Array:
    """(z + √(z²))/2: squares overflow and underflow long before their numbers do."""
    return z / 2 + np.sqrt(z * z) / 2


@wrong("leaky_relu", BOUND, dtypes=FLOAT64, cases=200, witness={"z": np.array([-1.0, 2.0]), "slope": 0.01})
def leaky_relu_of_a_float32_slope(z: Array, *, slope: Any = 0.01) -> Array:
    """The slope has the digits of float32."""
    return base.leaky_relu(z, slope=float(np.float32(slope)))


@wrong("leaky_relu", BOUND, LAWS, cases=200, witness={"z": np.array([-1.0, 2.0]), "slope": 1.5})
def leaky_relu_of_slopes_up_to_1(z: Array, *, slope: Any = 0.01) -> Array:
    """A slope above 1 is taken for 1, since who would want one."""
    return base.leaky_relu(z, slope=min(float(slope), 1.0))
