"""Gradients of graphs with one kind of operation whose way back is another: each kind has a mistake of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations.numpy.differentiation import KINDS
from conformance.implementations.numpy.taped import (
    Taped,
    constant,
    placed,
    places_of,
    product,
    reshaped,
    summed_to,
    taken,
    where,
)
from conformance.implementations.numpy.taped_functions import logarithm, root, sigmoid, softmax
from conformance.implementations.numpy.taped_layers import simple_rnn_step
from tests.conformance.power.differentiation import unconnected, with_kinds
from tests.conformance.power.entering import BOUND, LATTICE, named, wrong

CASES = 400


def entered(name: str, check: str, kind: str, function: Callable[..., Taped]) -> None:
    @wrong("graph_gradients", check, cases=CASES)
    @named(name)
    def mistaken(feeds: Any, **how: Any) -> Any:
        """One kind has another way back."""
        return with_kinds({kind: function}, feeds, how)


def with_ways(kind: str, *ways: Callable[..., Taped]) -> Callable[..., Taped]:
    """A kind with other ways back: each of a cotangent and all that goes in."""
    right = KINDS[kind]

    def mistaken(*inputs: Taped, **how: Any) -> Taped:
        value = right(*inputs, **how).value
        return Taped(
            value,
            *((array, lambda g, way=way: way(g, *inputs, **how)) for array, way in zip(inputs, ways, strict=False)),
        )

    return mistaken


def without_slope(inputs: Taped, kernel: Taped, recurrent_kernel: Taped, bias: Taped, state: Taped) -> Taped:
    sums = product(inputs, kernel) + product(state, recurrent_kernel) + bias
    return Taped(np.tanh(sums.value), (sums, lambda g: g))


def to_both(x: Taped, yes: Taped, no: Taped) -> Taped:
    return Taped(
        np.where(x.value > 0, yes.value, no.value),
        (yes, lambda g: summed_to(g, yes.shape)),
        (no, lambda g: summed_to(g, no.shape)),
    )


def of_the_first_example(g: Taped, values: Taped) -> Taped:
    size = math.prod(values.shape[1:])
    return reshaped(where(np.arange(len(g.value)) < size, g, 0), values.shape)


def linear(layer: str) -> Callable[..., Taped]:
    """A layer whose way back is that of the identity."""
    right = KINDS[layer]

    def mistaken(*inputs: Taped, activation: str, **how: Any) -> Taped:
        sums = right(*inputs, activation="identity", **how)
        return Taped(right(*inputs, activation=activation, **how).value, (sums, lambda g: g))

    return mistaken


def truncated(inputs: Taped, kernel: Taped, recurrent_kernel: Taped, bias: Taped, state: Taped) -> Taped:
    """Each step's state is a number when it goes back."""
    examples, steps, _ = inputs.shape
    written = places_of((examples, steps, len(bias.value)))
    total = Taped(np.zeros(written.shape, inputs.value.dtype))
    for t in range(steps):
        step = taken(inputs, places_of(inputs.shape)[:, t])
        state = simple_rnn_step(step, kernel, recurrent_kernel, bias, unconnected(state) if t else state)
        total = total + placed(state, written[:, t], written.shape)
    return total


def column(g: Taped) -> Taped:
    return reshaped(g, (len(g.value), 1))


def slope_of_softmax(g: Taped, probabilities: Taped, labels: Taped) -> Taped:
    return column(g) * (probabilities - labels)


def without_label(g: Taped, logits: Taped, labels: Taped) -> Taped:
    return column(g) * softmax(logits)


def spread_over_classes(g: Taped, scores: Taped, labels: Taped) -> Taped:
    return -column(g) / constant(scores, np.ones(scores.shape))


def quotients_divisor(g: Taped, x: Taped, y: Taped) -> Taped:
    return summed_to(g * x / (y * y), y.shape)


def quotients_dividend(g: Taped, x: Taped, y: Taped) -> Taped:
    return summed_to(g / y, x.shape)


def unsteep(g: Taped, z: Taped, *, L: Any, k: Any, x_0: Any) -> Taped:
    s = sigmoid(constant(z, k) * (z - constant(z, x_0)))
    return g * constant(z, L) * (s * (constant(z, 1) - s))


def to_all_units(g: Taped, inputs: Taped, mask: Taped, *, rate: Any) -> Taped:
    return g / constant(inputs, 1 - rate)


def to_each(g: Taped, losses: Taped) -> Taped:
    return g * constant(losses, np.ones(losses.shape))


def of_yes_only(g: Taped, probabilities: Taped, labels: Taped) -> Taped:
    return -(g * labels / probabilities)


def signless(g: Taped, scores: Taped, labels: Taped) -> Taped:
    return -where((1 - labels.value * scores.value) > 0, g, 0)


for name, check, kind, function in (
    ("exps_slope_is_one", BOUND, "exp", with_ways("exp", lambda g, x: g)),
    ("logs_slope_at_its_value", BOUND, "log", with_ways("log", lambda g, x: g / logarithm(x))),
    ("roots_slope_without_its_half", BOUND, "sqrt", with_ways("sqrt", lambda g, x: g / root(x))),
    ("a_divisors_slope_rises", BOUND, "divide", with_ways("divide", quotients_dividend, quotients_divisor)),
    ("what_was_not_chosen_gets_the_gradient", LATTICE, "where_positive", to_both),
    ("identity_hands_back_twice", LATTICE, "identity", with_ways("identity", lambda g, z: g + g)),
    ("straight_through_a_step", LATTICE, "step", with_ways("step", lambda g, z: g)),
    ("logistics_slope_without_its_steepness", BOUND, "logistic", with_ways("logistic", unsteep)),
    ("flat_gradients_of_the_first_example", LATTICE, "flatten", with_ways("flatten", of_the_first_example)),
    ("dense_layers_gradient_without_its_activation", LATTICE, "dense_layer", linear("dense_layer")),
    (
        "convolutional_layers_gradient_without_its_activation",
        LATTICE,
        "convolutional_layer",
        linear("convolutional_layer"),
    ),
    ("dropped_units_get_gradients", LATTICE, "dropout", with_ways("dropout", to_all_units)),
    ("a_recurrent_steps_slope_is_one", BOUND, "simple_rnn_step", without_slope),
    ("time_is_not_gone_back", BOUND, "simple_rnn", truncated),
    ("cross_entropy_goes_back_as_softmaxs", BOUND, "cross_entropy", with_ways("cross_entropy", slope_of_softmax)),
    ("each_loss_gets_the_whole_gradient", BOUND, "empirical_loss", with_ways("empirical_loss", to_each)),
    (
        "sparse_losss_gradient_without_the_label",
        BOUND,
        "sparse_softmax_cross_entropy_with_logits",
        with_ways("sparse_softmax_cross_entropy_with_logits", without_label),
    ),
    (
        "likelihoods_gradient_at_all_classes",
        BOUND,
        "negative_log_likelihood",
        with_ways("negative_log_likelihood", spread_over_classes),
    ),
    (
        "binary_losss_gradient_of_yes_only",
        BOUND,
        "binary_cross_entropy",
        with_ways("binary_cross_entropy", of_yes_only),
    ),
    (
        "binary_losss_gradient_of_logits_without_the_label",
        BOUND,
        "binary_cross_entropy_with_logits",
        with_ways("binary_cross_entropy_with_logits", lambda g, logits, labels: g * sigmoid(logits)),
    ),
    ("hinges_gradient_without_the_labels_sign", LATTICE, "hinge_loss", with_ways("hinge_loss", signless)),
):
    entered(name, check, kind, function)
