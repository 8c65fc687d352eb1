"""Training: an epoch is every example once, a step is one of backpropagation's, and a seed decides the rest."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import islice, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from conformance.proof import FINEST, may_be_the_same
from reference import (
    InvalidArgument,
    backpropagation,
    dense,
    epoch_batches,
    loss_landscape,
    random_parameters,
    steps_per_epoch,
    training_loop,
)
from reference.numbers import Rounded
from tests.reference.support import convert, few, leaves, many, random_fractions, seeds

counts = st.integers(1, 40)
maybe_seeds = st.none() | seeds

INPUTS, LABELS = (
    [[-2.0, 1.0], [-1.0, 0.5], [3.0, 1.0], [2.0, -1.0], [0.5, 2.0]],
    [[1, 0], [1, 0], [0, 1], [0, 1], [1, 0]],
)
NETWORK = random_parameters((2, 3, 2), standard_deviation=1.0, seed=3)
USUAL: dict[str, Any] = {"epochs": 2, "batch_size": 2, "learning_rate": 0.5}


def fine(number: Any) -> Rounded:
    """A number that is known to some fifty digits, whatever is done to it."""
    return Rounded(number, FINEST)


def train(**changes: Any) -> list[reference.TrainingStep]:
    return list(training_loop(INPUTS, *NETWORK, LABELS, **{**USUAL, **changes}))


@given(counts, counts, maybe_seeds, counts)
@many
def test_an_epoch_is_every_example_once(examples: int, batch_size: int, seed: int | None, epoch: int):
    batches = epoch_batches(examples=examples, batch_size=batch_size, seed=seed, epoch=epoch)
    assert sorted(n for batch in batches for n in batch) == list(range(examples))
    assert len(batches) == steps_per_epoch(examples=examples, batch_size=batch_size)
    assert {len(batch) for batch in batches[:-1]} <= {batch_size}
    assert 1 <= len(batches[-1]) <= batch_size


@given(counts, counts)
@many
def test_without_a_seed_examples_stay_in_order(examples: int, batch_size: int):
    batches = epoch_batches(examples=examples, batch_size=batch_size, epoch=7)
    assert [n for batch in batches for n in batch] == list(range(examples))


@given(seeds, counts)
@few
def test_a_seed_decides_the_order_of_each_epoch(seed: int, batch_size: int):
    def order(seed: int, epoch: int, batch_size: int = batch_size) -> list[int]:
        batches = epoch_batches(examples=40, batch_size=batch_size, seed=seed, epoch=epoch)
        return [n for batch in batches for n in batch]

    assert order(seed, 1) == order(seed, 1) == order(seed, 1, batch_size + 1)
    assert len({tuple(order(*which)) for which in ((seed, 1), (seed, 2), (seed + 1, 1), (seed + 1, 2))}) == 4


def test_every_order_is_as_likely():
    """Of 24 orders in 24,000 epochs each comes about 1000 times; Bernstein's inequality says how far off it may be."""
    epochs, odds = 24_000, math.log(2 * 24 * 10**9)
    orders = Counter(
        tuple(epoch_batches(examples=4, batch_size=4, seed=0, epoch=epoch)[0]) for epoch in range(1, epochs + 1)
    )
    assert set(orders) == set(permutations(range(4)))
    variance = epochs * (1 / 24) * (23 / 24)
    allowed = odds / 3 + math.sqrt((odds / 3) ** 2 + 2 * odds * variance)
    assert all(abs(count - epochs / 24) <= allowed for count in orders.values())


def test_random_weights_are_normal():
    (weights,), (bias,) = random_parameters((100, 100), standard_deviation=2.0, seed=0)
    sample = sorted(leaves(weights))
    # The inequality of Dvoretzky, Kiefer and Wolfowitz, at 1 in 10⁹.
    allowed = math.sqrt(math.log(2 * 10**9) / (2 * len(sample)))
    for place, weight in enumerate(sample):
        wanted = (1 + math.erf(weight / 2 / math.sqrt(2))) / 2
        assert abs(place / len(sample) - wanted) <= allowed
    assert bias == [0] * 100


