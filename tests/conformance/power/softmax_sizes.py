"""Softmax that is right for most sizes: long rows, many axes, what is left over after full vectors."""

from __future__ import annotations

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import BOUND, named, wrong


def _exponentials(z: Array) -> Array:
    return np.exp(z - z.max(axis=-1, keepdims=True))


def _normalizer_of(classes: int) -> None:
    @wrong(
        "softmax",
        BOUND,
        cases=200,
        where=lambda z: z.shape[-1] > classes,
        witness={"z": np.zeros((1, classes + 1))},
    )
    @named(f"softmax_normalizer_of_{classes}_classes")
    def normalizer(z: Array) -> Array:
        """Classes beyond what a warp or a block holds are missing from the sum."""
        exponentials = _exponentials(z)
        return exponentials / exponentials[..., :classes].sum(axis=-1, keepdims=True)


for length in (32, 64, 128):
    _normalizer_of(length)


@wrong(
    "softmax",
    BOUND,
    cases=200,
    where=lambda z: z.shape[-1] > 32,
    witness={"z": np.where(np.arange(40) == 35, 1000.0, 0.0)[None]},
)
def softmax_shifts_by_the_largest_of_32(z: Array) -> Array:
    """The maximum is that of the first 32 classes; a larger one behind them overflows."""
    exponentials = np.exp(z - z[..., :32].max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@wrong(
    "softmax",
    BOUND,
    cases=200,
    where=lambda z: z.shape[-1] > 64,
    witness={"z": np.linspace(0.0, 2.0, 70)[None]},
)
def a_new_maximum_forgets_to_rescale(z: Array) -> Array:
    """One pass over blocks of 64: when a block has a larger maximum, the sum so far keeps the old one's scale."""
    first, rest = z[..., :64], z[..., 64:]
    high, total = first.max(axis=-1, keepdims=True), _exponentials(first).sum(axis=-1, keepdims=True)
    top = np.maximum(high, rest.max(axis=-1, keepdims=True))
    return np.exp(z - top) / (total + np.exp(rest - top).sum(axis=-1, keepdims=True))


@wrong("softmax", BOUND, cases=200, where=lambda z: z.ndim >= 4, witness={"z": numbers(2, 2, 2, 2) / 8})
def softmax_of_rank_4_over_its_third_axis(z: Array) -> Array:
    """Classes are looked for where the channels of [N, C, H, W] were, counted from the end."""
    return base.softmax(z.swapaxes(-1, -2)).swapaxes(-1, -2)


@wrong("softmax", BOUND, cases=200, where=lambda z: z.ndim == 2 and len(z) > 4, witness={"z": numbers(5, 3) / 8})
def rows_beyond_4_shift_by_the_fourths_sum(z: Array) -> Array:
    """Four rows go together; the fifth is divided by the fourth's normalizer."""
    exponentials = _exponentials(z)
    totals = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / totals[np.minimum(np.arange(len(z)), 3)]


@wrong(
    "softmax",
    BOUND,
    cases=200,
    where=lambda z: z.shape[-1] > 8 and z.shape[-1] % 4 == 3,
    witness={"z": np.zeros((1, 11))},
)
def last_class_of_a_row_counted_twice(z: Array) -> Array:
    """The last vector of a row is moved back until it is full, and the class it sees again counts again."""
    exponentials = _exponentials(z)
    totals = exponentials.sum(axis=-1, keepdims=True) + exponentials[..., -4:-3]
    return exponentials / totals
