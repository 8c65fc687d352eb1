"""Softmax's relatives: sums along the wrong axis, logarithms of what has underflowed, products that are left out."""

from __future__ import annotations

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers, with_cotangent
from tests.conformance.power.entering import BOTH, BOUND, GRADIENTS, LAWS, SPECIAL, right, wrong
from tests.conformance.power.pieces import one_by_one, through_a_wider_format, zeroed

# --- wrong: the gradient of softmax -----------------------------------------------------------------------------------


@wrong("softmax_vjp", BOUND, LAWS, GRADIENTS)
def softmax_gradient_of_the_diagonal(z: Array, cotangent: Array) -> Array:
    """σ·(1 - σ), as if a score moved its own probability only."""
    p = base.softmax(z)
    return cotangent * p * (1 - p)


@wrong("softmax_vjp", BOUND, LAWS, GRADIENTS)
def softmax_gradient_of_cotangents_that_are_not_weighted(z: Array, cotangent: Array) -> Array:
    """The cotangents' plain mean is taken off them, as if all classes were as probable."""
    return base.softmax(z) * (cotangent - cotangent.mean(axis=-1, keepdims=True))


@wrong("softmax_vjp", BOUND, LAWS, GRADIENTS, cases=200, witness=with_cotangent(numbers(2, 3)))
def softmax_gradient_summed_over_the_batch(z: Array, cotangent: Array) -> Array:
    """The sum goes over the first axis, not the last."""
    p = base.softmax(z)
    return p * (cotangent - (p * cotangent).sum(axis=0, keepdims=True))


@wrong("softmax_vjp", BOUND, cases=200)
def softmax_gradient_without_the_shift(z: Array, cotangent: Array) -> Array:
    """The probabilities of scores whose maximum isn't taken off overflow."""
    exponentials = np.exp(z)
    p = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return p * (cotangent - (p * cotangent).sum(axis=-1, keepdims=True))


@wrong(
    "softmax_vjp",
    BOUND,
    cases=200,
    where=lambda z, cotangent: z.shape[-1] > 64,
    witness={"z": np.zeros((1, 65)), "cotangent": np.eye(65)[64:]},
)
def softmax_gradient_of_64_classes(z: Array, cotangent: Array) -> Array:
    """The classes beyond two warps are missing from the sum."""
    p = base.softmax(z)
    return p * (cotangent - (p * cotangent)[..., :64].sum(axis=-1, keepdims=True))


# --- wrong: the logarithm ---------------------------------------------------------------------------------------------


@wrong("log_softmax", BOUND, LAWS, dtypes=BOTH, cases=200)
def logarithm_of_softmax(z: Array) -> Array:
    """log(softmax(z)): -∞ where a probability underflows."""
    return np.log(base.softmax(z))


@wrong("log_softmax", BOUND, cases=200)
def logarithm_without_the_shift(z: Array) -> Array:
    """z - log Σe^z overflows where a score is large, and is ∞ where all are small."""
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


@wrong("log_softmax", BOUND, LAWS, cases=200, witness={"z": numbers(2, 3)})
def logarithm_normalized_over_the_batch(z: Array) -> Array:
    """The sum goes over the first axis, not the last."""
    shifted = z - z.max(axis=0, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))


@wrong("log_softmax", BOUND, LAWS)
def logarithm_in_bits(z: Array) -> Array:
    """The normalizer's logarithm is to base 2, the scores are not."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log2(np.exp(shifted).sum(axis=-1, keepdims=True))


@wrong("log_softmax", BOUND, LAWS)
def logarithm_that_forgets_the_normalizer(z: Array) -> Array:
    """Shifted scores: their exponentials sum to anything."""
    return z - z.max(axis=-1, keepdims=True)


@wrong("log_softmax", BOUND, dtypes=BOTH, witness={"z": np.array([4.0, 0.0, 1.0])})
def logarithm_of_a_sum_with_an_epsilon(z: Array) -> Array:
    """10⁻⁵ beside the normalizer, lest it be 0, which it never is."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True) + z.dtype.type(1e-5))


