"""Steps of optimizers: those of TensorFlow 1, which the slides name, and of Keras 3, where the two differ."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.tensorflow.calls import (
    SINCE,
    has_objects,
    is_empty,
    leniency,
    numbers,
    rounds_to_float32,
    shape,
)
from conformance.outcomes import Severity
from reference.errors import InvalidArgument, is_integer, require_number

__all__ = ["exponential_decay", "gradient_descent", "momentum"]

#: A thread keeps at most so many of Keras' optimizers.
MOST_KEPT = 1_000
_kept = threading.local()


def gradient_descent(parameters: Any, gradients: Any, *, learning_rate: Any) -> Any:
    return stepped(tf.compat.v1.train.GradientDescentOptimizer(learning_rate), parameters, gradients)[0]


def momentum(
    parameters: Any,
    gradients: Any,
    velocity: Any,
    *,
    learning_rate: Any,
    momentum: Any,
    nesterov: Any = False,
    rate_in_velocity: Any = True,
) -> Any:
    if not rate_in_velocity:
        optimizer = tf.compat.v1.train.MomentumOptimizer(learning_rate, momentum, use_nesterov=nesterov)
        return stepped(optimizer, parameters, gradients, momentum=velocity)
    rates = {"learning_rate": learning_rate, "momentum": momentum, "nesterov": nesterov}
    if momentum == 0:  # then it has no velocity
        return stepped_by_keras(tf.keras.optimizers.SGD, rates, parameters, gradients, lambda _: [])[0], velocity
    return stepped_by_keras(
        tf.keras.optimizers.SGD, rates, parameters, gradients, lambda optimizer: optimizer.momentums, velocity
    )


def exponential_decay(
    learning_rates: Any, *, step: Any, decay_steps: Any, decay_rate: Any, staircase: Any = False
) -> Any:
    decay = tf.compat.v1.train.exponential_decay(tf.constant(learning_rates), step, decay_steps, decay_rate, staircase)
    return decay().numpy()


def stepped(optimizer: Any, parameters: Any, gradients: Any, **state: Any) -> tuple[Any, ...]:
    """A step of one of TensorFlow 1's optimizers, from its state by the names of its slots."""
    # The default graph remembers the name of every slot, and goes through them all to find another for the next.
    tf.compat.v1.reset_default_graph()
    variable = tf.Variable(parameters, dtype=gradients.dtype)  # of texts it would end the process
    optimizer._create_slots([variable])
    for name, value in state.items():
        optimizer.get_slot(variable, name).assign(value)
    optimizer.apply_gradients([(tf.constant(gradients), variable)])
    return variable.numpy(), *(optimizer.get_slot(variable, name).numpy() for name in state)


def stepped_by_keras(
    kind: Any, rates: dict[str, Any], parameters: Any, gradients: Any, slots: Any, *state: Any, step: int = 1
) -> tuple[Any, ...]:
    """A step of one of Keras' optimizers, from its state in the order of its lists of variables."""
    optimizer, variable = built(kind, rates, parameters, len(state))
    optimizer.iterations.assign(step - 1)
    for slot, value in zip(slots(optimizer), state, strict=True):
        slot.assign(value)
    optimizer.apply_gradients([(tf.constant(gradients), variable)])
    return variable.numpy(), *(slot.numpy() for slot in slots(optimizer))


def built(kind: Any, rates: dict[str, Any], parameters: Any, slots: int) -> tuple[Any, Any]:
    """One of Keras' optimizers, with a variable of those parameters.

    Both take longer to build than to use, so each thread keeps what it has built and sets it to what is given, unless
    that is something of which a constructor might have a word to say: it takes floats, and no momentum beyond 1.
    """
    usual = all(isinstance(rate, (float, bool)) and 0 <= rate <= 1 for rate in rates.values())
    usual = usual and isinstance(parameters, np.ndarray) and parameters.dtype.kind == "f"
    key = kind, slots, shape(parameters), getattr(parameters, "dtype", None)
    kept: dict[Any, tuple[Any, Any]] = _kept.__dict__
    if usual and key in kept:
        optimizer, variable = kept[key]
        for name, rate in rates.items():
            setattr(optimizer, name, rate)
        variable.assign(parameters)
        return optimizer, variable
    optimizer, variable = kind(**rates), tf.Variable(parameters)
    optimizer.build([variable])
    if usual:
        if len(kept) == MOST_KEPT:
            kept.clear()
        kept[key] = optimizer, variable
    return optimizer, variable


def out_of_range(number: Any, *limits: float, **bounds: float) -> bool:
    """Whether what is no None and no text lies where the reference allows no number; or isn't a single one."""
    try:
        require_number("number", number, *limits, **bounds)
    except InvalidArgument:
        return isinstance(number, (bool, int, float, np.number, tuple, list, np.ndarray))
    return False


