"""Activation functions: kinks, overflow, cancellation, the wrong axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from reference.errors import InvalidArgument
from tests.conformance.power.entering import (
    BAD_INPUT,
    BOTH,
    BOUND,
    GRADIENTS,
    LATTICE,
    LAWS,
    MANNERS,
    SPECIAL,
    WORKED,
    right,
    wrong,
)
from tests.conformance.power.pieces import through_a_wider_format

# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("relu", f"{SPECIAL}: NaN", cases=200)
def relu_swallows_nan(z: Array) -> Array:
    """NaN becomes 0, as in fmax."""
    return np.fmax(z, 0)


@wrong("relu", f"{SPECIAL}: -infinity", cases=200)
def relu_multiplies_by_a_mask(z: Array) -> Array:
    """-∞ times a mask's 0 is NaN."""
    return z * (z > 0)


@wrong("relu", f"{SPECIAL}: largest finite", cases=200)
def relu_as_half_a_sum(z: Array) -> Array:
    """(z + |z|)/2 overflows where z is large."""
    return (z + np.abs(z)) / 2


@wrong("relu", WORKED, LATTICE, BOUND, LAWS)
def relu_leaks(z: Array) -> Array:
    """Negative numbers pass, a hundredth of them."""
    return np.where(z > 0, z, z / 100)


@wrong("relu_vjp", BOUND, GRADIENTS, cases=200)
def relu_slope_of_2_at_0(z: Array, cotangent: Array) -> Array:
    """The slope at 0 is outside [0, 1]: no subgradient."""
    return np.where(z > 0, cotangent, np.where(z == 0, 2 * cotangent, 0))


