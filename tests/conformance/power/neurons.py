"""Neurons of binary inputs: what a threshold and a veto are, and which weights a mistake changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BAD_INPUT, BOUND, LATTICE, LAWS, right, wrong

# --- wrong ------------------------------------------------------------------------------------------------------------

PAIRS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
WIRED = {"inputs": PAIRS, "connections": np.array([[1, 1], [1, -1]]), "thresholds": np.array([2.0, 0.0])}


@wrong("mcculloch_pitts", BOUND, LAWS, witness=WIRED)
def inhibition_is_subtracted(inputs: Array, connections: Array, thresholds: Array) -> Array:
    """An inhibitory input lowers the sum by one, as a weight of -1 does."""
    return (inputs.astype(int) @ connections.astype(int) >= thresholds).astype(np.int64)


@wrong("mcculloch_pitts", BOUND, LAWS, witness=WIRED)
def threshold_must_be_exceeded(inputs: Array, connections: Array, thresholds: Array) -> Array:
    """`>` for `>=`."""
    above = np.nextafter(thresholds, np.inf, dtype=thresholds.dtype)
    return base.mcculloch_pitts(inputs, connections, above)


@wrong("mcculloch_pitts", BOUND, LAWS, witness=WIRED)
def inhibition_ignored(inputs: Array, connections: Array, thresholds: Array) -> Array:
    """Only what excites is looked at."""
    return base.mcculloch_pitts(inputs, np.maximum(connections, 0), thresholds)


@wrong("mcculloch_pitts", BOUND, LAWS, witness={**WIRED, "connections": -np.ones((2, 2)), "thresholds": np.zeros(2)})
def it_takes_all_inhibitory_inputs_to_veto(inputs: Array, connections: Array, thresholds: Array) -> Array:
    """A neuron is silenced when no inhibitory input of it is off."""
    on, wires = inputs.astype(int), connections.astype(int)
    inhibitory = (wires == -1).sum(axis=0)
    vetoed = (inhibitory > 0) & (on @ (wires == -1) == inhibitory)
    return ((on @ (wires == 1) >= thresholds) & ~vetoed).astype(np.int64)


@wrong("mcculloch_pitts", BOUND, witness={**WIRED, "thresholds": np.array([1.5, 0.5])})
def thresholds_are_cut_to_integers(inputs: Array, connections: Array, thresholds: Array) -> Array:
    """Counts are integers, so thresholds are taken for some."""
    return base.mcculloch_pitts(inputs, connections, np.trunc(thresholds))


@wrong("mcculloch_pitts", f"{BAD_INPUT}: inputs is refused", cases=200)
def any_input_is_on(inputs: Any, connections: Array, thresholds: Array) -> Array:
    """What isn't 0 counts as 1."""
    numbers = isinstance(inputs, np.ndarray) and inputs.dtype.kind in "iuf"
    return base.mcculloch_pitts((inputs != 0).astype(int) if numbers else inputs, connections, thresholds)


def _learn(
    inputs: Array,
    labels: Array,
    weights: Array,
    *,
    epochs: int,
    learning_rate: Any = 1,
    fires: Callable[[Any], Any] = lambda activation: activation > 0,
    changed: Callable[[Array], Array] = lambda example: example == 1,
    sign: int = 1,
    stop_after: Callable[[int], float] = lambda count: count,
) -> Any:
    """`rosenblatt_train` with one of its steps replaced."""
    examples = np.column_stack([inputs, np.ones(len(inputs))]).astype(weights.dtype)
    rate, steps, right_in_a_row = weights.dtype.type(learning_rate), [], 0
    for step in range(epochs * len(examples)):
        if right_in_a_row >= stop_after(len(examples)):
            break
        example, label = examples[step % len(examples)], int(labels[step % len(examples)])
        activation = example @ weights
        output = int(fires(activation))
        steps.append((weights, activation, output, label - output))
        right_in_a_row = 0 if label != output else right_in_a_row + 1
        moved = np.where(changed(example), weights + sign * (label - output) * rate, weights)
        weights = moved if label != output else weights
    return base.RosenblattTrace(weights.copy(), *map(np.array, zip(*steps, strict=True)))


