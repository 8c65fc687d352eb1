"""Activation functions on the GPU.

The ladder is that of `elementwise`: memory is the limit, and one kernel for all has the function compiled into it.

Exponentials are taken of numbers ≤ 0 only, so they can't overflow. Constants take the type of the argument:
a bare 1 or 0.0 would pull a float32 kernel into double precision.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fast.cuda.device import device_function, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.elementwise import map_kernel, map_pairs_kernel, run_over_numbers
from fast.validation import require_array, require_scalars
from fast.validation.activations import require_cotangent, require_logistic
from reference.errors import require_number

__all__ = [
    "identity",
    "identity_vjp",
    "leaky_relu",
    "leaky_relu_vjp",
    "logistic",
    "logistic_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "step",
    "step_vjp",
    "tanh",
    "tanh_vjp",
]


@device_function
def exp_at(z: Any) -> Any:
    """e to the power of z ≤ 0, in the type of z (in the simulator, `math` makes float64 of everything)."""
    return type(z)(math.exp(z))


@device_function
def log_at(x: Any) -> Any:
    """The natural logarithm: -∞ at 0, NaN below and of NaN. (Python's `math` raises an error instead.)"""
    if x > type(x)(0):
        return type(x)(math.log(x))
    return type(x)(-math.inf) if x == type(x)(0) else type(x)(math.nan)


@device_function
def identity_at(z: Any) -> Any:
    """z itself."""
    return z


@device_function
def identity_vjp_at(z: Any, cotangent: Any) -> Any:
    """The cotangent itself."""
    return cotangent


@device_function
def step_at(z: Any) -> Any:
    """1 where z is positive, 0 where it isn't, and NaN where it is NaN."""
    if z > type(z)(0):
        return type(z)(1)
    return type(z)(0) if z <= type(z)(0) else z


@device_function
def step_vjp_at(z: Any, cotangent: Any) -> Any:
    """0, whatever comes."""
    return type(z)(0)


@device_function
def logistic_at(z: Any, L: Any, k: Any, x_0: Any) -> Any:
    """A sigmoid of another height, steepness and place."""
    return L * sigmoid_at(k * (z - x_0))


@device_function
def logistic_vjp_at(z: Any, cotangent: Any, L: Any, k: Any, x_0: Any) -> Any:
    """cotangent·L·k·s·(1 - s)."""
    s = sigmoid_at(k * (z - x_0))
    return cotangent * (L * k * (s * (type(z)(1) - s)))


@device_function
def leaky_relu_at(z: Any, slope: Any) -> Any:
    """z where it is positive, else slope·z, which is NaN for NaN."""
    return z if z > type(z)(0) else slope * z


@device_function
def leaky_relu_vjp_at(z: Any, cotangent: Any, slope: Any) -> Any:
    """The cotangent, times the slope where z isn't positive."""
    return cotangent if z > type(z)(0) else slope * cotangent


@device_function
def relu_at(z: Any) -> Any:
    """max(0, z). Written so that NaN, which is not ≤ 0, stays."""
    return type(z)(0) if z <= type(z)(0) else z


@device_function
def relu_vjp_at(z: Any, cotangent: Any) -> Any:
    """A selection, not a product: an infinite cotangent stops at a negative z as well."""
    return cotangent if z > type(z)(0) else type(z)(0)


@device_function
def sigmoid_at(z: Any) -> Any:
    """1/(1 + e⁻ᶻ), or e^z/(1 + e^z) for z < 0."""
    one = type(z)(1)
    decay = exp_at(-abs(z))
    return (one if z >= type(z)(0) else decay) / (one + decay)


@device_function
def sigmoid_vjp_at(z: Any, cotangent: Any) -> Any:
    """cotangent·f·(1 - f)."""
    f = sigmoid_at(z)
    return cotangent * (f * (type(z)(1) - f))


@device_function
def tanh_at(z: Any) -> Any:
    """The library's tanh, which is accurate near 0, where exponentials would cancel."""
    return type(z)(math.tanh(z))


@device_function
def tanh_vjp_at(z: Any, cotangent: Any) -> Any:
    """cotangent·(1 - f²)."""
    f = tanh_at(z)
    return cotangent * (type(z)(1) - f * f)


identity_kernel, identity_vjp_kernel = map_kernel(identity_at), map_pairs_kernel(identity_vjp_at)
step_kernel, step_vjp_kernel = map_kernel(step_at), map_pairs_kernel(step_vjp_at)
logistic_kernel, logistic_vjp_kernel = map_kernel(logistic_at), map_pairs_kernel(logistic_vjp_at)
leaky_relu_kernel, leaky_relu_vjp_kernel = map_kernel(leaky_relu_at), map_pairs_kernel(leaky_relu_vjp_at)
relu_kernel, relu_vjp_kernel = map_kernel(relu_at), map_pairs_kernel(relu_vjp_at)
sigmoid_kernel, sigmoid_vjp_kernel = map_kernel(sigmoid_at), map_pairs_kernel(sigmoid_vjp_at)
tanh_kernel, tanh_vjp_kernel = map_kernel(tanh_at), map_pairs_kernel(tanh_vjp_at)


@takes_device_arrays
def identity(z: np.ndarray) -> np.ndarray:
    """As `reference.identity`, on the GPU: an array of any shape to one of that shape."""
    return mapped(identity_kernel, z)


@takes_device_arrays
def identity_vjp(z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.identity_vjp`, on the GPU: two arrays of one shape to another of that shape."""
    return mapped_pairs(identity_vjp_kernel, z, cotangent)


@takes_device_arrays
def step(z: np.ndarray) -> np.ndarray:
    """As `reference.step`, on the GPU: an array of any shape to one of that shape."""
    return mapped(step_kernel, z)


@takes_device_arrays
def step_vjp(z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.step_vjp`, on the GPU: two arrays of one shape to another of that shape."""
    return mapped_pairs(step_vjp_kernel, z, cotangent)


@takes_device_arrays
def logistic(z: np.ndarray, *, L: float = 1.0, k: float = 1.0, x_0: float = 0.0) -> np.ndarray:
    """As `reference.logistic`, on the GPU: an array of any shape to one of that shape."""
    return mapped(logistic_kernel, z, **require_logistic(L, k, x_0))


@takes_device_arrays
def logistic_vjp(
    z: np.ndarray, cotangent: np.ndarray, *, L: float = 1.0, k: float = 1.0, x_0: float = 0.0
) -> np.ndarray:
    """As `reference.logistic_vjp`, on the GPU: two arrays of one shape to another of that shape."""
    return mapped_pairs(logistic_vjp_kernel, z, cotangent, **require_logistic(L, k, x_0))


@takes_device_arrays
def leaky_relu(z: np.ndarray, *, slope: float = 0.01) -> np.ndarray:
    """As `reference.leaky_relu`, on the GPU: an array of any shape to one of that shape."""
    return mapped(leaky_relu_kernel, z, slope=require_number("slope", slope, 0))


@takes_device_arrays
def leaky_relu_vjp(z: np.ndarray, cotangent: np.ndarray, *, slope: float = 0.01) -> np.ndarray:
    """As `reference.leaky_relu_vjp`, on the GPU: two arrays of one shape to another of that shape."""
    return mapped_pairs(leaky_relu_vjp_kernel, z, cotangent, slope=require_number("slope", slope, 0))


@takes_device_arrays
def relu(z: np.ndarray) -> np.ndarray:
    """As `reference.relu`, on the GPU: an array of any shape to one of that shape."""
    return mapped(relu_kernel, z)


@takes_device_arrays
def relu_vjp(z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.relu_vjp`, on the GPU: two arrays of one shape to another of that shape."""
    return mapped_pairs(relu_vjp_kernel, z, cotangent)


@takes_device_arrays
def sigmoid(z: np.ndarray) -> np.ndarray:
    """As `reference.sigmoid`, on the GPU: an array of any shape to one of that shape."""
    return mapped(sigmoid_kernel, z)


@takes_device_arrays
def sigmoid_vjp(z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.sigmoid_vjp`, on the GPU: two arrays of one shape to another of that shape."""
    return mapped_pairs(sigmoid_vjp_kernel, z, cotangent)


@takes_device_arrays
def tanh(z: np.ndarray) -> np.ndarray:
    """As `reference.tanh`, on the GPU: an array of any shape to one of that shape."""
    return mapped(tanh_kernel, z)


@takes_device_arrays
def tanh_vjp(z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.tanh_vjp`, on the GPU: two arrays of one shape to another of that shape."""
    return mapped_pairs(tanh_vjp_kernel, z, cotangent)


def map_on_device(compiled: Any, *arrays: Any, **hyperparameters: float) -> Any:
    """Run a kernel over all numbers of contiguous device arrays of one shape."""
    (result,) = run_over_numbers(compiled, arrays, require_scalars(arrays[0].dtype, **hyperparameters))
    return result


def mapped(compiled: Any, z: np.ndarray, **hyperparameters: float) -> Any:
    """Check an array and run a kernel over its numbers."""
    require_array("z", z)
    return map_on_device(compiled, to_device(z), **hyperparameters)


def mapped_pairs(compiled: Any, z: np.ndarray, cotangent: np.ndarray, **hyperparameters: float) -> Any:
    """Check an array and its cotangent, and run a kernel over their numbers."""
    require_cotangent(z, cotangent)
    return map_on_device(compiled, to_device(z), to_device(cotangent), **hyperparameters)