def no_truth(value: Any) -> bool:
    return not isinstance(value, bool)


def broadcast_gradients(parameters: Any, gradients: Any, **_: Any) -> bool:
    """Whether Keras repeats gradients for several parameters."""
    both = shape(parameters), shape(gradients)
    return both[0] != both[1] and np.broadcast_shapes(*both) == both[0]


def rounded_rate(operation: str, names: tuple[str, ...], smallest: dict[str, Any], instead: str) -> Deviation:
    """What becomes of hyperparameters that are Python's floats."""
    return Deviation(
        operation=operation,
        reason=f"{' and '.join(names)} rounded to float32 in float64 too",
        severity=Severity.WRONG_NUMBERS,
        calls=lambda **given: rounds_to_float32(*(given[name] for name in names)),
        smallest=smallest,
        instead=instead,
        since=SINCE,
        dtypes=("float64",),
    )


STEP = {"parameters": numbers(1), "gradients": numbers(1)}
MOVING = {**STEP, "velocity": numbers(1), "learning_rate": 0.5, "momentum": 0.5}
DECAY = {"learning_rates": numbers(1), "step": 1, "decay_steps": 1, "decay_rate": 0.5}
UNCHECKED = "hyperparameters aren't checked: negative and infinite ones, NaN, truth values, and lists that fit"

KNOWN_DEVIATIONS = [
    rounded_rate(
        "gradient_descent",
        ("learning_rate",),
        {**STEP, "learning_rate": 0.1},
        "0.8999999985098839",
    ),
    rounded_rate(
        "momentum",
        ("learning_rate", "momentum"),
        {**MOVING, "learning_rate": 0.1, "rate_in_velocity": False},
        "parameters of 0.8499999977648258",
    ),
    rounded_rate("exponential_decay", ("decay_rate",), {**DECAY, "decay_rate": 0.1}, "0.10000000149011612"),
    Deviation(
        operation="momentum",
        reason="with a momentum of 0 there is no velocity",
        severity=Severity.WRONG_NUMBERS,
        calls=lambda *, momentum, rate_in_velocity=True, **_: momentum == 0 and rate_in_velocity,
        smallest={**MOVING, "momentum": 0.0},
        instead="the velocity that was given",
        since=SINCE,
    ),
    leniency(
        "gradient_descent",
        UNCHECKED,
        lambda *, learning_rate, **_: out_of_range(learning_rate, 0),
        {**STEP, "learning_rate": -1.0},
        "parameters of 2",
    ),
    leniency(
        "gradient_descent",
        "None inside an array of objects is taken for NaN",
        has_objects,
        {**STEP, "parameters": np.array([None]), "learning_rate": 0.5},
        "parameters that are NaN",
    ),
    leniency(
        "momentum",
        UNCHECKED,
        lambda *, learning_rate, momentum, **_: out_of_range(learning_rate, 0) or out_of_range(momentum, 0, 1),
        {**MOVING, "learning_rate": -1.0},
        "parameters of 2.5",
    ),
    leniency(
        "momentum",
        "a choice is true or false as Python takes it",
        lambda *, nesterov=False, rate_in_velocity=True, **_: no_truth(nesterov) or no_truth(rate_in_velocity),
        {**MOVING, "nesterov": 1},
        "Nesterov's step",
    ),
    leniency(
        "momentum",
        "Keras repeats a gradient for several parameters",
        lambda parameters, gradients, rate_in_velocity=True, **_: (
            rate_in_velocity and broadcast_gradients(parameters, gradients)
        ),
        {**MOVING, "parameters": numbers(2), "velocity": numbers(2)},
        "the step of that gradient for all of them",
    ),
    leniency(
        "momentum",
        "None inside an array of objects is taken for NaN",
        has_objects,
        {**MOVING, "velocity": np.array([None])},
        "the step of a velocity that is NaN",
    ),
    leniency(
        "exponential_decay",
        "an empty array and a number are taken for rates",
        lambda learning_rates, **_: is_empty(learning_rates) or shape(learning_rates) == (),
        {**DECAY, "learning_rates": numbers(0)},
        "an empty array",
    ),
    leniency(
        "exponential_decay",
        UNCHECKED,
        lambda *, step, decay_steps, decay_rate, **_: (
            out_of_range(decay_rate, above=0)
            or not is_integer(step)
            or step < 0
            or not is_integer(decay_steps)
            or decay_steps < 1
        ),
        {**DECAY, "step": -1},
        "a rate of 2",
    ),
    leniency(
        "exponential_decay",
        "a choice is true or false as Python takes it",
        lambda *, staircase=False, **_: no_truth(staircase),
        {**DECAY, "staircase": 1},
        "the staircase",
    ),
]
