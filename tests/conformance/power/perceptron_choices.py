"""Perceptrons that are right for most rates, labels, initial weights, and numbers of epochs and examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.operation import Arguments
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import LATTICE, named, wrong
from tests.conformance.power.pieces import copied, zeroed


def _example(features: Array, labels: Array) -> Arguments:
    return {"features": features, "labels": labels}


#: Two examples that no hyperplane separates: a perceptron never stops.
ENDLESS = _example(np.array([[1.0], [1.0]]), np.array([1, -1]))


def _asks(name: str, *kinds: type) -> Any:
    """Whether a hyperparameter is given, as one of those types."""
    return lambda features, labels, **how: isinstance(how.get(name), kinds)


def _epochs_from(few: int) -> Any:
    return lambda features, labels, *, epochs, **how: epochs >= few


# --- epochs -----------------------------------------------------------------------------------------------------------


def _ends_early(few: int) -> None:
    @wrong("perceptron_sgd", LATTICE, cases=200, where=_epochs_from(few), witness={**ENDLESS, "epochs": few})
    @named(f"{few}_epochs_are_one_less")
    def ends_early(features: Array, labels: Array, *, epochs: int, learning_rate: Any = 1, **how: Any) -> Any:
        """Epochs are logged in so many, and the loop between two logs ends one too early."""
        rates = learning_rate if callable(learning_rate) else np.resize(learning_rate, epochs)[:-1].tolist()
        return base.perceptron_sgd(features, labels, epochs=epochs - 1, learning_rate=rates, **how)


for number in (5, 10):
    _ends_early(number)


@wrong(
    "perceptron_sgd",
    LATTICE,
    cases=200,
    where=lambda features, labels, *, epochs, learning_rate=1, **how: epochs > 4 and isinstance(learning_rate, list),
    witness={**ENDLESS, "epochs": 5, "learning_rate": [1.0, 0.5, 0.25, 2.0, 4.0]},
)
def rates_beyond_the_fourth_repeat_it(features: Array, labels: Array, *, learning_rate: Any, **how: Any) -> Any:
    """A schedule is kept in four places, and its end goes on."""
    rates = [learning_rate[min(epoch, 3)] for epoch in range(len(learning_rate))]
    return base.perceptron_sgd(features, labels, learning_rate=rates, **how)


# --- rates ------------------------------------------------------------------------------------------------------------


def _called(name: str, says: str, rate: Any) -> None:
    def function(features: Array, labels: Array, *, epochs: int, learning_rate: Any, **how: Any) -> Any:
        rates = [rate(learning_rate, epoch, epochs) for epoch in range(1, epochs + 1)]
        return base.perceptron_sgd(features, labels, epochs=epochs, learning_rate=rates, **how)

    function.__doc__ = says
    wrong(
        "perceptron_sgd",
        LATTICE,
        cases=200,
        where=lambda features, labels, **how: callable(how.get("learning_rate")),
        witness={**ENDLESS, "epochs": 3, "learning_rate": lambda epoch: 2.0**epoch},
    )(named(name)(function))


_called("a_schedule_counts_from_0", "The first epoch is number 0.", lambda rate, epoch, epochs: rate(epoch - 1))
_called("a_schedule_is_asked_once", "The first epoch's rate is every epoch's.", lambda rate, epoch, epochs: rate(1))
_called("a_schedule_is_ignored", "A function is no number, so the rate is 1.", lambda rate, epoch, epochs: 1.0)
_called(
    "a_schedule_runs_backwards",
    "The number given is that of the epochs that are left.",
    lambda rate, epoch, epochs: rate(epochs + 1 - epoch),
)


@wrong(
    "perceptron_sgd",
    LATTICE,
    cases=200,
    where=_asks("learning_rate", list),
    witness={**ENDLESS, "epochs": 2, "learning_rate": [0.5, 2.0]},
)
def rates_run_backwards(features: Array, labels: Array, *, learning_rate: Any, **how: Any) -> Any:
    """A list of rates is used up from its end."""
    return base.perceptron_sgd(features, labels, learning_rate=learning_rate[::-1], **how)


@wrong(
    "perceptron_sgd",
    LATTICE,
    cases=200,
    where=_asks("learning_rate", float),
    witness={**ENDLESS, "epochs": 2, "learning_rate": 0.5},
)
def a_fraction_of_a_rate_decays(features: Array, labels: Array, *, epochs: int, learning_rate: Any, **how: Any) -> Any:
    """A rate below 1 is taken for a decay: η, η², η³, …"""
    rates = [learning_rate**epoch if learning_rate < 1 else learning_rate for epoch in range(1, epochs + 1)]
    return base.perceptron_sgd(features, labels, epochs=epochs, learning_rate=rates, **how)


# --- initial weights --------------------------------------------------------------------------------------------------


@wrong(
    "perceptron_sgd",
    LATTICE,
    cases=200,
    where=lambda features, labels, *, initial_weights=None, **how: (
        initial_weights is not None and not initial_weights.any()
    ),
    witness={**ENDLESS, "epochs": 2, "initial_weights": np.zeros(2)},
)
def zeros_to_begin_with_are_replaced(features: Array, labels: Array, *, initial_weights: Any, **how: Any) -> Any:
    """Who gives zeros is thought to want symmetry broken."""
    return base.perceptron_sgd(features, labels, initial_weights=initial_weights + 1, **how)


@wrong(
    "perceptron_sgd",
    LATTICE,
    cases=200,
    where=lambda features, labels, *, initial_weights=None, **how: initial_weights is not None,
    witness={**ENDLESS, "epochs": 2, "initial_weights": np.array([2.0, 3.0])},
)
def initial_threshold_forgotten(features: Array, labels: Array, *, initial_weights: Any, **how: Any) -> Any:
    """The last initial weight, which is the threshold's, counts as 0."""
    return base.perceptron_sgd(features, labels, initial_weights=zeroed(initial_weights, -1), **how)


