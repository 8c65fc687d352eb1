"""Activation functions that are right for most sizes: tails of vectors, ranks, long rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers, with_cotangent
from tests.conformance.power.entering import BOUND, LATTICE, named, wrong
from tests.conformance.power.pieces import copied, last_of, rounded_to, zeroed

# --- elementwise ------------------------------------------------------------------------------------------------------


def _relu_tail(vector: int, most: int) -> None:
    @wrong(
        "relu",
        LATTICE,
        cases=200,
        where=lambda z: z.size > vector and 0 < z.size % vector <= most,
        witness={"z": -np.arange(1.0, vector + 2)},
    )
    @named(f"relu_after_vectors_of_{vector}_is_a_copy")
    def relu_tail(z: Array) -> Array:
        """The last number after full vectors passes as it is."""
        return copied_last(base.relu(z), z)


def copied_last(result: Array, z: Array) -> Array:
    changed = result.copy()
    changed[last_of(z)] = z[last_of(z)]
    return changed


for length, left_over in ((16, 1), (64, 1), (1024, 1023), (4096, 4095)):
    _relu_tail(length, left_over)


@wrong(
    "relu", LATTICE, cases=200, where=lambda z: z.size > 1000 and z.size % 4 > 0, witness={"z": np.arange(1.0, 1003.0)}
)
def numbers_that_4_threads_leave_over_are_0(z: Array) -> Array:
    """Large arrays are divided between threads, and what is left over nobody takes."""
    result = base.relu(z)
    return zeroed(result.ravel(), np.s_[z.size - z.size % 4 :]).reshape(z.shape)


@wrong("relu", LATTICE, cases=200, where=lambda z: z.ndim == 4 and z.shape[3] > 1, witness={"z": -numbers(2, 2, 2, 2)})
def relu_of_images_clips_the_first_channel(z: Array) -> Array:
    """Of images [N, H, W, C] every C-th number is looked at."""
    return np.concatenate([base.relu(z[..., :1]), z[..., 1:]], axis=3)


@wrong("relu", LATTICE, cases=200, where=lambda z: z.ndim >= 5, witness={"z": -numbers(2, 1, 1, 1, 2)})
def relu_of_rank_5_stops_after_the_first_part(z: Array) -> Array:
    """Loops over four axes, and the fifth one's beginning."""
    return np.concatenate([base.relu(z[:1]), z[1:]])


@wrong(
    "relu_vjp",
    LATTICE,
    cases=200,
    where=lambda z, cotangent: z.size > 1024,
    witness=with_cotangent(np.arange(1.0, 1026.0)),
)
def relu_gradient_of_1024_numbers(z: Array, cotangent: Array) -> Array:
    """A block of threads works on its 1024 numbers, and no other block is started."""
    result = base.relu_vjp(z, cotangent)
    return zeroed(result.ravel(), np.s_[1024:]).reshape(z.shape)


@wrong(
    "relu_vjp",
    LATTICE,
    cases=200,
    where=lambda z, cotangent: z.size > 8 and z.size % 8 == 7,
    witness=with_cotangent(np.where(np.arange(15) == 14, -1.0, 1.0)),
)
def mask_of_the_last_vector_reads_the_one_before(z: Array, cotangent: Array) -> Array:
    """Masks are kept as bits, eight a byte, and the last byte's are shifted by one."""
    flat = z.ravel()
    return base.relu_vjp(copied(flat, -1, -2).reshape(z.shape), cotangent)


@wrong(
    "leaky_relu",
    LATTICE,
    cases=200,
    where=lambda z, slope=0.01: z.size > 32 and z.size % 32 > 0,
    witness={"z": -np.arange(1.0, 34.0), "slope": 0.5},
)
def leaky_relu_after_full_vectors_leaks_nothing(z: Array, *, slope: Any = 0.01) -> Array:
    """The loop over what is left is relu's."""
    flat, tail = base.leaky_relu(z, slope=slope).ravel(), z.size // 32 * 32
    flat[tail:] = base.relu(z.ravel()[tail:])
    return flat.reshape(z.shape)


@wrong(
    "leaky_relu_vjp",
    LATTICE,
    cases=200,
    where=lambda z, cotangent, slope=0.01: z.ndim > 3,
    witness={**with_cotangent(-np.abs(numbers(1, 2, 1, 2))), "slope": 0.5},
)
def leaky_relu_gradient_of_rank_4_leaks_a_hundredth(z: Array, cotangent: Array, *, slope: Any = 0.01) -> Array:
    """The slope isn't passed on to the path for images."""
    return base.leaky_relu_vjp(z, cotangent)


def _coarse_tail(operation: str, vector: int, bits: int, witness: Any) -> None:
    @wrong(operation, BOUND, cases=200, where=lambda z, *_: z.size > vector and z.size % vector > 0, witness=witness)
    @named(f"{operation}_after_vectors_of_{vector}_in_{bits}_bits")
    def coarse_tail(z: Array, *cotangent: Array) -> Array:
        """What is left after full vectors goes through another, poorer function."""
        flat, tail = getattr(base, operation)(z, *cotangent).ravel(), z.size // vector * vector
        flat[tail:] = rounded_to(bits, flat[tail:])
        return flat.reshape(z.shape)


ROW = np.linspace(-2.0, 0.3, 33)

_coarse_tail("sigmoid", 4, 12, {"z": ROW})
_coarse_tail("tanh", 16, 14, {"z": ROW})
_coarse_tail("sigmoid_vjp", 8, 12, with_cotangent(ROW))
_coarse_tail("tanh_vjp", 32, 16, with_cotangent(ROW))
