"""What a tensor core makes of a warp's fragments, in the simulator: D = A·B + C for 16 × 8, 8 × 8 and 16 × 8 numbers.

Which lane holds which numbers is said in the PTX ISA, "Matrix Fragments for mma.m16n8k8". A and B are of TF32, C and D
of float32.

How a tensor core adds isn't documented. Measured was (Fasi, Higham, Mikaitis, Pranesh: "Numerical behavior of NVIDIA
tensor cores", 2021) that products are exact, that a few of them and a number of C are added at once, all aligned to the
largest and cut off below, and that the sum is cut off to float32. Here they are cut off to 24 bits, as on the oldest
GPUs (newer ones keep a bit or two more), and added four at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

#: The lanes of a warp that multiplies fragments, however few the simulated shuffles have.
LANES = 32
#: Of float32's bits, those that TF32 doesn't have.
DROPPED = 13
#: Products that are added at once, and the bits of what is added.
AT_ONCE, BITS = 4, 24
#: The exponent of the smallest float32.
SMALLEST = -149

GROUPS, MEMBERS = np.divmod(np.arange(LANES)[:, None], 4)
#: Rows and columns of a lane's numbers, first to last.
LEFT = GROUPS + np.array([0, 8, 0, 8]), MEMBERS + np.array([0, 0, 4, 4])
RIGHT = MEMBERS + np.array([0, 4]), GROUPS + np.array([0, 0])
SUMS = GROUPS + np.array([0, 0, 8, 8]), 2 * MEMBERS + np.array([0, 1, 0, 1])


def rounded_to_tf32(number: Any) -> np.float32:
    """A float32 to the nearest of TF32, of two the one farther from zero, as `cvt.rna.tf32` has it."""
    single = np.float32(number)
    if not np.isfinite(single):
        return single
    bits = single.view(np.uint32) + np.uint32(1 << (DROPPED - 1))
    return np.uint32(bits >> DROPPED << DROPPED).view(np.float32)


def multiplied(fragments: Sequence[tuple[Sequence[Any], ...]]) -> list[tuple[np.float32, ...]]:
    """What each lane of a warp gets for what all of them bring: of A four numbers, of B two, of C four."""
    left, right, sums = (np.array(part, np.float32) for part in zip(*fragments, strict=True))
    require_tf32(left)
    require_tf32(right)
    a, b, c = np.empty((16, 8)), np.empty((8, 8)), np.empty((16, 8), np.float32)
    a[LEFT], b[RIGHT], c[SUMS] = left, right, sums
    with np.errstate(all="ignore"):
        for first in range(0, 8, AT_ONCE):
            some = slice(first, first + AT_ONCE)
            products = a[:, None, some] * b.T[None, :, some]
            c = added_at_once(np.concatenate([products, c[..., None]], -1))
    return [tuple(numbers) for numbers in c[SUMS]]


def require_tf32(numbers: np.ndarray) -> None:
    """Raise where a GPU may do anything: numbers with bits that TF32 doesn't have."""
    wrong = (numbers.view(np.uint32) % (1 << DROPPED) != 0) & ~np.isnan(numbers)
    if wrong.any():
        raise ValueError(f"a tensor core was given {numbers[wrong][0]!r}, which is not rounded to TF32")


def added_at_once(terms: np.ndarray) -> np.ndarray:
    """Sums over the last axis, of exact terms, to float32."""
    _, exponents = np.frexp(np.abs(terms).max(-1, keepdims=True))
    units = np.ldexp(1.0, np.maximum(exponents - BITS, SMALLEST))
    exact = np.trunc(terms / units).sum(-1, keepdims=True) * units
    _, exponents = np.frexp(exact)
    units = np.ldexp(1.0, np.maximum(exponents - BITS, SMALLEST))
    finite = np.isfinite(terms).all(-1)
    return np.where(finite, (np.trunc(exact / units) * units)[..., 0], terms.sum(-1)).astype(np.float32)