# --- labels -----------------------------------------------------------------------------------------------------------


def _labels_of(name: str, dtype: str) -> None:
    @wrong(
        "perceptron_sgd",
        LATTICE,
        cases=200,
        where=lambda features, labels, **how: labels.dtype == dtype,
        witness={**_example(numbers(3, 2), np.array([1, -1, -1], dtype)), "epochs": 2},
    )
    @named(name)
    def misread(features: Array, labels: Array, **how: Any) -> Any:
        """Labels of this type are read as if they had no sign, so that all are positive."""
        return base.perceptron_sgd(features, np.abs(labels), **how)


_labels_of("labels_of_8_bits_have_no_sign", "int8")
_labels_of("labels_of_32_bits_have_no_sign", "int32")


# --- sizes ------------------------------------------------------------------------------------------------------------


@wrong(
    "perceptron_sgd",
    LATTICE,
    cases=200,
    where=lambda features, labels, **how: len(features) > 4,
    witness={**_example(np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [-6.0]]), np.ones(6, int)), "epochs": 2},
)
def four_right_answers_in_a_row_are_enough(features: Array, labels: Array, **how: Any) -> Any:
    """It stops after so many right answers as there were examples in the textbook."""
    trace = base.perceptron_sgd(features, labels, **how)
    runs = [step for step in range(4, len(trace.updated)) if not trace.updated[step - 4 : step].any()]
    end = runs[0] if runs else len(trace.updated)
    final = trace.weights[end] if runs else trace.final_weights
    return base.PerceptronTrace(final, *(column[:end] for column in trace[1:]))


@wrong(
    "perceptron_sgd",
    LATTICE,
    cases=200,
    where=lambda features, labels, **how: features.shape[1] > 7,
    witness={**_example(numbers(2, 8), np.array([1, -1])), "epochs": 2},
)
def the_eighth_feature_is_never_learnt(features: Array, labels: Array, **how: Any) -> Any:
    """Updates are made in full vectors; what is left of the weights stays as it was."""
    trace = base.perceptron_sgd(features, labels, **how)
    return trace._replace(final_weights=copied(trace.final_weights, 7, 0))


@wrong(
    "perceptron_sgd",
    LATTICE,
    cases=200,
    where=lambda features, labels, **how: len(features) > 8,
    witness={**_example(numbers(9, 2), np.array([1, -1, 1, 1, -1, -1, 1, -1, -1])), "epochs": 2},
)
def the_ninth_example_is_the_first_again(features: Array, labels: Array, **how: Any) -> Any:
    """Examples are found by a place of three bits."""
    return base.perceptron_sgd(copied(features, 8, 0), copied(labels, 8, 0), **how)