def test_random_parameters_are_a_network_that_the_seed_decides():
    network = random_parameters((2, 3, 4), standard_deviation=1, seed=5)
    assert [reference.shape(w) for w in network.weights] == [(2, 3), (3, 4)]
    assert [reference.shape(b) for b in network.biases] == [(3,), (4,)]
    assert network == random_parameters([2, 3, 4], standard_deviation=1, seed=5)
    assert network != random_parameters((2, 3, 4), standard_deviation=1, seed=6)
    assert set(leaves(random_parameters((3, 2), standard_deviation=0, seed=1).weights)) == {0}
    assert len(set(leaves(network.weights))) == 18


@pytest.mark.parametrize("seed", [None, 4])
def test_a_step_is_backpropagation_and_a_step_down(seed: int | None):
    weights, biases = NETWORK
    for number, step in enumerate(train(seed=seed)):
        epoch, place = divmod(number, 3)
        assert (step.epoch, step.step, step.steps) == (epoch + 1, place + 1, 3)
        assert step.batch == epoch_batches(examples=5, batch_size=2, seed=seed, epoch=epoch + 1)[place]
        wanted = backpropagation([INPUTS[n] for n in step.batch], weights, biases, [LABELS[n] for n in step.batch])
        assert step.loss == wanted.loss
        for came, before, slope in zip(leaves(step[5:]), leaves((weights, biases)), leaves(wanted[1:]), strict=True):
            assert came == before - 0.5 * slope
        weights, biases = step.weights, step.biases


def test_training_brings_the_loss_down():
    steps = train(epochs=40, batch_size=5)
    losses = [step.loss for step in steps]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 4


def test_inputs_stay_as_they_were_and_steps_keep_what_they_showed():
    steps = train()
    assert random_parameters((2, 3, 2), standard_deviation=1.0, seed=3) == NETWORK
    assert steps == train()
    assert len({id(step.weights) for step in steps}) == len(steps)


def test_it_shows_a_step_before_it_makes_the_next():
    endless = training_loop(INPUTS, *NETWORK, LABELS, **{**USUAL, "epochs": 10**4})
    assert [step.step for step in islice(endless, 4)] == [1, 2, 3, 1]


def test_each_epoch_has_its_learning_rate():
    by_list, by_function = train(learning_rate=[0.5, 0.25]), train(learning_rate=lambda epoch: 1 / 2**epoch)
    assert by_list == by_function
    assert by_list[:3] == train()[:3]
    once_more = training_loop(INPUTS, *by_list[2][5:], LABELS, epochs=1, batch_size=2, learning_rate=0.25)
    assert [step[1:] for step in by_list[3:]] == [step[1:] for step in once_more]


@given(seeds, st.integers(1, 5))
@few
def test_the_batches_gradients_make_that_of_the_whole(seed: int, batch_size: int):
    """Each weighted with its examples: a smaller last batch counts for less, which the loop doesn't do."""
    make = random_fractions(seed)
    # No weighted sum has a seventh, so that none is at the kink of a relu.
    biases = convert(lambda bias: bias + Fraction(1, 7), (make(3), make(2)))
    network = ((make(2, 3), make(3, 2)), biases)
    inputs, labels, *parameters = (convert(fine, part) for part in (make(5, 2), LABELS, *network))

    def of(batch: list[int]) -> list[Any]:
        return list(leaves(backpropagation([inputs[n] for n in batch], *parameters, [labels[n] for n in batch])))

    parts = [
        [len(batch) * number for number in of(batch)]
        for batch in epoch_batches(examples=5, batch_size=batch_size, seed=seed)
    ]
    together = [sum(numbers[1:], numbers[0]) / 5 for numbers in zip(*parts, strict=True)]
    assert all(may_be_the_same(*pair) for pair in zip(of([0, 1, 2, 3, 4]), together, strict=True))


