"""Running graphs with one kind of operation that computes something else: each kind has a mistake of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.sessions import KINDS
from tests.conformance.power.entering import BOUND, LATTICE, named, wrong
from tests.conformance.power.sessions import run_with

Array = Any
CASES = 400


def entered(name: str, check: str, kind: str, function: Callable[..., Array]) -> None:
    @wrong("run_graph", check, cases=CASES)
    @named(name)
    def mistaken(feeds: Any, **how: Any) -> Any:
        """One kind is another function."""
        return run_with({kind: function}, feeds, how)


def dropout_unscaled(inputs: Array, mask: Array, *, rate: Any) -> Array:
    return base.dropout(inputs, mask, rate=rate) * inputs.dtype.type(1 - rate)


def activation_before_bias(kind: str) -> Callable[..., Array]:
    right = KINDS[kind]

    def layer(inputs: Array, weights: Array, bias: Array, **how: Any) -> Array:
        return right(inputs, weights, 0 * bias, **how) + bias

    return layer


def unmoved_state(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array) -> Array:
    steps = [base.simple_rnn_step(step, kernel, recurrent_kernel, bias, state) for step in np.moveaxis(inputs, 1, 0)]
    return np.stack(steps, axis=1)


def stateless_step(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array) -> Array:
    return base.simple_rnn_step(inputs, kernel, recurrent_kernel, bias, 0 * state)


def next_class(kind: str) -> Callable[..., Array]:
    right = KINDS[kind]
    return lambda scores, labels: right(scores, (labels + 1) % scores.shape[1])


def opposite(kind: str) -> Callable[..., Array]:
    right = KINDS[kind]
    return lambda scores, labels: right(scores, 1 - labels)


def shifted_the_other_way(z: Array, *, x_0: Any = 0.0, **how: Any) -> Array:
    return base.logistic(z, x_0=-x_0, **how)


def choice_turned_round(x: Array, yes: Array, no: Array) -> Array:
    return np.where(x > 0, no, yes)


def without_margin(scores: Array, labels: Array) -> Array:
    return np.maximum(0, -labels * scores)


for name, check, kind, function in (
    ("exp_of_base_two", BOUND, "exp", np.exp2),
    ("log_of_base_two", BOUND, "log", np.log2),
    ("a_cubic_root", BOUND, "sqrt", np.cbrt),
    ("divided_the_other_way_round", BOUND, "divide", lambda x, y: y / x),
    ("where_positive_turned_round", LATTICE, "where_positive", choice_turned_round),
    ("identity_without_sign", LATTICE, "identity", np.abs),
    ("step_from_minus_one", LATTICE, "step", np.sign),
    ("logistic_shifted_the_other_way", BOUND, "logistic", shifted_the_other_way),
    ("flattened_by_columns", LATTICE, "flatten", lambda values: values.ravel(order="F")),
    ("dense_layers_activation_before_the_bias", LATTICE, "dense_layer", activation_before_bias("dense_layer")),
    (
        "convolutional_layers_activation_before_the_bias",
        LATTICE,
        "convolutional_layer",
        activation_before_bias("convolutional_layer"),
    ),
    ("dropout_not_scaled", LATTICE, "dropout", dropout_unscaled),
    ("a_recurrent_step_without_state", BOUND, "simple_rnn_step", stateless_step),
    ("each_recurrent_step_from_the_first_state", BOUND, "simple_rnn", unmoved_state),
    (
        "a_graphs_cross_entropy_in_bits",
        BOUND,
        "cross_entropy",
        lambda p, labels: base.cross_entropy(p, labels) / np.log(2),
    ),
    ("empirical_loss_is_the_sum", BOUND, "empirical_loss", np.sum),
    (
        "sparse_loss_of_the_next_class",
        BOUND,
        "sparse_softmax_cross_entropy_with_logits",
        next_class("sparse_softmax_cross_entropy_with_logits"),
    ),
    ("likelihood_of_the_next_class", BOUND, "negative_log_likelihood", next_class("negative_log_likelihood")),
    ("binary_loss_of_the_other_answer", BOUND, "binary_cross_entropy", opposite("binary_cross_entropy")),
    (
        "binary_loss_of_logits_of_the_other_answer",
        BOUND,
        "binary_cross_entropy_with_logits",
        opposite("binary_cross_entropy_with_logits"),
    ),
    ("hinge_without_a_margin", LATTICE, "hinge_loss", without_margin),
):
    entered(name, check, kind, function)