@wrong("relu_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def relu_gradient_masked_by_the_cotangent(z: Array, cotangent: Array) -> Array:
    """The mask is that of what comes in, not of the input."""
    return np.where(cotangent > 0, cotangent, 0)


@wrong("leaky_relu", LATTICE, BOUND, LAWS)
def leaky_relu_scales_the_positive_side(z: Array, *, slope: Any = 0.01) -> Array:
    """The two branches are swapped."""
    return np.where(z < 0, z, z.dtype.type(slope) * z)


@wrong("leaky_relu", LATTICE, BOUND, LAWS)
def leaky_relu_of_the_usual_slope(z: Array, *, slope: Any = 0.01) -> Array:
    """Whatever slope is asked for, it is a hundredth."""
    return base.leaky_relu(z)


@wrong("leaky_relu", LATTICE, BOUND, LAWS)
def leaky_relu_that_leaks_nothing(z: Array, *, slope: Any = 0.01) -> Array:
    """Plain relu."""
    return base.relu(z)


@wrong("leaky_relu", LATTICE, BOUND, LAWS, cases=200)
def leaky_relu_as_a_maximum(z: Array, *, slope: Any = 0.01) -> Array:
    """max(z, slope·z) takes the wrong branch on both sides where the slope is above 1."""
    return np.maximum(z, z.dtype.type(slope) * z)


@wrong("leaky_relu", f"{SPECIAL}: NaN", cases=200)
def leaky_relu_swallows_nan(z: Array, *, slope: Any = 0.01) -> Array:
    """NaN is neither positive nor negative, and falls between the branches."""
    return np.where(z > 0, z, np.where(z < 0, z.dtype.type(slope) * z, 0))


@wrong("leaky_relu", f"{SPECIAL}: +infinity", cases=200)
def leaky_relu_multiplies_by_masks(z: Array, *, slope: Any = 0.01) -> Array:
    """∞ times a mask's 0 is NaN."""
    return z * (z > 0) + z.dtype.type(slope) * z * (z <= 0)


@wrong("leaky_relu_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def leaky_relu_slope_squared_in_the_gradient(z: Array, cotangent: Array, *, slope: Any = 0.01) -> Array:
    """The slope is applied to the cotangent, and again to the result."""
    return base.leaky_relu_vjp(z, cotangent, slope=slope * slope)


@wrong("leaky_relu_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def leaky_relu_slope_ignored_in_the_gradient(z: Array, cotangent: Array, *, slope: Any = 0.01) -> Array:
    """relu's gradient."""
    return base.relu_vjp(z, cotangent)


@wrong("leaky_relu_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def leaky_relu_gradient_masked_by_the_cotangent(z: Array, cotangent: Array, *, slope: Any = 0.01) -> Array:
    """The function instead of its gradient, applied to what comes in."""
    return base.leaky_relu(cotangent, slope=slope)


@wrong("leaky_relu_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def leaky_relu_gradient_without_the_cotangent(z: Array, cotangent: Array, *, slope: Any = 0.01) -> Array:
    """The derivative, where the gradient was asked for."""
    return base.leaky_relu_vjp(z, np.ones_like(cotangent), slope=slope)


@wrong("sigmoid", BOUND, dtypes=BOTH)
def sigmoid_clipped_at_8(z: Array) -> Array:
    """Inputs beyond ±8 are taken as ±8, to save the exponential from overflowing."""
    return base.sigmoid(np.clip(z, -8, 8))


@wrong("sigmoid", BOUND, LAWS, dtypes=BOTH)
def sigmoid_of_a_poor_exponential(z: Array) -> Array:
    """The exponential is off by 2⁻¹² of itself, like some hardware's fast one."""
    decay = np.exp(-np.abs(z)) * z.dtype.type(1 + 2.0**-12)
    return np.where(z >= 0, 1, decay) / (1 + decay)


@wrong("sigmoid", BOUND, dtypes=BOTH)
def sigmoid_by_tanh(z: Array) -> Array:
    """(1 + tanh(z/2))/2 cancels where z is negative, and leaves nothing below -20."""
    return (1 + np.tanh(z / 2)) / 2


@wrong("sigmoid_vjp", BOUND, LAWS, GRADIENTS)
def sigmoid_slope_with_a_plus(z: Array, cotangent: Array) -> Array:
    """f·(1 + f) instead of f·(1 - f)."""
    f = base.sigmoid(z)
    return cotangent * f * (1 + f)


@wrong("sigmoid_vjp", BOUND, GRADIENTS)
def sigmoid_slope_without_the_cotangent(z: Array, cotangent: Array) -> Array:
    """The derivative, where the gradient was asked for."""
    return base.sigmoid_vjp(z, np.ones_like(cotangent))


@wrong("tanh", BOUND, dtypes=BOTH)
def tanh_overflows(z: Array) -> Array:
    """(eᶻ - e⁻ᶻ)/(eᶻ + e⁻ᶻ) literally: ∞/∞ for large z."""
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


@wrong("tanh", BOUND, dtypes=BOTH)
def tanh_by_sigmoid(z: Array) -> Array:
    """2·sigmoid(2z) - 1 cancels near 0."""
    return 2 * base.sigmoid(2 * z) - 1


@wrong("tanh_vjp", BOUND, GRADIENTS)
def tanh_slope_without_the_square(z: Array, cotangent: Array) -> Array:
    """1 - f instead of 1 - f²."""
    return cotangent * (1 - np.tanh(z))


# --- bad input --------------------------------------------------------------------------------------------------------


@wrong("leaky_relu", f"{BAD_INPUT}: slope is refused", cases=200)
def any_slope_will_do(z: Array, *, slope: Any = 0.01) -> Array:
    """The sign of a slope is quietly dropped."""
    return base.leaky_relu(z, slope=abs(slope) if isinstance(slope, (int, float)) else slope)


@wrong("relu_vjp", f"{BAD_INPUT}: cotangent is refused", cases=200)
def cotangent_is_broadcast(z: Array, cotangent: Array) -> Array:
    """A cotangent of another shape is stretched until it fits."""
    if not (isinstance(cotangent, np.ndarray) and cotangent.dtype.kind == "f" and cotangent.size):
        raise InvalidArgument("cotangent", "an array of numbers", type(cotangent).__name__)
    return np.where(z > 0, cotangent, 0)


# --- manners ----------------------------------------------------------------------------------------------------------


@wrong("relu", f"{MANNERS}: leaves its inputs alone", f"{MANNERS}: accepts read only inputs", cases=200)
def relu_in_place(z: Array) -> Array:
    """The result is written over the input."""
    return np.maximum(z, 0, out=z)


@wrong("leaky_relu", f"{MANNERS}: keeps the dtype", cases=200)
def leaky_relu_in_the_slopes_precision(z: Array, *, slope: Any = 0.01) -> Array:
    """The slope is a float64, and what it meets becomes one."""
    return base.leaky_relu(z.astype(np.float64), slope=slope)


@wrong("relu", f"{MANNERS}: keeps the dtype", cases=200)
def integers_out(z: Array) -> Array:
    """The result's dtype is half of the input's."""
    return base.relu(z).astype(np.float16)


# --- right ------------------------------------------------------------------------------------------------------------


@right("relu_vjp")
def relu_slope_of_a_half_at_0(z: Array, cotangent: Array) -> Array:
    """Any slope in [0, 1] is a subgradient at 0."""
    return np.where(z > 0, cotangent, np.where(z == 0, cotangent / 2, 0))


@right("relu_vjp")
def relu_slope_of_1_at_0(z: Array, cotangent: Array) -> Array:
    """Any slope in [0, 1] is a subgradient at 0."""
    return np.where(z >= 0, cotangent, 0)


@right("leaky_relu")
def leaky_relu_of_two_parts(z: Array, *, slope: Any = 0.01) -> Array:
    """max(z, 0) + slope·min(z, 0): one of the two is 0, and stays 0 times a finite slope."""
    return np.maximum(z, 0) + z.dtype.type(slope) * np.minimum(z, 0)


@right("leaky_relu")
def leaky_relu_times_a_factor(z: Array, *, slope: Any = 0.01) -> Array:
    """The factor is chosen, then multiplied by."""
    return z * np.where(z > 0, z.dtype.type(1), z.dtype.type(slope))


@right("leaky_relu_vjp")
def leaky_relu_slope_of_1_at_0(z: Array, cotangent: Array, *, slope: Any = 0.01) -> Array:
    """Any factor between the slope and 1 is a subgradient at 0."""
    return np.where(z >= 0, cotangent, z.dtype.type(slope) * cotangent)


@right("sigmoid")
def sigmoid_of_two_branches(z: Array) -> Array:
    """1/(1 + e⁻ᶻ) for positive numbers, eᶻ/(1 + eᶻ) for negative ones."""
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(np.minimum(z, 0))))


through_a_wider_format("sigmoid")
through_a_wider_format("sigmoid_vjp")
through_a_wider_format("tanh")
through_a_wider_format("tanh_vjp")
through_a_wider_format("leaky_relu")
through_a_wider_format("leaky_relu_vjp")
