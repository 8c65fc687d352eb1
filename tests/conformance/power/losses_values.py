"""Losses that are right for most labels and logits, and for most numbers of classes and examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import loss_call, numbers, one_hot
from tests.conformance.power.entering import BOTH, BOUND, FLOAT64, LAWS, SPECIAL, wrong
from tests.conformance.power.pieces import rounded_to, zeroed

LOGITS = numbers(3, 4) / 8
#: Labels that sum to 3/2, 1/2 and 1.
UNEVEN = np.array([[1.0, 0.5, 0.0, 0.0], [0.0, 0.25, 0.25, 0.0], [0.0, 0.0, 0.0, 1.0]])
PROBABILITIES = np.array([[0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25], [0.125, 0.125, 0.25, 0.5]])


def _weighted(labels: Array) -> bool:
    return bool((labels.sum(axis=-1) != 1).any())


# --- labels -----------------------------------------------------------------------------------------------------------


@wrong("cross_entropy", BOUND, LAWS, cases=200, witness={"probabilities": PROBABILITIES, "labels": UNEVEN})
def labels_normalized(probabilities: Array, labels: Array) -> Array:
    """Labels are made to sum to 1, which nobody asked for."""
    totals = labels.sum(axis=-1, keepdims=True)
    return base.cross_entropy(probabilities, labels / np.where(totals == 0, 1, totals))


@wrong("cross_entropy", BOUND, cases=200, witness={"probabilities": PROBABILITIES, "labels": UNEVEN})
def only_the_largest_label_counts(probabilities: Array, labels: Array) -> Array:
    """A label is taken for a class: the first with the largest share."""
    largest = np.arange(labels.shape[1]) == labels.argmax(axis=-1)[:, None]
    return base.cross_entropy(probabilities, np.where(largest, labels, 0))


@wrong("cross_entropy", BOUND, cases=200, witness={"probabilities": PROBABILITIES, "labels": UNEVEN / 2})
def labels_of_a_half_round_to_0(probabilities: Array, labels: Array) -> Array:
    """Labels are cast to integers on the way, unless all are whole."""
    return base.cross_entropy(probabilities, np.where(labels <= 1 / 4, 0, labels))


@wrong("cross_entropy", BOUND, LAWS, cases=200, witness={"probabilities": PROBABILITIES, "labels": one_hot(3, 4)})
def labels_smoothed(probabilities: Array, labels: Array) -> Array:
    """A hundredth of every label goes to all classes, as the training recipe said."""
    share = labels.dtype.type(0.01)
    return base.cross_entropy(probabilities, labels * (1 - share) + share / labels.shape[1])


@wrong(
    "softmax_cross_entropy_with_logits",
    BOUND,
    cases=200,
    where=lambda logits, labels: _weighted(labels),
    witness=loss_call(LOGITS, UNEVEN),
)
def normalizer_once_for_all_labels(logits: Array, labels: Array) -> Array:
    """log Σe^z - Σyz is the loss of labels that sum to 1, and of no others."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=-1)) - (labels * shifted).sum(axis=-1)


@wrong(
    "softmax_cross_entropy_with_logits_vjp",
    BOUND,
    cases=200,
    where=lambda logits, labels, cotangent: _weighted(labels),
    witness={**loss_call(LOGITS, UNEVEN), "cotangent": np.ones(3)},
)
def prediction_minus_labels_of_any_sum(logits: Array, labels: Array, cotangent: Array) -> Array:
    """What comes back is prediction minus label: if labels sum to 1."""
    return cotangent[:, None] * (base.softmax(logits) - labels)


@wrong(
    "softmax_cross_entropy_with_logits_vjp",
    BOUND,
    cases=200,
    where=lambda logits, labels, cotangent: bool((labels == 0).all(axis=-1).any()),
    witness={**loss_call(LOGITS, zeroed(UNEVEN, 1)), "cotangent": np.ones(3)},
)
def an_unlabelled_example_has_a_gradient(logits: Array, labels: Array, cotangent: Array) -> Array:
    """An example without a label, which is to be left out, pulls all its logits down."""
    totals = labels.sum(axis=-1, keepdims=True)
    return cotangent[:, None] * (base.softmax(logits) * np.where(totals == 0, 1, totals) - labels)


