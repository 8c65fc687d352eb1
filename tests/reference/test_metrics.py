"""Metrics: against counting one example after the other, what 0/0 is, and what is said of bad input."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from tests.reference.support import many, seeds


def drawn(seed: int, classes: int, count: int = 12) -> tuple[list[int], list[int]]:
    random = Random(seed)
    predictions, labels = ([random.randrange(classes) for _ in range(count)] for _ in range(2))
    return predictions, labels


@given(seeds, st.integers(1, 5))
@many
def test_metrics_are_what_counting_says(seed, classes):
    predictions, labels = drawn(seed, classes)
    pairs = list(zip(predictions, labels, strict=True))
    confusion = reference.confusion_matrix(predictions, labels, classes=classes)
    exact = [[Fraction(count) for count in row] for row in confusion]
    assert reference.accuracy(exact) == Fraction(sum(p == y for p, y in pairs), len(pairs))
    precisions, recalls = reference.precision(exact), reference.recall(exact)
    for k in range(classes):
        assert [confusion[k][j] for j in range(classes)] == [pairs.count((k, j)) for j in range(classes)]
        right, predicted, occurring = pairs.count((k, k)), predictions.count(k), labels.count(k)
        assert precisions[k] == (Fraction(right, predicted) if predicted else 0)
        assert recalls[k] == (Fraction(right, occurring) if occurring else 0)
        missed = predicted + occurring - 2 * right
        assert reference.f_score(exact)[k] == (Fraction(2 * right, 2 * right + missed) if right else 0)
    for metric in (reference.precision, reference.recall, reference.f_score):
        assert metric(exact, average="macro") * classes == sum(metric(exact))
        assert metric(exact, average="micro") == reference.accuracy(exact)


def test_two_classes_are_named_as_on_the_slide():
    (tp, fp), (fn, tn) = confusion = [[Fraction(7), Fraction(2)], [Fraction(3), Fraction(11)]]
    p, r = reference.precision(confusion)[0], reference.recall(confusion)[0]
    assert p == tp / (tp + fp)
    assert r == tp / (tp + fn)
    assert reference.f_score(confusion)[0] == 2 * p * r / (p + r)
    assert reference.f_score(confusion, beta=2)[0] == 5 * p * r / (4 * p + r)
    assert reference.accuracy(confusion) == (tp + tn) / (tp + fp + tn + fn)


def test_nothing_of_nothing_is_0():
    nothing = [[0, 0], [0, 0]]
    assert reference.accuracy(nothing) == 0
    for metric in (reference.precision, reference.recall, reference.f_score):
        assert metric(nothing) == [0, 0]
        assert metric(nothing, average="micro") == metric(nothing, average="macro") == 0
    never_predicted = [[0, 0], [3, 5]]
    assert reference.precision(never_predicted) == [0, 0.625]
    assert reference.recall(never_predicted) == [0, 1]
    assert reference.f_score(never_predicted, beta=0) == [0, 0.625]


def test_examples_count_their_weights():
    assert reference.confusion_matrix([0, 1, 1], [1, 1, 1], [2, Fraction(1, 2), 4], classes=2) == [
        [0, 2],
        [0, Fraction(9, 2)],
    ]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([0, 2], [0, 1]), {"classes": 2}, "predictions: wanted integers from 0 to 1; got 2 among them"),
        (([0, 1], [0, -1]), {"classes": 2}, "labels: wanted integers from 0 to 1; got -1 among them"),
        (([0, 1], [0, 0.5]), {"classes": 2}, "labels: wanted integers from 0 to 1; got 0.5 among them"),
        (([0, 1], [0]), {"classes": 2}, r"labels: wanted shape \[2\] for 2 predictions; got shape \[1\]"),
        (([0], [0], [1, 1]), {"classes": 2}, r"weights: wanted shape \[1\] for 1 predictions; got shape \[2\]"),
        (([0], [0]), {"classes": 0}, "classes: wanted a positive integer; got 0"),
    ],
)
def test_what_cannot_be_counted_is_refused(arguments, options, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.confusion_matrix(*arguments, **options)


@pytest.mark.parametrize("metric", [reference.accuracy, reference.precision, reference.recall, reference.f_score])
def test_a_confusion_matrix_is_square(metric):
    with pytest.raises(InvalidArgument, match=r"^confusion: wanted as many rows as columns"):
        metric([[1, 2]])


def test_averages_and_betas_that_there_are_not_are_refused():
    for metric in (reference.precision, reference.recall, reference.f_score):
        with pytest.raises(InvalidArgument, match=r"^average: wanted 'none' or 'macro' or 'micro'; got 'weighted'$"):
            metric([[1]], average="weighted")
    with pytest.raises(InvalidArgument, match=r"^beta: wanted a number of at least 0; got -1$"):
        reference.f_score([[1]], beta=-1)
