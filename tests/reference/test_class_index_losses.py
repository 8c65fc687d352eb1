"""Losses whose labels name a class: as rows with a single 1 would be, and what is said of bad indices."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given

import reference
from reference import InvalidArgument
from reference.numbers import Arithmetic, Rounded
from tests.reference.support import convert, few, leaves, random_fractions, seeds


@given(seeds)
@few
def test_a_label_that_names_a_class_is_a_row_with_a_single_1(seed):
    arithmetic, make = Arithmetic("float64"), random_fractions(seed)
    logits, cotangent = convert(lambda x: Rounded(x, arithmetic), make(3, 3)), make(3)
    labels, rows = [2, 0, 1], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    pairs = [
        (
            reference.sparse_softmax_cross_entropy_with_logits(logits, labels),
            reference.softmax_cross_entropy_with_logits(logits, rows),
        ),
        (
            reference.sparse_softmax_cross_entropy_with_logits_vjp(logits, labels, cotangent),
            reference.softmax_cross_entropy_with_logits_vjp(logits, rows, cotangent),
        ),
    ]
    for sparse, dense in pairs:
        for a, b in zip(leaves(sparse), leaves(dense), strict=True):
            assert abs(a.value - b.value) <= Fraction(a.error) + Fraction(b.error)


@pytest.mark.parametrize(
    ("labels", "got"),
    [([2], "2 among them"), ([-1], "-1 among them"), ([1.0], "1.0 among them"), ([True], "True among them")],
)
def test_a_label_that_names_no_class_says_so(labels, got):
    wanted = "^labels: wanted the index of a class, an integer from 0 to 1, for each example; got " + got + "$"
    with pytest.raises(InvalidArgument, match=wanted):
        reference.negative_log_likelihood([[0.0, 0.0]], labels)
    with pytest.raises(InvalidArgument, match=wanted):
        reference.sparse_softmax_cross_entropy_with_logits([[0.0, 0.0]], labels)


def test_one_label_belongs_to_each_example():
    with pytest.raises(InvalidArgument, match=r"^labels: wanted shape \[2\] for 2 examples; got shape \[1\]$"):
        reference.negative_log_likelihood([[0.0, 0.0]] * 2, [0])