# --- values -----------------------------------------------------------------------------------------------------------


@wrong(
    "softmax_cross_entropy_with_logits",
    BOUND,
    cases=200,
    where=lambda logits, labels: bool((logits.max(axis=-1) - logits.min(axis=-1) > 60).any()),
    witness=loss_call(np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]])),
)
def loss_never_above_64(logits: Array, labels: Array) -> Array:
    """Probabilities are kept above e⁻⁶⁴ for the logarithm's sake, as Paddle keeps them."""
    probabilities = np.maximum(base.softmax(logits), np.exp(logits.dtype.type(-64)))
    return base.cross_entropy(probabilities, labels)


@wrong(
    "softmax_cross_entropy_with_logits",
    BOUND,
    cases=200,
    where=lambda logits, labels: bool(np.abs(logits).max() > 50),
    witness=loss_call(np.array([[1000.0, 1000.5, 999.25]])),
)
def large_logits_in_16_bits(logits: Array, labels: Array) -> Array:
    """Logits beyond 50 are divided by 8 in float16's range, and only what is left of them compared."""
    coarse = (logits / 64).astype(np.float16).astype(logits.dtype) * 64
    return base.softmax_cross_entropy_with_logits(coarse, labels)


@wrong(
    "softmax_cross_entropy_with_logits_vjp",
    BOUND,
    cases=200,
    where=lambda logits, labels, cotangent: bool(np.abs(logits).max() > 500),
    witness={**loss_call(np.array([[1000.0, 1000.0 + 2.0**-8, 999.75]])), "cotangent": np.ones(1)},
)
def gradient_of_an_offset_in_16_bits(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Logits around 1000 that differ by little: 16 bits keep the offset, and lose what differs."""
    return base.softmax_cross_entropy_with_logits_vjp(rounded_to(16, logits), labels, cotangent)


@wrong(
    "softmax_cross_entropy_with_logits",
    BOUND,
    dtypes=BOTH,
    cases=200,
    witness=loss_call(np.array([[4.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]])),
)
def loss_with_an_epsilon_in_the_logarithm(logits: Array, labels: Array) -> Array:
    """10⁻⁵ beside the normalizer, lest it be 0, which it never is."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    normalizer = np.log(np.exp(shifted).sum(axis=-1, keepdims=True) + logits.dtype.type(1e-5))
    return (labels * (normalizer - shifted)).sum(axis=-1)


@wrong(
    "softmax_cross_entropy_with_logits",
    BOUND,
    cases=200,
    witness=loss_call(np.array([[3.0, 3.0, 1.0]]), np.array([[0.0, 1.0, 0.0]])),
)
def loss_of_leading_logits_that_tie(logits: Array, labels: Array) -> Array:
    """The normalizer is 1 for the maximum plus the exponentials of all that is smaller."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    smaller = np.where(shifted < 0, np.exp(shifted), 0).sum(axis=-1, keepdims=True)
    return (labels * (np.log1p(smaller) - shifted)).sum(axis=-1)


@wrong(
    "cross_entropy",
    BOUND,
    cases=200,
    witness={"probabilities": np.array([[1e-13, 0.5]]), "labels": np.array([[1.0, 0.0]])},
)
def logarithm_with_an_epsilon(probabilities: Array, labels: Array) -> Array:
    """10⁻¹² is added to every probability, lest one be 0."""
    return base.cross_entropy(probabilities + probabilities.dtype.type(1e-12), labels)


@wrong(
    "cross_entropy",
    f"{SPECIAL}: subnormal",
    cases=200,
    witness={"probabilities": np.array([[1e-40, 0.5]]), "labels": np.array([[1.0, 0.0]])},
)
def logarithm_of_a_subnormal_is_infinite(probabilities: Array, labels: Array) -> Array:
    """A logarithm by exponent and significand, which a subnormal number doesn't have as others do."""
    return base.cross_entropy(np.where(probabilities < np.finfo(probabilities.dtype).tiny, 0, probabilities), labels)


@wrong(
    "cross_entropy",
    BOUND,
    dtypes=FLOAT64,
    cases=200,
    witness={"probabilities": PROBABILITIES / 3, "labels": one_hot(3, 4)},
)
def logarithm_with_a_float32_constant(probabilities: Array, labels: Array) -> Array:
    """log₂p·ln 2, where ln 2 has the digits of float32."""
    logarithms = np.log2(probabilities) * np.float64(np.float32(np.log(2)))
    return -np.where(labels == 0, 0, labels * logarithms).sum(axis=-1)


@wrong(
    "cross_entropy",
    BOUND,
    cases=200,
    where=lambda probabilities, labels: bool((probabilities > 0.75).any()),
    witness={"probabilities": np.array([[0.875, 0.125]]), "labels": np.array([[1.0, 0.0]])},
)
def logarithm_near_1_of_two_terms(probabilities: Array, labels: Array) -> Array:
    """log p ≈ (p - 1) - (p - 1)²/2 where p is above 3/4."""
    below = probabilities - 1
    logarithms = np.where(probabilities > 0.75, below - below * below / 2, np.log(probabilities))
    return -np.where(labels == 0, 0, labels * logarithms).sum(axis=-1)


# --- sizes ------------------------------------------------------------------------------------------------------------


@wrong(
    "softmax_cross_entropy_with_logits",
    BOUND,
    cases=200,
    where=lambda logits, labels: logits.shape[1] > 32,
    witness=loss_call(np.zeros((1, 33))),
)
def loss_normalized_over_32_classes(logits: Array, labels: Array) -> Array:
    """Classes beyond a warp's lanes are missing from the normalizer."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return (labels * (np.log(np.exp(shifted[:, :32]).sum(axis=-1, keepdims=True)) - shifted)).sum(axis=-1)


@wrong(
    "cross_entropy",
    BOUND,
    cases=200,
    where=lambda probabilities, labels: probabilities.shape[1] > 16,
    witness={"probabilities": np.full((1, 17), 1 / 16), "labels": np.full((1, 17), 1 / 16)},
)
def classes_beyond_16_cost_nothing(probabilities: Array, labels: Array) -> Array:
    """The seventeenth class is not summed."""
    return base.cross_entropy(probabilities[:, :16], labels[:, :16])


@wrong(
    "cross_entropy",
    BOUND,
    cases=200,
    where=lambda probabilities, labels: len(probabilities) > 8,
    witness={"probabilities": np.full((9, 2), 0.5), "labels": one_hot(9, 2)},
)
def examples_beyond_8_cost_nothing(probabilities: Array, labels: Array) -> Array:
    """Losses of examples beyond a vector are left unwritten."""
    return zeroed(base.cross_entropy(probabilities, labels), np.s_[8:])


@wrong(
    "softmax_cross_entropy_with_logits_vjp",
    BOUND,
    cases=200,
    where=lambda logits, labels, cotangent: len(logits) > 4,
    witness={**loss_call(numbers(5, 2) / 8), "cotangent": np.arange(1.0, 6.0)},
)
def cotangents_beyond_4_repeat_the_fourth(logits: Array, labels: Array, cotangent: Array) -> Any:
    """Four cotangents are loaded, and the last one stays in its register."""
    clamped = cotangent[np.minimum(np.arange(len(cotangent)), 3)]
    return base.softmax_cross_entropy_with_logits_vjp(logits, labels, clamped)


@wrong(
    "softmax_cross_entropy_with_logits_vjp",
    BOUND,
    cases=200,
    where=lambda logits, labels, cotangent: logits.shape[1] > 8,
    witness={**loss_call(numbers(1, 9) / 8, np.full((1, 9), 1 / 8)), "cotangent": np.ones(1)},
)
def labels_beyond_8_have_no_weight(logits: Array, labels: Array, cotangent: Array) -> Any:
    """The labels' total is that of the first eight classes."""
    totals = labels[:, :8].sum(axis=-1, keepdims=True)
    return cotangent[:, None] * (base.softmax(logits) * totals - labels)
