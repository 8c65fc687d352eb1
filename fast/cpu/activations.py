"""Activation functions and their vector-Jacobian products, one flat loop each.

The ladder (sigmoid of a million float32, one core):
1. a loop over `math.exp`: one library call a number, about 5 ns each.
2. the polynomials of `elementary` in a plain loop: the same 5 ns, since Python's division checks for zero and the check
   keeps LLVM from vectorising.
3. `error_model="numpy"`, where x/0 is ±∞ or NaN as in hardware: 0.8 ns; but in place, where LLVM sees that arrays
   overlap, 5 ns again.
4. vectors that are said and not left to the compiler: 0.8 ns in place, too; the gradients likewise. Two at a time, as
   one value, since one alone waits for its own operations: 0.7 ns.
5. threads from `PARALLEL_SIZE` numbers on; below that, waking a thread costs more than the work. The threaded kernels
   are functions of their own, so that whoever has small arrays never waits for their compilation.

Each pair of a loop and its threads is written out, although one factory could make them all. Its kernels would close
over the function that they apply, and Numba looks for a closure's code on disk by all that it closes over: a compiled
function among it is another one in each process, so the kernels would be compiled anew by every process.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu import elementary
from fast.cpu.arguments import deliver, destination, flat
from fast.cpu.compilation import compiled
from fast.cpu.vectors import (
    VECTOR_BYTES,
    at_least,
    before_boundary,
    load,
    load_pair,
    load_part,
    store,
    store_part,
    where_negative,
)
from fast.validation import require_array, require_scalar, require_scalars
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

#: Numbers below which one thread is faster.
PARALLEL_SIZE = 1 << 16


def identity(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Let every number through as it is.

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype, with memory of its own.
    Raises: InvalidArgument, as `reference.identity`.
    """
    return _map(_identity_loop, _identity_threads, require_array("z", z), out)


