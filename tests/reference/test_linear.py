"""The dense layer against sums written out by index, and what is said of bad input."""

from __future__ import annotations

import itertools

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
