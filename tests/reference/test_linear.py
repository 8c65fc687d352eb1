"""The dense layer against sums written out by index, products, flat arrays, labels; and what is said of bad input."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from tests.reference.support import inner_product, many, random_fractions, seeds

sizes = st.integers(1, 4)


@given(seeds, sizes, sizes, sizes)
@many
def test_every_output_is_the_weighted_sum_of_its_row(seed, examples, features, units):
    make = random_fractions(seed)
    inputs, weights, bias = make(examples, features), make(features, units), make(units)
    came = reference.dense(inputs, weights, bias)
    for n, j in itertools.product(range(examples), range(units)):
        wanted = bias[j]
        for i in range(features):
            wanted += inputs[n][i] * weights[i][j]
        assert came[n][j] == wanted


@given(seeds, sizes, sizes, sizes)
@many
def test_what_a_layer_does_to_a_change_its_gradient_undoes(seed, examples, features, units):
    # ⟨y(x + d) - y(x), c⟩ = ⟨d, vjp(c)⟩, exactly, since the layer is affine in each argument.
    make = random_fractions(seed)
    arguments = make(examples, features), make(features, units), make(units)
    cotangent, start = make(examples, units), reference.dense(*arguments)
    for which, gradient in enumerate(reference.dense_vjp(*arguments, cotangent)):
        change = make(*reference.shape(arguments[which]))
        moved = list(arguments)
        moved[which] = reference.reshape(
            [x + d for x, d in zip(reference.flatten(moved[which]), reference.flatten(change), strict=True)],
            reference.shape(change),
        )
        difference = inner_product(reference.dense(*moved), cotangent) - inner_product(start, cotangent)
        assert difference == inner_product(change, gradient)


GOOD = ([[1, 2]], [[1, 2, 3], [4, 5, 6]], [0, 0, 0])


@pytest.mark.parametrize(
    ("place", "bad", "message"),
    [
        (0, [1, 2], r"inputs: wanted a nested list of numbers \[N, D\]; got shape \[2\]"),
        (0, [["1", "2"]], r"inputs: wanted a nested list of numbers \[N, D\]; got '1' inside"),
        (0, [[]], r"inputs: wanted a nested list of numbers \[N, D\], none of them empty; got an empty list"),
        (0, ((1, 2),), r"inputs: wanted a nested list of numbers \[N, D\]; got tuple"),
        (1, [[1, 2, 3]], r"weights: wanted shape \[2, 3\] for inputs with 2 features; got shape \[1, 3\]"),
        (1, [1, 2], r"weights: wanted a nested list of numbers \[D, H\]; got shape \[2\]"),
        (2, [0, 0], r"bias: wanted shape \[3\] for 3 units; got shape \[2\]"),
        (2, 0, r"bias: wanted a nested list of numbers \[H\]; got int"),
    ],
)
def test_bad_arguments_say_what_was_wanted_and_what_came(place, bad, message):
    arguments = [*GOOD[:place], bad, *GOOD[place + 1 :]]
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.dense(*arguments)
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.dense_vjp(*arguments, [[1, 1, 1]])


def test_a_cotangent_has_the_shape_of_the_output():
    with pytest.raises(
        InvalidArgument, match=r"^cotangent: wanted shape \[1, 3\] of the layer's output; got shape \[1, 2\]$"
    ):
        reference.dense_vjp(*GOOD, [[1, 1]])


@given(seeds, sizes, sizes, sizes)
@many
def test_a_matrix_product_is_a_layer_without_a_bias(seed, rows, depth, columns):
    make = random_fractions(seed)
    a, b, cotangent = make(rows, depth), make(depth, columns), make(rows, columns)
    assert reference.matrix_product(a, b) == reference.dense(a, b, [0] * columns)
    gradients = reference.matrix_product_vjp(a, b, cotangent)
    layer = reference.dense_vjp(a, b, [0] * columns, cotangent)
    assert gradients == (layer.inputs, layer.weights)
    assert gradients._fields == ("a", "b")


@given(seeds, sizes, sizes, sizes, sizes)
@many
def test_matrix_products_are_associative(seed, rows, depth, width, columns):
    make = random_fractions(seed)
    a, b, c = make(rows, depth), make(depth, width), make(width, columns)
    product = reference.matrix_product
    assert product(product(a, b), c) == product(a, product(b, c))


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1, 2], [[1]], r"a: wanted a nested list of numbers \[N, K\]; got shape \[2\]"),
        ([[1, 2]], [[1, 2]], r"b: wanted shape \[2, 2\] for a matrix with 2 columns before it; got shape \[1, 2\]"),
        ([[1]], [[]], r"b: wanted a nested list of numbers \[K, M\], none of them empty; got an empty list"),
    ],
)
def test_matrices_that_have_no_product_say_so(a, b, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.matrix_product(a, b)
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.matrix_product_vjp(a, b, [[1]])


def test_a_cotangent_has_the_shape_of_the_product():
    with pytest.raises(InvalidArgument, match=r"^cotangent: wanted shape \[1, 2\] of the product; got shape \[2, 1\]$"):
        reference.matrix_product_vjp([[1]], [[1, 2]], [[1], [2]])


def test_an_array_is_laid_out_flat_with_its_last_axis_fastest():
    image = [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]
    assert reference.flatten(image) == list(range(1, 13))
    assert reference.flatten([[Fraction(1, 3)]]) == [Fraction(1, 3)]
    channels = [[[row[place][channel] for place in range(2)] for row in image] for channel in range(3)]
    assert reference.flatten(channels) == [number for c in channels for number in reference.flatten(c)]


@pytest.mark.parametrize("values", [5, [], [[]], [[1], [2, 3]], ["1"], None])
def test_what_is_no_array_cannot_be_laid_out_flat(values):
    with pytest.raises(InvalidArgument, match=r"^values: "):
        reference.flatten(values)


@given(st.lists(st.integers(0, 4), min_size=1), st.integers(5, 8))
@many
def test_a_label_is_a_row_with_a_single_one(indices, classes):
    rows = reference.one_hot(indices, classes=classes)
    assert reference.shape(rows) == (len(indices), classes)
    assert [row.index(1) for row in rows] == indices
    assert all(sum(row) == 1 for row in rows)


@pytest.mark.parametrize(
    ("indices", "classes", "message"),
    [
        ([0, 2], 2, "indices: wanted integers from 0 to 1; got 2 among them"),
        ([-1], 2, "indices: wanted integers from 0 to 1; got -1 among them"),
        ([0.5], 2, r"indices: wanted integers from 0 to 1; got 0\.5 among them"),
        ([[0]], 2, r"indices: wanted a nested list of numbers \[N\]; got shape \[1, 1\]"),
        ([0], 0, "classes: wanted a positive integer; got 0"),
    ],
)
def test_what_is_no_class_has_no_label(indices, classes, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.one_hot(indices, classes=classes)