def step(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """1 where a number is positive, else 0, at 0 too; NaN stays NaN.

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.step`.
    """
    return _map(_step_loop, _step_threads, require_array("z", z), out)


def logistic(
    z: np.ndarray, *, L: float = 1.0, k: float = 1.0, x_0: float = 0.0, out: np.ndarray | None = None
) -> np.ndarray:
    """Rise from 0 to L, steepest at x_0: L/(1 + e^(-k·(z - x_0))).

    Args: z, any shape from rank 1; L and k, numbers above 0; x_0, a number; out, an array of z's shape to write into,
        which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.logistic`.
    """
    curve = require_logistic(L, k, x_0)
    scalars = require_scalars(require_array("z", z).dtype, **curve)
    return _map(_logistic_loop, _logistic_threads, z, out, *scalars)


def leaky_relu(z: np.ndarray, *, slope: float = 0.01, out: np.ndarray | None = None) -> np.ndarray:
    """Keep what is positive, multiply the rest by the slope; NaN stays NaN.

    Args: z, any shape from rank 1; slope, a number from 0; out, an array of z's shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.leaky_relu`.
    """
    require_number("slope", slope, 0)
    scalar = require_scalar(require_array("z", z).dtype, "slope", slope)
    return _map(_leaky_relu_loop, _leaky_relu_threads, z, out, scalar)


def relu(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Keep what is positive, replace the rest by zero; NaN stays NaN.

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.relu`.
    """
    return _map(relu_loop, _relu_threads, require_array("z", z), out)


def sigmoid(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Squash every number into (0, 1): 1/(1 + e⁻ᶻ).

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.sigmoid`.
    """
    return _map(sigmoid_loop, _sigmoid_threads, require_array("z", z), out)


def tanh(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Squash every number into (-1, 1): the hyperbolic tangent.

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.tanh`.
    """
    return _map(tanh_loop, _tanh_threads, require_array("z", z), out)


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


def logistic_vjp(
    z: np.ndarray,
    cotangent: np.ndarray,
    *,
    L: float = 1.0,
    k: float = 1.0,
    x_0: float = 0.0,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Carry a gradient back through `logistic`: cotangent·L·k·s·(1 - s), where s is what L is multiplied by there.

    Args: z and cotangent, of one shape; L, k and x_0, as in `logistic`; out, an array of that shape to write into,
        which may be either of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.logistic_vjp`.
    """
    curve = require_logistic(L, k, x_0)
    scalars = require_scalars(require_cotangent(z, cotangent).dtype, **curve)
    return _map_back(_logistic_vjp_loop, _logistic_vjp_threads, z, cotangent, out, *scalars)


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
    return _map_back(_leaky_relu_vjp_loop, _leaky_relu_vjp_threads, z, cotangent, out, scalar)


def relu_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `relu`: the cotangent where z > 0, else 0.

    Args: z and cotangent, of one shape; out, an array of that shape to write into, which may be either of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.relu_vjp`.
    """
    require_cotangent(z, cotangent)
    return _map_back(_relu_vjp_loop, _relu_vjp_threads, z, cotangent, out)


def sigmoid_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `sigmoid`: cotangent·f(z)·(1 - f(z)).

    Args: z and cotangent, of one shape; out, an array of that shape to write into, which may be either of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.sigmoid_vjp`.
    """
    require_cotangent(z, cotangent)
    return _map_back(_sigmoid_vjp_loop, _sigmoid_vjp_threads, z, cotangent, out)


def tanh_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `tanh`: cotangent·(1 - f(z)²).

    Args: z and cotangent, of one shape; out, an array of that shape to write into, which may be either of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.tanh_vjp`.
    """
    require_cotangent(z, cotangent)
    return _map_back(_tanh_vjp_loop, _tanh_vjp_threads, z, cotangent, out)


def _map(loop, threads, z: np.ndarray, out: np.ndarray | None, *scalars: np.floating) -> np.ndarray:
    target = destination(out, z.shape, z.dtype, z, elementwise=True)
    kernel = loop if z.size < PARALLEL_SIZE else threads
    kernel(flat(z), target.ravel(), *scalars)
    return deliver(target, out)


def _map_back(
    loop, threads, z: np.ndarray, cotangent: np.ndarray, out: np.ndarray | None, *scalars: np.floating
) -> np.ndarray:
    target = destination(out, z.shape, z.dtype, z, cotangent, elementwise=True)
    kernel = loop if z.size < PARALLEL_SIZE else threads
    kernel(flat(z), flat(cotangent), target.ravel(), *scalars)
    return deliver(target, out)


@compiled()
def block_count(size):
    """How many blocks of `PARALLEL_SIZE` numbers so many numbers make, two at least."""
    return max(2, size // PARALLEL_SIZE)


@compiled()
def block_slice(block, size):
    """The numbers of one of those blocks."""
    # prange counts in unsigned integers, and Numba takes a signed and an unsigned one together for floats.
    number, count = np.intp(block), block_count(size)
    return slice(number * size // count, (number + 1) * size // count)


@compiled()
def _identity_loop(z, out):
    for i in range(z.size):
        out[i] = z[i]


@compiled(parallel=True)
def _identity_threads(z, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _identity_loop(z[part], out[part])


@compiled()
def _step_loop(z, out):
    zero, one = z.dtype.type(0), z.dtype.type(1)
    for i in range(z.size):
        out[i] = one if z[i] > zero else (zero if z[i] <= zero else z[i])


@compiled(parallel=True)
def _step_threads(z, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _step_loop(z[part], out[part])


@compiled()
def _logistic_loop(z, out, L, k, x_0):
    size, i = VECTOR_BYTES // z.itemsize, 0
    while i + 2 * size <= z.size:
        store(out, i, L * elementary.sigmoid(k * (load_pair(z, i) - x_0)))
        i += 2 * size
    while i < z.size:
        count = min(size, z.size - i)
        store_part(out, i, count, L * elementary.sigmoid(k * (load_part(z, i, count) - x_0)))
        i += count


@compiled(parallel=True)
def _logistic_threads(z, out, L, k, x_0):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _logistic_loop(z[part], out[part], L, k, x_0)


@compiled()
def logistic_vjp_at(z, cotangent, L, k, x_0, one):
    """The gradient of a number, or of a vector of them."""
    s = elementary.sigmoid(k * (z - x_0))
    return cotangent * (L * k * (s * (one - s)))


@compiled()
def _logistic_vjp_loop(z, cotangent, out, L, k, x_0):
    size, i, one = VECTOR_BYTES // z.itemsize, 0, z.dtype.type(1)
    while i + 2 * size <= z.size:
        store(out, i, logistic_vjp_at(load_pair(z, i), load_pair(cotangent, i), L, k, x_0, one))
        i += 2 * size
    while i < z.size:
        count = min(size, z.size - i)
        store_part(
            out, i, count, logistic_vjp_at(load_part(z, i, count), load_part(cotangent, i, count), L, k, x_0, one)
        )
        i += count


@compiled(parallel=True)
def _logistic_vjp_threads(z, cotangent, out, L, k, x_0):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _logistic_vjp_loop(z[part], cotangent[part], out[part], L, k, x_0)


@compiled()
def _leaky_relu_loop(z, out, slope):
    zero = z.dtype.type(0)
    for i in range(z.size):
        out[i] = z[i] if z[i] > zero else slope * z[i]


@compiled(parallel=True)
def _leaky_relu_threads(z, out, slope):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _leaky_relu_loop(z[part], out[part], slope)


@compiled()
def _leaky_relu_vjp_loop(z, cotangent, out, slope):
    zero = z.dtype.type(0)
    for i in range(z.size):
        out[i] = cotangent[i] if z[i] > zero else slope * cotangent[i]


@compiled(parallel=True)
def _leaky_relu_vjp_threads(z, cotangent, out, slope):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _leaky_relu_vjp_loop(z[part], cotangent[part], out[part], slope)


@compiled()
def relu_loop(z, out):
    # What crosses a boundary of cache lines is written twice: 1.1 to 1.2 times the time, here and below.
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


@compiled()
def sigmoid_loop(z, out):
    size, i = VECTOR_BYTES // z.itemsize, min(z.size, before_boundary(out))
    store_part(out, 0, i, elementary.sigmoid(load_part(z, 0, i)))
    while i + 2 * size <= z.size:
        store(out, i, elementary.sigmoid(load_pair(z, i)))
        i += 2 * size
    while i < z.size:
        count = min(size, z.size - i)
        store_part(out, i, count, elementary.sigmoid(load_part(z, i, count)))
        i += count


@compiled(parallel=True)
def _sigmoid_threads(z, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        sigmoid_loop(z[part], out[part])


@compiled()
def tanh_loop(z, out):
    size, i = VECTOR_BYTES // z.itemsize, min(z.size, before_boundary(out))
    store_part(out, 0, i, elementary.tanh(load_part(z, 0, i)))
    while i + 2 * size <= z.size:
        store(out, i, elementary.tanh(load_pair(z, i)))
        i += 2 * size
    while i < z.size:
        count = min(size, z.size - i)
        store_part(out, i, count, elementary.tanh(load_part(z, i, count)))
        i += count


@compiled(parallel=True)
def _tanh_threads(z, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        tanh_loop(z[part], out[part])


@compiled()
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


@compiled()
def sigmoid_vjp_at(z, cotangent, one):
    """The gradient of a number, or of a vector of them."""
    f = elementary.sigmoid(z)
    return cotangent * (f * (one - f))


@compiled()
def _sigmoid_vjp_loop(z, cotangent, out):
    size, i, one = VECTOR_BYTES // z.itemsize, 0, z.dtype.type(1)
    while i + 2 * size <= z.size:
        store(out, i, sigmoid_vjp_at(load_pair(z, i), load_pair(cotangent, i), one))
        i += 2 * size
    while i < z.size:
        count = min(size, z.size - i)
        store_part(out, i, count, sigmoid_vjp_at(load_part(z, i, count), load_part(cotangent, i, count), one))
        i += count


@compiled(parallel=True)
def _sigmoid_vjp_threads(z, cotangent, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _sigmoid_vjp_loop(z[part], cotangent[part], out[part])


@compiled()
def tanh_vjp_at(z, cotangent, one):
    """The gradient of a number, or of a vector of them."""
    f = elementary.tanh(z)
    return cotangent * (one - f * f)


@compiled()
def _tanh_vjp_loop(z, cotangent, out):
    size, i, one = VECTOR_BYTES // z.itemsize, 0, z.dtype.type(1)
    while i + 2 * size <= z.size:
        store(out, i, tanh_vjp_at(load_pair(z, i), load_pair(cotangent, i), one))
        i += 2 * size
    while i < z.size:
        count = min(size, z.size - i)
        store_part(out, i, count, tanh_vjp_at(load_part(z, i, count), load_part(cotangent, i, count), one))
        i += count


@compiled(parallel=True)
def _tanh_vjp_threads(z, cotangent, out):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _tanh_vjp_loop(z[part], cotangent[part], out[part])
