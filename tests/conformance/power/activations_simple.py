"""The identity, the step and the logistic function: slopes, thresholds, and parameters that are left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers, with_cotangent
from tests.conformance.power.entering import (
    BAD_INPUT,
    BOTH,
    BOUND,
    FLOAT64,
    GRADIENTS,
    LATTICE,
    LAWS,
    MANNERS,
    SPECIAL,
    right,
    wrong,
)
from tests.conformance.power.pieces import copied, rounded_to, through_a_wider_format, zeroed

# --- wrong: the identity ----------------------------------------------------------------------------------------------


@wrong("identity", f"{MANNERS}: gives results of its own", cases=200)
def identity_of_the_same_memory(z: Array) -> Array:
    """What came is returned, so that whoever changes the result changes the input."""
    return base.identity(z) if z is None else z


@wrong("identity", LATTICE, BOUND, cases=200)
def identity_in_bfloat16(z: Array) -> Array:
    """Activations are kept in 8 bits between layers."""
    return rounded_to(8, z)


@wrong("identity", BOUND, LAWS, cases=200, witness={"z": np.array([7.0, -6.5])})
def identity_clipped_at_6(z: Array) -> Array:
    """Kept within ±6, as for quantized networks."""
    return np.clip(z, -6, 6)


@wrong("identity", f"{SPECIAL}: NaN", cases=200)
def identity_that_cleans_up(z: Array) -> Array:
    """NaN becomes 0."""
    return np.where(np.isnan(z), 0, z)


@wrong("identity", LATTICE, cases=200, where=lambda z: z.size > 16 and z.size % 16 == 1, witness={"z": numbers(17)})
def identity_that_copies_full_vectors(z: Array) -> Array:
    """The number after the last full vector is the one before it again."""
    return copied(z.ravel(), -1, -2).reshape(z.shape)


@wrong("identity_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def identity_gradient_times_its_input(z: Array, cotangent: Array) -> Array:
    """The derivative of z²/2."""
    return cotangent * z


@wrong("identity_vjp", BOUND, LAWS, cases=200, witness={"z": np.array([0.0, 1.0]), "cotangent": np.array([3.0, 5.0])})
def identity_gradient_stops_at_0(z: Array, cotangent: Array) -> Array:
    """z/z, which isn't 1 at 0."""
    return np.where(z == 0, 0, cotangent)


