"""Special values are decided where the formula decides them: every answer of an equal form passes, and no other."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import reference
from reference import Undecidable, elementary, flatten, reshape
from reference.arrays import PADDING
from reference.numbers import Arithmetic, Node, Rounded
from tests.reference.support import convert, leaves

SINGLE = Arithmetic("float32")
NAN, INF = math.nan, math.inf


def rounded(value: Any) -> Any:
    return convert(lambda x: Rounded(x, SINGLE) if isinstance(x, float) else x, value)


def passes(bound: Any, came: float) -> bool:
    number = bound if isinstance(bound, Rounded) else Rounded(bound, SINGLE)
    return number.distance(came) <= number.error


def answers(bounds: Any, candidates: tuple[float, ...]) -> list[list[float]]:
    """For each element of a result those of the candidates that pass; NaN as None, so that lists can be compared."""
    return [[None if c != c else c for c in candidates if passes(bound, c)] for bound in leaves(bounds)]  # type: ignore[misc]


# A padding zero is no datum.


@pytest.mark.parametrize("special", [NAN, INF, -INF])
def test_what_a_filter_has_on_the_padding_may_be_multiplied_or_left_out(special: float):
    # Windows of three, one over each edge: 0·w₀ + 2·3 + 5·4, then 2·w₀ + 5·3 + 0·4.
    image, kernel = reshape([2.0, 5.0], (1, 1, 2, 1)), reshape([special, 3.0, 4.0], (1, 3, 1, 1))
    bounds = reference.conv2d(rounded(image), rounded(kernel), padding="same")
    [left_edge, right_edge] = answers(bounds, (NAN, 26.0, 6.0, 15.0, INF, -INF))
    assert left_edge == [None, 26.0]
    assert right_edge == [None if special != special else special]
    floats = flatten(reference.conv2d(image, kernel, padding="same"))
    assert math.isnan(floats[0])


@pytest.mark.parametrize("special", [NAN, INF])
def test_a_zero_of_the_image_is_a_datum(special: float):
    image, kernel = reshape([0.0, 5.0], (1, 1, 2, 1)), reshape([special, 3.0], (1, 2, 1, 1))
    assert answers(reference.conv2d(rounded(image), rounded(kernel)), (NAN, 15.0, 0.0)) == [[None]]


def test_nan_in_a_window_makes_its_output_nan_and_no_other():
    image, kernel = reshape([1.0, NAN, 2.0, 3.0], (1, 1, 4, 1)), reshape([1.0, 1.0], (1, 2, 1, 1))
    bounds = reference.conv2d(rounded(image), rounded(kernel))
    assert answers(bounds, (NAN, 1.0, 2.0, 5.0)) == [[None], [None], [5.0]]


def test_an_infinite_cotangent_on_the_padding_may_be_left_out():
    image, kernel = reshape([2.0, 5.0], (1, 1, 2, 1)), reshape([1.0, 3.0, 4.0], (1, 3, 1, 1))
    gradients = reference.conv2d_vjp(rounded(image), rounded(kernel), rounded([[[[INF], [1.0]]]]), padding="same")
    # d w₀ = ∞·padding + 1·2, d w₁ = ∞·2 + 1·5, d w₂ = ∞·5 + 1·padding.
    assert answers(gradients.filters, (NAN, 2.0, INF, 0.0)) == [[None, 2.0], [INF], [INF]]


def test_padding_beside_numbers_is_zero():
    assert (Rounded(3, SINGLE) * PADDING).error == 0
    assert (PADDING * Rounded(3, SINGLE)).is_zero
    assert (PADDING * Rounded(INF, SINGLE)).may_be_nan
    assert not (0 * Rounded(INF, SINGLE)).may_be_nan


# Which NaN wins.


@pytest.mark.parametrize("cells", [(NAN, 7.0, NAN, 1.0), (7.0, NAN, NAN, NAN)])
def test_any_nan_of_a_window_may_take_its_gradient(cells: tuple[float, ...]):
    images = reshape(list(cells), (1, 2, 2, 1))
    shares = reference.max_pool2d_vjp(rounded(images), [[[[Rounded(6, SINGLE)]]]])
    for cell, allowed in zip(cells, answers(shares, (0.0, 3.0, 6.0, -1.0, 7.0, NAN)), strict=True):
        assert allowed == ([0.0, 3.0, 6.0] if cell != cell else [0.0])
    first = [6.0 if place == cells.index(NAN) else 0.0 for place in range(4)]
    assert flatten(reference.max_pool2d_vjp(images, [[[[6.0]]]])) == first
    assert answers(reference.max_pool2d(rounded(images)), (NAN, 7.0, 1.0)) == [[None]]


def test_a_nan_that_is_alone_takes_all_of_its_gradient():
    images = reshape([1.0, NAN, 7.0, INF], (1, 2, 2, 1))
    shares = reference.max_pool2d_vjp(rounded(images), [[[[Rounded(6, SINGLE)]]]])
    assert answers(shares, (0.0, 6.0, 3.0)) == [[0.0], [6.0], [0.0], [0.0]]


# The slope at NaN.


def test_the_gradient_of_relu_at_nan_is_zero_or_nan_or_what_came():
    z, cotangent = rounded([NAN, NAN, 2.0, -2.0]), rounded([4.0, 0.0, 4.0, 4.0])
    candidates = (0.0, 4.0, NAN, -1.0, 5.0, INF)
    assert answers(reference.relu_vjp(z, cotangent), candidates) == [[0.0, 4.0, None], [0.0, None], [4.0], [0.0]]
    assert reference.relu_vjp([NAN], [4.0]) == [0]


def test_the_gradient_of_leaky_relu_at_nan_lies_between_its_slopes_or_is_nan():
    came = reference.leaky_relu_vjp(rounded([NAN]), rounded([4.0]), slope=0.25)
    assert answers(came, (1.0, 4.0, 2.5, NAN, 0.0, 5.0)) == [[1.0, 4.0, 2.5, None]]
    assert reference.leaky_relu_vjp([NAN], [4.0], slope=0.25) == [1.0]


@pytest.mark.parametrize("gradient", [NAN, INF])
def test_special_gradients_at_nan(gradient: float):
    came = reference.relu_vjp(rounded([NAN, 1.0, -1.0]), rounded([gradient] * 3))
    at_nan, kept, stopped = answers(came, (NAN, INF, 0.0, 1.0))
    assert {None, 0.0} <= set(at_nan)
    assert (kept, stopped) == ([None if gradient != gradient else INF], [0.0])


def test_activations_of_nan_are_nan():
    for function in (reference.relu, reference.leaky_relu, reference.sigmoid, reference.tanh):
        assert answers(function(rounded([NAN])), (NAN, 0.0, 1.0)) == [[None]]


# An infinite gradient through a difference.


@pytest.mark.parametrize("labels", [[1, 0, 0], [1.0, 0.0, 0.0], [0.5, 0.25, 0.25]])
@pytest.mark.parametrize("gradient", [INF, -INF])
def test_an_infinite_gradient_of_a_loss_may_be_multiplied_out(gradient: float, labels: Any):
    logits = [[0.0, 1.0, 2.0]]
    bounds = reference.softmax_cross_entropy_with_logits_vjp(rounded(logits), rounded([labels]), rounded([gradient]))
    # p - l: the probabilities are 0.09, 0.24 and 0.67.
    signs = [-1, 1 if labels[1] == 0 else -1, 1]
    for sign, allowed in zip(signs, answers(bounds, (NAN, INF, -INF, 0.0, 1.0)), strict=True):
        assert allowed == [None, sign * gradient]


def test_a_gradient_that_is_nan_stays_so():
    bounds = reference.softmax_cross_entropy_with_logits_vjp(rounded([[0.0, 1.0]]), [[1, 0]], rounded([NAN]))
    assert answers(bounds, (NAN, INF, 0.0)) == [[None], [None]]


def test_an_infinite_gradient_through_tanh_may_be_multiplied_out_and_one_through_a_product_may_not():
    assert answers(reference.tanh_vjp(rounded([0.5]), rounded([INF])), (NAN, INF, -INF, 0.0)) == [[None, INF]]
    assert answers(reference.tanh_vjp(rounded([INF]), rounded([3.0])), (NAN, 0.0, 3.0)) == [[0.0]]
    assert answers(reference.dense(rounded([[INF]]), rounded([[2.0]]), rounded([1.0])), (NAN, INF)) == [[INF]]


def test_only_the_infinity_is_multiplied_with_both_sides():
    infinite = Rounded(INF, SINGLE) - 3
    assert not (infinite * 2).may_be_nan
    assert not (2 * infinite).may_be_nan
    assert (infinite * (Rounded(5, SINGLE) - 3)).may_be_nan
    assert ((Rounded(5, SINGLE) - 0) * INF).may_be_nan
    assert not ((Rounded(5, SINGLE) + 3) * INF).may_be_nan


# A label of 0.


@pytest.mark.parametrize("zero", [0, 0.0])
def test_the_class_of_a_label_of_zero_may_be_left_out(zero: float):
    loss = reference.softmax_cross_entropy_with_logits(rounded([[1.0, -INF, 1.0]]), rounded([[1.0, zero, 0.0]]))
    log_of_two = math.log(2)
    assert answers(loss, (NAN, log_of_two, 0.0, INF)) == [[None, log_of_two]]
    assert math.isnan(reference.softmax_cross_entropy_with_logits([[1.0, -INF]], [[1.0, zero]])[0])


def test_a_labelled_class_that_is_impossible_costs_everything():
    loss = reference.softmax_cross_entropy_with_logits(rounded([[1.0, -INF]]), rounded([[0.5, 0.5]]))
    assert answers(loss, (INF, NAN, 1.0)) == [[INF]]


def test_nan_among_the_logits_makes_the_loss_nan_whatever_its_label():
    for labels in ([1.0, 0.0], [0.0, 1.0], [1, 0]):
        loss = reference.softmax_cross_entropy_with_logits(rounded([[NAN, 2.0]]), rounded([labels]))
        assert answers(loss, (NAN, 0.0)) == [[None]]


@pytest.mark.parametrize("zero", [0, 0.0])
@pytest.mark.parametrize("impossible", [NAN, -1.0, -INF])
def test_zero_times_a_logarithm_that_is_nan_is_zero_or_nan(zero: float, impossible: float):
    loss = reference.cross_entropy(rounded([[1.0, impossible]]), rounded([[1.0, zero]]))
    assert answers(loss, (0.0, NAN, 1.0, INF))[0] == [0.0, None]
    assert reference.cross_entropy([[1.0, impossible]], [[1.0, zero]]) == [0]
    labelled = reference.cross_entropy(rounded([[1.0, impossible]]), rounded([[0.5, 0.5]]))
    assert answers(labelled, (NAN, 0.0, INF)) == [[None]]


def test_zero_times_the_logarithm_of_zero_is_zero():
    for labels in ([1.0, 0.0], [1, 0]):
        loss = reference.cross_entropy(rounded([[1.0, 0.0]]), rounded([labels]))
        assert passes(loss[0], 0.0)
        assert not passes(loss[0], NAN)


def test_graphs_weigh_as_floats_do():
    assert elementary.weigh(2, Node(3.0)).value == 6
    assert math.isnan(elementary.weigh(Node(0.0), Node(INF)).value)


# What comes of a number that may be NaN.

OPEN = Rounded(INF, SINGLE) * PADDING + 2.0
OPERATIONS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "x + 1": (lambda x: x + 1, 3.0),
    "1 - x": (lambda x: 1 - x, -1.0),
    "3·x": (lambda x: 3 * x, 6.0),
    "x/4": (lambda x: x / 4, 0.5),
    "1/x": (lambda x: 1 / x, 0.5),
    "x + ∞": (lambda x: x + INF, INF),
    "x·-∞": (lambda x: x * -INF, -INF),
    "1/(x + ∞)": (lambda x: 1 / (x + INF), 0.0),
    "-(x + ∞)": (lambda x: -(x + INF), -INF),
    "exp of x - ∞": (lambda x: elementary.exp(x - INF), 0.0),
    "√(2·x)": (lambda x: elementary.sqrt(2 * x), 2.0),
    "max(x, 1)": (lambda x: x.maximum(1), 2.0),
    "max(x, 3)": (lambda x: x.maximum(3), 3.0),
    "max(3, x)": (lambda x: Rounded(3, SINGLE).maximum(x), 3.0),
    "max(x, ∞)": (lambda x: x.maximum(INF), INF),
    "x if x > 0 else x": (lambda x: x.where_positive(x, x), 2.0),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_may_be_nan_may_still_be_nan_afterwards(name: str):
    operation, value = OPERATIONS[name]
    came = operation(OPEN)
    assert answers(came, (NAN, value, 17.0)) == [[None, value]]
    assert came.undecided
    assert not passes(operation(Rounded(2, SINGLE)), NAN)


def test_with_nan_it_is_nan_for_sure():
    assert answers([OPEN + NAN, OPEN * NAN, OPEN.maximum(NAN)], (NAN, 2.0)) == [[None]] * 3
    assert not (OPEN + NAN).undecided


def test_what_may_be_nan_decides_no_comparison_and_no_share():
    with pytest.raises(Undecidable, match="may be NaN, too"):
        _ = OPEN > 1
    with pytest.raises(Undecidable):
        _ = OPEN == OPEN
    shares = OPEN.shares_of_largest([OPEN, 1, 5], Rounded(6, SINGLE))
    assert answers(shares, (0.0, 3.0, 6.0, 7.0)) == [[0.0, 3.0, 6.0], [0.0], [0.0, 3.0, 6.0]]


def test_a_choice_of_nan_or_a_number():
    nan, one, infinity = (Rounded(x, SINGLE) for x in (NAN, 1, INF))
    zero = Rounded(0, SINGLE)
    assert answers(zero.where_positive(nan, one), (NAN, 1.0, 0.5)) == [[None, 1.0]]
    assert answers(zero.where_positive(nan, nan), (NAN, 1.0)) == [[None]]
    assert answers(zero.where_positive(infinity, nan), (NAN, INF, 1.0)) == [[None, INF]]
    assert answers(zero.where_positive(infinity, infinity), (NAN, INF, 1.0)) == [[INF]]
    assert zero.where_positive(infinity, one).error == INF
