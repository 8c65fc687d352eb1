"""Activation functions and their vector-Jacobian products, one flat loop each.

What squashes is in `squashing`. Here little is computed, and memory is the limit: so vectors are said where the
compiler, which sees that arrays may overlap, would take one number at a time; stores begin where a cache line does,
since what crosses its boundary is written twice; and threads take part from `PARALLEL_SIZE` numbers on. Below that,
waking one costs more than the work. The threaded kernels are functions of their own, so that whoever has small arrays
never waits for their compilation.

Each pair of a loop and its threads is written out, although one factory could make them all. Its kernels would close
over the function that they apply, and Numba looks for a closure's code on disk by all that it closes over: a compiled
function among it is another one in each process, so the kernels would be compiled anew by every process.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu.arguments import deliver, destination
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import block_count, block_slice, map_numbers, map_numbers_back
from fast.cpu.squashing import logistic, logistic_vjp, sigmoid, sigmoid_vjp, tanh, tanh_vjp
from fast.cpu.vectors import (
    VECTOR_BYTES,
    at_least,
    before_boundary,
    load,
    load_part,
    store,
    store_part,
    where_negative,
)
from fast.validation import require_array, require_scalar
from fast.validation.activations import require_cotangent
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


def identity(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Let every number through as it is.

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype, with memory of its own.
    Raises: InvalidArgument, as `reference.identity`.
    """
    return map_numbers(_identity_loop, _identity_threads, require_array("z", z), out)


def step(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """1 where a number is positive, else 0, at 0 too; NaN stays NaN.

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.step`.
    """
    return map_numbers(_step_loop, _step_threads, require_array("z", z), out)


def leaky_relu(z: np.ndarray, *, slope: float = 0.01, out: np.ndarray | None = None) -> np.ndarray:
    """Keep what is positive, multiply the rest by the slope; NaN stays NaN.

    Args: z, any shape from rank 1; slope, a number from 0; out, an array of z's shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.leaky_relu`.
    """
    require_number("slope", slope, 0)
    scalar = require_scalar(require_array("z", z).dtype, "slope", slope)
    return map_numbers(_leaky_relu_loop, _leaky_relu_threads, z, out, scalar)


def relu(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Keep what is positive, replace the rest by zero; NaN stays NaN.

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.relu`.
    """
    return map_numbers(relu_loop, _relu_threads, require_array("z", z), out)


def identity_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `identity`: all of it.

    Args: z and cotangent, of one shape; out, an array of that shape to write into, which may be either of them.
    Returns: an array of that shape, with memory of its own.
    Raises: InvalidArgument, as `reference.identity_vjp`.
    """
    require_cotangent(z, cotangent)
    return identity(cotangent, out=out)


def step_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `step`: nothing of it.

    Args: z and cotangent, of one shape; out, an array of that shape to write into, which may be either of them.
    Returns: zeros of that shape.
    Raises: InvalidArgument, as `reference.step_vjp`.
    """
    require_cotangent(z, cotangent)
    target = destination(out, z.shape, z.dtype)
    target.fill(0)
    return deliver(target, out)


def leaky_relu_vjp(
    z: np.ndarray, cotangent: np.ndarray, *, slope: float = 0.01, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `leaky_relu`: the cotangent where z > 0, else slope·cotangent.

    Args: z and cotangent, of one shape; slope, as in `leaky_relu`; out, an array of that shape to write into, which may
        be either of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.leaky_relu_vjp`.
    """
    require_number("slope", slope, 0)
    scalar = require_scalar(require_cotangent(z, cotangent).dtype, "slope", slope)
    return map_numbers_back(_leaky_relu_vjp_loop, _leaky_relu_vjp_threads, z, cotangent, out, scalar)


def relu_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `relu`: the cotangent where z > 0, else 0.

    Args: z and cotangent, of one shape; out, an array of that shape to write into, which may be either of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.relu_vjp`.
    """
    require_cotangent(z, cotangent)
    return map_numbers_back(_relu_vjp_loop, _relu_vjp_threads, z, cotangent, out)


@leaf
def _identity_loop(z, out):
    for i in range(z.size):
        out[i] = z[i]


@compiled(parallel=True)
def _identity_threads(z, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _identity_loop(z[part], out[part])


@leaf
def _step_loop(z, out):
    zero, one = z.dtype.type(0), z.dtype.type(1)
    for i in range(z.size):
        out[i] = one if z[i] > zero else (zero if z[i] <= zero else z[i])


@compiled(parallel=True)
def _step_threads(z, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _step_loop(z[part], out[part])


@leaf
def _leaky_relu_loop(z, out, slope):
    zero = z.dtype.type(0)
    for i in range(z.size):
        out[i] = z[i] if z[i] > zero else slope * z[i]


@compiled(parallel=True)
def _leaky_relu_threads(z, out, slope):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _leaky_relu_loop(z[part], out[part], slope)


@leaf
def _leaky_relu_vjp_loop(z, cotangent, out, slope):
    zero = z.dtype.type(0)
    for i in range(z.size):
        out[i] = cotangent[i] if z[i] > zero else slope * cotangent[i]


@compiled(parallel=True)
def _leaky_relu_vjp_threads(z, cotangent, out, slope):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _leaky_relu_vjp_loop(z[part], cotangent[part], out[part], slope)


@leaf
def relu_loop(z, out):
    zero, size, i = z.dtype.type(0), VECTOR_BYTES // z.itemsize, min(z.size, before_boundary(out))
    store_part(out, 0, i, at_least(load_part(z, 0, i), zero))
    while i + size <= z.size:
        store(out, i, at_least(load(z, i), zero))
        i += size
    if i < z.size:
        store_part(out, i, z.size - i, at_least(load_part(z, i, z.size - i), zero))


@compiled(parallel=True)
def _relu_threads(z, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        relu_loop(z[part], out[part])


@leaf
def _relu_vjp_loop(z, cotangent, out):
    size, i, zero = VECTOR_BYTES // z.itemsize, 0, z.dtype.type(0)
    while i + size <= z.size:
        store(out, i, where_negative(-load(z, i), load(cotangent, i), zero))
        i += size
    while i < z.size:
        out[i] = cotangent[i] if z[i] > zero else zero
        i += 1


@compiled(parallel=True)
def _relu_vjp_threads(z, cotangent, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _relu_vjp_loop(z[part], cotangent[part], out[part])
