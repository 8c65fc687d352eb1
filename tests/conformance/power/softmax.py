"""Softmax: overflow, the wrong axis, a normalizer that isn't the sum of all."""

from __future__ import annotations

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BOTH, BOUND, LAWS, WORKED, right, wrong
from tests.conformance.power.pieces import one_by_one, through_a_wider_format, wider

# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("softmax", BOUND, dtypes=BOTH)
def softmax_without_the_shift(z: Array) -> Array:
    """The exponentials overflow, and ∞/∞ is NaN."""
    exponentials = np.exp(z)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@wrong("softmax", WORKED, BOUND, LAWS)
def softmax_over_the_wrong_axis(z: Array) -> Array:
    """Columns sum to 1, rows don't."""
    return np.ascontiguousarray(base.softmax(np.ascontiguousarray(z.T)).T)


@wrong("softmax", BOUND, LAWS)
def softmax_over_the_whole_batch(z: Array) -> Array:
    """One normalizer for all rows."""
    exponentials = np.exp(z - z.max())
    return exponentials / exponentials.sum()


@wrong("softmax", BOUND, cases=200)
def softmax_normalizer_stops_at_16(z: Array) -> Array:
    """Classes beyond a vector's lanes are missing from the sum."""
    exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
    return exponentials / exponentials[..., :16].sum(axis=-1, keepdims=True)


@wrong("softmax", BOUND, dtypes=BOTH)
def softmax_off_by_a_two_thousandth(z: Array) -> Array:
    """Every probability is 1.0005 times what it should be."""
    return base.softmax(z) * z.dtype.type(1.0005)


# --- right ------------------------------------------------------------------------------------------------------------


def _exponentials(z: Array) -> Array:
    return np.exp(z - z.max(axis=-1, keepdims=True))


@right("softmax")
def softmax_times_the_reciprocal(z: Array) -> Array:
    """One division for each row; each product then costs as much as the quotient it replaces, and one rounding more."""
    wide = wider(z.dtype)
    exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
    return (exponentials * (1 / exponentials.sum(axis=-1, keepdims=True, dtype=wide))).astype(z.dtype)


@right("softmax")
def softmax_summed_from_the_last_class(z: Array) -> Array:
    """One class after the other, backwards."""
    exponentials = _exponentials(z)
    return exponentials / one_by_one(np.moveaxis(exponentials, -1, 0)[::-1])[..., None]


@right("softmax")
def softmax_of_two_passes_in_blocks_of_5(z: Array) -> Array:
    """The maximum of the blocks' maxima, then the sum of the blocks' sums."""
    starts = range(0, z.shape[-1], 5)
    high = np.max([z[..., start : start + 5].max(axis=-1, keepdims=True) for start in starts], axis=0)
    sums = [np.exp(z[..., start : start + 5] - high).sum(axis=-1, keepdims=True) for start in starts]
    return np.exp(z - high) / one_by_one(np.array(sums))


@right("softmax")
def softmax_row_by_row_in_sorted_order(z: Array) -> Array:
    """Each row's classes are sorted, normalized, and put back."""
    order = z.argsort(axis=-1)
    result = np.empty_like(z)
    np.put_along_axis(result, order, base.softmax(np.take_along_axis(z, order, axis=-1)), axis=-1)
    return result


@right("softmax")
def softmax_of_a_normalizer_in_the_wider_format(z: Array) -> Array:
    """Only the sum is made in the next wider format."""
    exponentials = _exponentials(z)
    return exponentials / exponentials.sum(axis=-1, keepdims=True, dtype=wider(z.dtype)).astype(z.dtype)


through_a_wider_format("softmax")