def test_numbers_of_other_kinds_train_too():
    network = convert(lambda x: Decimal(str(round(float(x), 3))), tuple(NETWORK))
    inputs = convert(Decimal, INPUTS)
    *_, last = training_loop(inputs, *network, LABELS, epochs=2, batch_size=2, learning_rate=Decimal("0.5"))
    assert isinstance(last.loss, Decimal)
    assert str(last).startswith(f"epoch 2, step 3 of 3: loss {last.loss} of examples [4]")


def test_a_landscape_has_a_height_for_each_pair():
    landscape = loss_landscape(lambda w0, w1: 10 * w0 + w1, [3, 1, 2], [7, 5])
    assert landscape.losses == [[37, 35], [17, 15], [27, 25]]
    assert landscape.lowest == (1, 5)
    assert loss_landscape(lambda w0, w1: 0, [3, 1], [7, 5]).lowest == (3, 7)


def test_gradient_descent_ends_where_the_landscape_is_lowest():
    """The mean squared error of a line through three points on a line: the grid's lowest place is its weights."""
    xs, ys = [[Fraction(0)], [Fraction(1)], [Fraction(2)]], [Fraction(1), Fraction(3), Fraction(5)]

    def loss(slope: Fraction, offset: Fraction) -> Fraction:
        return sum((row[0] - y) ** 2 for row, y in zip(dense(xs, [[slope]], [offset]), ys, strict=True)) / 3

    landscape = loss_landscape(loss, [Fraction(n, 2) for n in range(-4, 9)], [Fraction(n, 2) for n in range(-4, 9)])
    assert landscape.lowest == (2, 1)
    assert min(leaves(landscape.losses)) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: steps_per_epoch(examples=0, batch_size=1), "examples: wanted a positive integer; got 0"),
        (lambda: steps_per_epoch(examples=1, batch_size=1.5), "batch_size: wanted a positive integer; got 1.5"),
        (lambda: epoch_batches(examples=3, batch_size=0), "batch_size: wanted a positive integer; got 0"),
        (lambda: epoch_batches(examples=3, batch_size=1, epoch=0), "epoch: wanted a positive integer; got 0"),
        (lambda: epoch_batches(examples=3, batch_size=1, seed="1"), "seed: wanted an integer; got '1'"),
        (lambda: random_parameters((3,), standard_deviation=1, seed=1), r"widths: wanted two or more .*; got \(3,\)"),
        (lambda: random_parameters(3, standard_deviation=1, seed=1), "widths: wanted two or more .*; got 3"),
        (lambda: random_parameters((3, 0), standard_deviation=1, seed=1), "widths: wanted a positive .*; got 0"),
        (lambda: random_parameters((3, 2), standard_deviation=-1, seed=1), "standard_deviation: wanted .*; got -1"),
        (lambda: random_parameters((3, 2), standard_deviation=1, seed=None), "seed: wanted an integer; got None"),
        (lambda: training_loop(INPUTS, *NETWORK, LABELS[1:], **USUAL), r"labels: wanted shape \[5, 2\] .*"),
        (lambda: training_loop(INPUTS, NETWORK[0], (), LABELS, **USUAL), "biases: wanted .*"),
        (lambda: training_loop(INPUTS, *NETWORK, LABELS, **{**USUAL, "epochs": 0}), "epochs: wanted .*; got 0"),
        (lambda: training_loop(INPUTS, *NETWORK, LABELS, **{**USUAL, "batch_size": 0}), "batch_size: wanted .*; got 0"),
        (lambda: training_loop(INPUTS, *NETWORK, LABELS, **{**USUAL, "seed": 0.5}), "seed: wanted .*; got 0.5"),
        (
            lambda: training_loop(INPUTS, *NETWORK, LABELS, **{**USUAL, "learning_rate": [1]}),
            "learning_rate: wanted .*",
        ),
        (lambda: loss_landscape(1, [1], [1]), "loss: wanted a function of two weights; got 1"),
        (lambda: loss_landscape(max, [], [1]), "first: wanted .*; got an empty list"),
        (lambda: loss_landscape(max, [1], [[1]]), r"second: wanted .*; got shape \[1, 1\]"),
    ],
)
def test_what_cannot_be_says_so_at_once(call: Callable[[], object], message: str):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        call()
