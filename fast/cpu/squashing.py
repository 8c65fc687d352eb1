"""Activation functions that squash, and their vector-Jacobian products: what takes exponentials.

The ladder (sigmoid of a million float32, one core):
1. a loop over `math.exp`: one library call a number, about 5 ns each.
2. the polynomials of `elementary` in a plain loop: the same 5 ns, since Python's division checks for zero and the check
   keeps LLVM from vectorising.
3. `error_model="numpy"`, where x/0 is ±∞ or NaN as in hardware: 0.8 ns; but in place, where LLVM sees that arrays
   overlap, 5 ns again.
4. vectors that are said and not left to the compiler: 0.8 ns in place, too; the gradients likewise.
5. two vectors at a time, as one value, since one alone waits for its own operations: 0.76 ns.
6. threads from `PARALLEL_EXPONENTIALS` numbers on, twice as many for tanh, which takes half as long.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu import elementary
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_EXPONENTIALS, block_count, block_slice, map_numbers, map_numbers_back
from fast.cpu.vectors import VECTOR_BYTES, before_boundary, load_pair, load_part, store, store_part
from fast.validation import require_array, require_scalars
from fast.validation.activations import require_cotangent, require_logistic

__all__ = ["logistic", "logistic_vjp", "sigmoid", "sigmoid_vjp", "tanh", "tanh_vjp"]


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
    return map_numbers(_logistic_loop, _logistic_threads, z, out, *scalars, least=PARALLEL_EXPONENTIALS)


def sigmoid(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Squash every number into (0, 1): 1/(1 + e⁻ᶻ).

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.sigmoid`.
    """
    return map_numbers(sigmoid_loop, _sigmoid_threads, require_array("z", z), out, least=PARALLEL_EXPONENTIALS)


def tanh(z: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Squash every number into (-1, 1): the hyperbolic tangent.

    Args: z, any shape from rank 1; out, an array of that shape to write into, which may be z.
    Returns: an array of z's shape and dtype.
    Raises: InvalidArgument, as `reference.tanh`.
    """
    return map_numbers(tanh_loop, _tanh_threads, require_array("z", z), out, least=2 * PARALLEL_EXPONENTIALS)


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
    return map_numbers_back(
        _logistic_vjp_loop, _logistic_vjp_threads, z, cotangent, out, *scalars, least=PARALLEL_EXPONENTIALS
    )


def sigmoid_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `sigmoid`: cotangent·f(z)·(1 - f(z)).

    Args: z and cotangent, of one shape; out, an array of that shape to write into, which may be either of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.sigmoid_vjp`.
    """
    require_cotangent(z, cotangent)
    return map_numbers_back(_sigmoid_vjp_loop, _sigmoid_vjp_threads, z, cotangent, out, least=PARALLEL_EXPONENTIALS)


def tanh_vjp(z: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `tanh`: cotangent·(1 - f(z)²).

    Args: z and cotangent, of one shape; out, an array of that shape to write into, which may be either of them.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.tanh_vjp`.
    """
    require_cotangent(z, cotangent)
    return map_numbers_back(_tanh_vjp_loop, _tanh_vjp_threads, z, cotangent, out, least=PARALLEL_EXPONENTIALS)


@leaf
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


@leaf
def logistic_vjp_at(z, cotangent, L, k, x_0, one):
    """The gradient of a number, or of a vector of them."""
    s = elementary.sigmoid(k * (z - x_0))
    return cotangent * (L * k * (s * (one - s)))


@leaf
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


@leaf
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


@leaf
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


@leaf
def sigmoid_vjp_at(z, cotangent, one):
    """The gradient of a number, or of a vector of them."""
    f = elementary.sigmoid(z)
    return cotangent * (f * (one - f))


@leaf
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


@leaf
def tanh_vjp_at(z, cotangent, one):
    """The gradient of a number, or of a vector of them."""
    f = elementary.tanh(z)
    return cotangent * (one - f * f)


@leaf
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
