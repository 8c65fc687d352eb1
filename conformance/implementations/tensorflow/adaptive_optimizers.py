"""Steps of optimizers with a rate for each parameter: TensorFlow 1's, which the slides name, and Keras 3's."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.tensorflow.calls import SINCE, has_objects, leniency, numbers
from conformance.implementations.tensorflow.optimizers import (
    STEP,
    UNCHECKED,
    broadcast_gradients,
    no_truth,
    out_of_range,
    rounded_rate,
    stepped,
    stepped_by_keras,
)
from conformance.outcomes import Severity
from reference.alternatives import incremental_adam, reciprocal_adagrad
from reference.errors import is_integer

__all__ = ["adadelta", "adagrad", "adam", "rmsprop"]


def adagrad(
    parameters: Any,
    gradients: Any,
    accumulator: Any,
    *,
    learning_rate: Any,
    epsilon: Any = 1e-7,
    epsilon_inside_root: Any = True,
) -> Any:
    if not epsilon_inside_root and epsilon == 0:
        return stepped(
            tf.compat.v1.train.AdagradOptimizer(learning_rate), parameters, gradients, accumulator=accumulator
        )
    rates = {"learning_rate": learning_rate, "epsilon": epsilon}
    return stepped_by_keras(
        tf.keras.optimizers.Adagrad,
        rates,
        parameters,
        gradients,
        lambda optimizer: optimizer._accumulators,
        accumulator,
    )


def adadelta(
    parameters: Any,
    gradients: Any,
    mean_squares: Any,
    mean_squared_updates: Any,
    *,
    learning_rate: Any = 1.0,
    rho: Any = 0.95,
    epsilon: Any = 1e-7,
) -> Any:
    optimizer = tf.compat.v1.train.AdadeltaOptimizer(learning_rate, rho, epsilon)
    return stepped(optimizer, parameters, gradients, accum=mean_squares, accum_update=mean_squared_updates)


def rmsprop(
    parameters: Any,
    gradients: Any,
    mean_squares: Any,
    *,
    learning_rate: Any,
    rho: Any = 0.9,
    epsilon: Any = 1e-7,
    epsilon_inside_root: Any = True,
) -> Any:
    rates = {"learning_rate": learning_rate, "rho": rho, "epsilon": epsilon}
    return stepped_by_keras(
        tf.keras.optimizers.RMSprop,
        rates,
        parameters,
        gradients,
        lambda optimizer: optimizer._velocities,
        mean_squares,
    )


def adam(
    parameters: Any,
    gradients: Any,
    first_moment: Any,
    second_moment: Any,
    *,
    step: Any,
    learning_rate: Any = 0.001,
    beta_1: Any = 0.9,
    beta_2: Any = 0.999,
    epsilon: Any = 1e-7,
    epsilon_hat: Any = False,
) -> Any:
    rates = {"learning_rate": learning_rate, "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    return stepped_by_keras(
        tf.keras.optimizers.Adam,
        rates,
        parameters,
        gradients,
        lambda optimizer: (*optimizer._momentums, *optimizer._velocities),
        first_moment,
        second_moment,
        step=step,
    )


def outside(gradients: Any, *, epsilon: Any = 1e-7, epsilon_inside_root: Any = True, **_: Any) -> bool:
    """Whether an ε beside the root would have another effect than one inside."""
    return not epsilon_inside_root and epsilon > 0 and bool((gradients != 0).any())


RATES = {"learning_rate": 0.5, "epsilon": 1.0}
OF = {
    "adagrad": {**STEP, "accumulator": numbers(1), **RATES},
    "adadelta": {**STEP, "mean_squares": numbers(1), "mean_squared_updates": numbers(1), **RATES, "rho": 0.5},
    "rmsprop": {**STEP, "mean_squares": numbers(1), **RATES, "rho": 0.5},
    "adam": {
        **STEP,
        "first_moment": numbers(1),
        "second_moment": numbers(1),
        **RATES,
        "step": 1,
        "beta_1": 0.5,
        "beta_2": 0.75,
    },
}
#: The name of an array of the state, and of a choice.
STATE = {"adagrad": "accumulator", "adadelta": "mean_squares", "rmsprop": "mean_squares", "adam": "first_moment"}
CHOICES = {"adagrad": "epsilon_inside_root", "rmsprop": "epsilon_inside_root", "adam": "epsilon_hat"}


def unchecked(**given: Any) -> bool:
    shares = (given[name] for name in ("rho", "beta_1", "beta_2") if name in given)
    step = given.get("step", 1)
    return (
        out_of_range(given["learning_rate"], 0)
        or out_of_range(given["epsilon"], 0)
        or any(out_of_range(share, 0, below=1) for share in shares)
        or not is_integer(step)
        or step < 1
    )


#: Keras moves the means of its Adam by a part of the distance to what is new; TensorFlow 1 multiplies by 1/√a.
ALGORITHMS = {"adagrad": reciprocal_adagrad, "adam": incremental_adam}

KNOWN_DEVIATIONS = [
    *(
        rounded_rate(operation, ("learning_rate",), {**OF[operation], "learning_rate": 0.1}, "other parameters")
        for operation in ("adagrad", "rmsprop")
    ),
    rounded_rate(
        "adam", ("learning_rate", "beta_1", "beta_2"), {**OF["adam"], "learning_rate": 0.1}, "other parameters"
    ),
    rounded_rate(
        "adadelta",
        ("learning_rate", "rho", "epsilon"),
        {**OF["adadelta"], "rho": 0.1, "mean_squares": 4 * numbers(1)},
        "means that are off by 10⁻⁹",
    ),
    *(
        Deviation(
            operation=operation,
            reason="epsilon stands inside the root",
            severity=Severity.WRONG_NUMBERS,
            calls=lambda gradients, **given: outside(gradients, **given),
            smallest={**OF[operation], "epsilon_inside_root": False},
            instead="the step of an epsilon inside",
            since=SINCE,
        )
        for operation in ("adagrad", "rmsprop")
    ),
    Deviation(
        operation="adam",
        reason="epsilon stands beside the root before its correction: the paper's epsilon hat",
        severity=Severity.WRONG_NUMBERS,
        calls=lambda *, epsilon=1e-7, epsilon_hat=False, **_: epsilon > 0 and not epsilon_hat,
        smallest=OF["adam"],
        instead="the step of that epsilon hat",
        since=SINCE,
    ),
    *(
        leniency(operation, UNCHECKED, unchecked, {**call, "learning_rate": -1.0}, "a step up")
        for operation, call in OF.items()
    ),
    *(
        leniency(
            operation,
            "a choice is true or false as Python takes it",
            lambda choice=choice, **given: choice in given and no_truth(given[choice]),
            {**OF[operation], choice: 1},
            "the step of that choice",
        )
        for operation, choice in CHOICES.items()
    ),
    *(
        leniency(
            operation,
            "Keras repeats a gradient for several parameters",
            broadcast_gradients,
            {
                name: np.ones(2) if isinstance(value, np.ndarray) and name != "gradients" else value
                for name, value in OF[operation].items()
            },
            "the step of that gradient for all of them",
        )
        for operation in ("rmsprop", "adam")
    ),
    *(
        leniency(
            operation,
            "None inside an array of objects is taken for NaN",
            has_objects,
            {**call, STATE[operation]: np.array([None])},
            "the step of a state that is NaN",
        )
        for operation, call in OF.items()
    ),
]