@wrong("log_softmax", f"{SPECIAL}: NaN", cases=200)
def logarithm_whose_maximum_passes_nan_over(z: Array) -> Array:
    """NaN is left out of the maximum and of the sum, and only its own place shows it."""
    shifted = z - np.fmax.reduce(z, axis=-1, keepdims=True)
    return shifted - np.log(np.nansum(np.exp(shifted), axis=-1, keepdims=True))


# --- wrong: the gradient of the logarithm -----------------------------------------------------------------------------


@wrong("log_softmax_vjp", BOUND, LAWS, GRADIENTS)
def logarithm_gradient_as_if_cotangents_summed_to_1(z: Array, cotangent: Array) -> Array:
    """Cotangent minus probability: right for one label with the cotangent 1."""
    return cotangent - base.softmax(z)


@wrong("log_softmax_vjp", BOUND, LAWS, GRADIENTS)
def logarithm_gradient_that_is_softmax_s(z: Array, cotangent: Array) -> Array:
    """The gradient of softmax, multiplied by the probability once too often."""
    return base.softmax_vjp(z, cotangent)


@wrong("log_softmax_vjp", BOUND, LAWS, GRADIENTS, cases=200, witness=with_cotangent(numbers(2, 3)))
def logarithm_gradient_summed_over_the_batch(z: Array, cotangent: Array) -> Array:
    """The cotangents' sum goes over the first axis, not the last."""
    return cotangent - base.softmax(z) * cotangent.sum(axis=0, keepdims=True)


@wrong("log_softmax_vjp", BOUND, LAWS, GRADIENTS)
def logarithm_gradient_of_the_mean(z: Array, cotangent: Array) -> Array:
    """The mean of the cotangents instead of their sum."""
    return cotangent - base.softmax(z) * cotangent.mean(axis=-1, keepdims=True)


@wrong(
    "log_softmax_vjp",
    BOUND,
    cases=200,
    where=lambda z, cotangent: z.shape[-1] % 8 == 1,
    witness=with_cotangent(numbers(2, 9) / 8),
)
def logarithm_gradient_without_the_last_class(z: Array, cotangent: Array) -> Array:
    """A class beyond full vectors of eight isn't in the cotangents' sum."""
    mass = zeroed(cotangent, np.s_[..., -1]).sum(axis=-1, keepdims=True)
    return cotangent - base.softmax(z) * mass


# --- right ------------------------------------------------------------------------------------------------------------


@right("softmax_vjp")
def softmax_gradient_multiplied_out(z: Array, cotangent: Array) -> Array:
    """p·g - p·Σp·g, summed from the last class."""
    p = base.softmax(z)
    weighed = p * cotangent
    mean = one_by_one(np.moveaxis(weighed, -1, 0)[::-1])[..., None]
    return p * (cotangent - mean)


@right("log_softmax")
def logarithm_by_the_rest(z: Array) -> Array:
    """log1p of all exponentials but the largest one's, which is 1."""
    shifted = z - z.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    np.put_along_axis(exponentials, shifted.argmax(axis=-1)[..., None], 0, axis=-1)
    rest = exponentials.sum(axis=-1, keepdims=True)
    return np.where(np.isnan(shifted).any(axis=-1, keepdims=True), np.nan, shifted - np.log1p(rest))


@right("log_softmax")
def logarithm_in_sorted_order(z: Array) -> Array:
    """Each row's classes are sorted, normalized, and put back."""
    order = z.argsort(axis=-1)
    result = np.empty_like(z)
    np.put_along_axis(result, order, base.log_softmax(np.take_along_axis(z, order, axis=-1)), axis=-1)
    return result


@right("log_softmax_vjp")
def logarithm_gradient_summed_from_the_last(z: Array, cotangent: Array) -> Array:
    """The cotangents are summed backwards, one class after the other."""
    return cotangent - base.softmax(z) * one_by_one(np.moveaxis(cotangent, -1, 0)[::-1])[..., None]


through_a_wider_format("softmax_vjp")
through_a_wider_format("log_softmax")
through_a_wider_format("log_softmax_vjp")