@wrong("identity_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def identity_gradient_clipped(z: Array, cotangent: Array) -> Array:
    """Gradients are clipped to ±1 on their way, without a word."""
    return np.clip(cotangent, -1, 1)


@wrong("identity_vjp", f"{BAD_INPUT}: cotangent is refused", cases=200)
def identity_gradient_of_any_shape(z: Array, cotangent: Array) -> Array:
    """Only the cotangent is looked at."""
    base.identity_vjp(z, z)
    return base.identity(cotangent)


# --- wrong: the step --------------------------------------------------------------------------------------------------


@wrong("step", BOUND, LAWS)
def step_of_both_signs(z: Array) -> Array:
    """The sign: -1 where 0 was wanted."""
    return np.sign(z)


@wrong("step", BOUND, dtypes=BOTH, cases=200, witness={"z": np.array([2.0**-24, 1.0])})
def step_with_a_threshold(z: Array) -> Array:
    """Numbers up to 10⁻⁶ count as 0."""
    return np.heaviside(np.where(np.abs(z) < 1e-6, 0, z), 0)


@wrong("step", BOUND, LAWS, cases=200, witness={"z": np.array([0.015625, -0.015625])})
def step_that_is_a_steep_sigmoid(z: Array) -> Array:
    """σ(100·z), so that it can be learnt through: near 0 it is neither 0 nor 1."""
    return base.sigmoid(100 * z)


@wrong("step", f"{SPECIAL}: subnormal", cases=200)
def step_of_flushed_subnormals(z: Array) -> Array:
    """Whatever is below the smallest normal number counts as 0."""
    return np.heaviside(np.where(np.abs(z) < np.finfo(z.dtype).tiny, 0, z), 0)


@wrong("step", BOUND, LAWS, cases=200)
def step_of_the_rounded_number(z: Array) -> Array:
    """Rounded to an integer first: numbers up to a half don't fire."""
    return np.heaviside(np.rint(z), 0)


@wrong("step", BOUND, cases=200, where=lambda z: z.size > 8 and z.size % 8 > 0, witness={"z": np.ones(9)})
def step_of_bits_in_full_bytes(z: Array) -> Array:
    """Results are packed as bits, and the bits of the last byte are lost."""
    return zeroed(base.step(z).ravel(), np.s_[z.size - z.size % 8 :]).reshape(z.shape)


@wrong("step_vjp", BOUND, LAWS, GRADIENTS)
def step_gradient_straight_through(z: Array, cotangent: Array) -> Array:
    """The straight-through estimator: as if the step were the identity."""
    return cotangent.copy()


@wrong("step_vjp", BOUND, cases=200, witness=with_cotangent(np.array([0.5, 3.0])))
def step_gradient_through_the_middle(z: Array, cotangent: Array) -> Array:
    """Straight through within ±1, as for binary networks."""
    return np.where(np.abs(z) <= 1, cotangent, 0)


@wrong("step_vjp", LAWS, cases=200, witness=with_cotangent(np.array([0.0, 3.0])))
def step_gradient_of_a_spike(z: Array, cotangent: Array) -> Array:
    """Dirac's delta, as far as an array can hold it: the cotangent at 0."""
    return np.where(z == 0, cotangent, 0)


@wrong("step_vjp", BOUND, LAWS, GRADIENTS)
def step_gradient_of_a_sigmoid(z: Array, cotangent: Array) -> Array:
    """A surrogate with a slope."""
    return base.sigmoid_vjp(z, cotangent)


# --- wrong: the logistic function -------------------------------------------------------------------------------------


@wrong("logistic", BOUND, LAWS)
def logistic_to_the_other_side(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """z + x₀ instead of z - x₀."""
    return base.logistic(z, L=L, k=k, x_0=-x_0)


@wrong("logistic", BOUND, LAWS)
def logistic_with_the_place_outside(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """k·z - x₀: the place isn't multiplied by the steepness."""
    return base.logistic(z.dtype.type(k) * z, L=L, x_0=x_0)


@wrong("logistic", BOUND, LAWS)
def logistic_of_height_1(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """The height is ignored."""
    return base.logistic(z, k=k, x_0=x_0)


@wrong("logistic", BOUND, LAWS)
def logistic_of_a_height_in_the_exponent(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """1/(1/L + e⁻ᵏᶻ), the solution of another equation of growth: the height is reached elsewhere."""
    decay = np.exp(-z.dtype.type(k) * (z - z.dtype.type(x_0)))
    return 1 / (1 / z.dtype.type(L) + decay)


@wrong("logistic", BOUND, dtypes=BOTH, cases=200, witness={"z": np.array([-800.0, 900.0]), "x_0": 100.0, "k": 10.0})
def logistic_that_overflows_below(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """e^(k·(z - x₀)) over 1 and itself: ∞/∞ far above the middle."""
    growth = np.exp(z.dtype.type(k) * (z - z.dtype.type(x_0)))
    return z.dtype.type(L) * growth / (1 + growth)


@wrong("logistic", BOUND, cases=200, witness={"z": np.array([99.9, 100.05]), "k": 10.0, "x_0": 100.0})
def logistic_multiplied_out(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """k·z - k·x₀, where a distant middle cancels."""
    height, steepness, place = (z.dtype.type(number) for number in (L, k, x_0))
    return height * base.sigmoid(steepness * z - steepness * place)


@wrong("logistic", BOUND, dtypes=FLOAT64, cases=200, witness={"z": np.array([-1.0, 2.0]), "k": 0.1})
def logistic_of_float32_parameters(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """The parameters have the digits of float32."""
    height, steepness, place = (float(np.float32(number)) for number in (L, k, x_0))
    return base.logistic(z, L=height, k=steepness, x_0=place)


@wrong("logistic", f"{BAD_INPUT}: k is refused", cases=200)
def logistic_of_any_steepness(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """A curve that falls is taken for one that rises."""
    return base.logistic(z, L=L, k=(abs(k) or 1) if isinstance(k, (int, float)) else k, x_0=x_0)


@wrong("logistic_vjp", BOUND, LAWS, GRADIENTS)
def logistic_slope_without_the_height(
    z: Array, cotangent: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0
) -> Array:
    """k·s·(1 - s), where s is the curve of height 1."""
    return base.logistic_vjp(z, cotangent, k=k, x_0=x_0)


@wrong("logistic_vjp", BOUND, LAWS, GRADIENTS, cases=200)
def logistic_slope_of_the_steepness_squared(
    z: Array, cotangent: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0
) -> Array:
    """k is multiplied by on the way out, and again."""
    return z.dtype.type(k) * base.logistic_vjp(z, cotangent, L=L, k=k, x_0=x_0)


@wrong("logistic_vjp", BOUND, LAWS, GRADIENTS)
def logistic_slope_as_the_slide_has_it(
    z: Array, cotangent: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0
) -> Array:
    """f·(1 - f) of a function whose height isn't 1."""
    f = base.logistic(z, L=L, k=k, x_0=x_0)
    return cotangent * z.dtype.type(k) * (f * (1 - f))


@wrong("logistic_vjp", BOUND, LAWS, cases=200)
def logistic_slope_in_the_middle_of_the_sigmoid(
    z: Array, cotangent: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0
) -> Array:
    """The place is left out."""
    return base.logistic_vjp(z, cotangent, L=L, k=k)


@wrong("logistic_vjp", BOUND, cases=200, witness={**with_cotangent(np.array([-800.0, 900.0])), "k": 10.0})
def logistic_slope_of_one_exponential(
    z: Array, cotangent: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0
) -> Array:
    """e^z/(1 + e^z)² is ∞/∞ far above the middle."""
    growth = np.exp(z.dtype.type(k) * (z - z.dtype.type(x_0)))
    return cotangent * (z.dtype.type(L) * z.dtype.type(k) * (growth / ((1 + growth) * (1 + growth))))


# --- right ------------------------------------------------------------------------------------------------------------


@right("identity")
def identity_in_blocks_of_7(z: Array) -> Array:
    """Seven numbers at a time, the last ones first."""
    flat, result = z.ravel(), np.empty_like(z).ravel()
    for start in range(0, z.size, 7)[::-1]:
        result[start : start + 7] = flat[start : start + 7]
    return result.reshape(z.shape)


@right("identity_vjp")
def identity_gradient_times_1(z: Array, cotangent: Array) -> Array:
    """The derivative is multiplied by."""
    return cotangent * np.ones_like(z)


@right("step")
def step_that_fires_at_0(z: Array) -> Array:
    """At 0 it is 1."""
    return np.heaviside(z, 1)


@right("step")
def step_of_a_half_at_0(z: Array) -> Array:
    """Half of a sign and 1: at 0 it is ½."""
    return (np.sign(z) + 1) / 2


@right("step")
def step_that_does_not_know_nan(z: Array) -> Array:
    """A comparison: NaN isn't positive."""
    return (z > 0).astype(z.dtype)


@right("step_vjp")
def step_gradient_times_0(z: Array, cotangent: Array) -> Array:
    """The derivative is multiplied by: 0·∞ is NaN."""
    return cotangent * np.zeros_like(z)


@right("logistic")
def logistic_as_a_quotient(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """The height over 1 and the exponential, for each side its own."""
    height, steepness, place = (z.dtype.type(number) for number in (L, k, x_0))
    distance = steepness * (z - place)
    decay = np.exp(-np.abs(distance))
    return height * (np.where(distance >= 0, 1, decay) / (1 + decay))


@right("logistic_vjp")
def logistic_slope_from_the_left(z: Array, cotangent: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    """The factors in another order."""
    s = base.logistic(z, k=k, x_0=x_0)
    return (s * (1 - s)) * z.dtype.type(k) * z.dtype.type(L) * cotangent


through_a_wider_format("logistic")
through_a_wider_format("logistic_vjp")