@wrong("rosenblatt_train", LATTICE, BOUND, LAWS)
def every_weight_is_changed(*data: Array, **how: Any) -> Any:
    """Also those of inputs that were 0."""
    return _learn(*data, **how, changed=lambda example: np.ones(len(example), bool))


@wrong("rosenblatt_train", LATTICE, BOUND, LAWS)
def bias_never_changed(*data: Array, **how: Any) -> Any:
    """As the slide's algorithm reads: all weights w_i, and the bias is none."""
    return _learn(*data, **how, changed=lambda example: (example == 1) & (np.arange(len(example)) < len(example) - 1))


@wrong("rosenblatt_train", LATTICE, BOUND, LAWS)
def increased_where_decreased(*data: Array, **how: Any) -> Any:
    """The mistakes' signs are exchanged."""
    return _learn(*data, **how, sign=-1)


@wrong("rosenblatt_train", LATTICE, cases=200)
def fires_at_zero(*data: Array, **how: Any) -> Any:
    """`>=` for `>`: it learns the same functions, by other steps."""
    return _learn(*data, **how, fires=lambda activation: activation >= 0)


@wrong("rosenblatt_train", LATTICE, BOUND, LAWS)
def stops_when_one_example_is_right(*data: Array, **how: Any) -> Any:
    """One right answer is taken for all."""
    return _learn(*data, **how, stop_after=lambda count: 1)


@wrong("rosenblatt_train", LATTICE, BOUND)
def learning_rate_ignored(*data: Array, **how: Any) -> Any:
    """Weights are changed by 1."""
    return _learn(*data, **{**how, "learning_rate": 1})


@wrong("rosenblatt_train", f"{BAD_INPUT}: labels is refused", cases=200)
def labels_of_both_signs(inputs: Array, labels: Any, weights: Array, **how: Any) -> Any:
    """Every label above 0 counts as 1, every other as 0."""
    numbers = isinstance(labels, np.ndarray) and labels.dtype.kind in "iuf"
    return base.rosenblatt_train(inputs, (labels > 0).astype(int) if numbers else labels, weights, **how)


# --- right ------------------------------------------------------------------------------------------------------------


@right("mcculloch_pitts")
def a_veto_is_a_weight_beyond_all_others(inputs: Array, connections: Array, thresholds: Array) -> Array:
    """One inhibitory input outweighs whatever is excited, where thresholds are numbers above -1."""
    beyond = len(connections) + 2
    weights = np.where(connections == -1, -beyond, connections.astype(int))
    sums = inputs.astype(int) @ weights
    return np.where(sums < 0, 0, sums >= thresholds).astype(np.int64)


@right("rosenblatt_train")
def mistakes_added_as_in_the_delta_rule(*data: Array, **how: Any) -> Any:
    """w + η(label - y)·x: what was 0 adds 0."""
    inputs, labels, weights = data
    if not np.isfinite(weights).all():
        return base.rosenblatt_train(*data, **how)
    dtype, rate = weights.dtype, weights.dtype.type(how.get("learning_rate", 1))
    examples = np.column_stack([inputs, np.ones(len(inputs))]).astype(dtype)
    steps, right_in_a_row = [], 0
    for step in range(how["epochs"] * len(examples)):
        if right_in_a_row == len(examples):
            break
        example, label = examples[step % len(examples)], int(labels[step % len(examples)])
        activation = weights[::-1] @ example[::-1]
        change = label - int(activation > 0)
        steps.append((weights, activation, label - change, change))
        weights = weights + change * rate * example
        right_in_a_row = 0 if change else right_in_a_row + 1
    return base.RosenblattTrace(weights.copy(), *map(np.array, zip(*steps, strict=True)))
