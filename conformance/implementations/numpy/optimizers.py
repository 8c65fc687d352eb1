"""Steps of optimizers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from reference.errors import InvalidArgument, is_integer, require_number, require_positive_integer

__all__ = ["MomentumStep", "exponential_decay", "gradient_descent", "momentum"]


class MomentumStep(NamedTuple):
    parameters: Array
    velocity: Array


def gradient_descent(parameters: Array, gradients: Array, *, learning_rate: Any) -> Array:
    eta = require_step(parameters, learning_rate, gradients=gradients)
    with np.errstate(all="ignore"):
        return parameters - eta * gradients


def momentum(
    parameters: Array,
    gradients: Array,
    velocity: Array,
    *,
    learning_rate: Any,
    momentum: Any,
    nesterov: bool = False,
    rate_in_velocity: bool = True,
) -> MomentumStep:
    eta = require_step(parameters, learning_rate, gradients=gradients, velocity=velocity)
    (mu,) = scalars(parameters, require_number("momentum", momentum, 0, 1))
    require_truths(nesterov=nesterov, rate_in_velocity=rate_in_velocity)
    with np.errstate(all="ignore"):
        if rate_in_velocity:
            velocity = mu * velocity - eta * gradients
            return MomentumStep(parameters + (mu * velocity - eta * gradients if nesterov else velocity), velocity)
        velocity = mu * velocity + gradients
        update = eta * gradients + eta * mu * velocity if nesterov else eta * velocity
        return MomentumStep(parameters - update, velocity)


def exponential_decay(
    learning_rates: Array, *, step: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False
) -> Array:
    require_array("learning_rates", learning_rates)
    if not is_integer(step) or step < 0:
        raise InvalidArgument("step", "an integer of at least 0", repr(step))
    require_positive_integer("decay_steps", decay_steps)
    require_number("decay_rate", decay_rate, above=0)
    require_truths(staircase=staircase)
    exponent = step // decay_steps if staircase else step / decay_steps
    with np.errstate(all="ignore"):
        return learning_rates * learning_rates.dtype.type(np.float64(decay_rate) ** exponent)


def require_step(parameters: Array, learning_rate: Any, **others: Array) -> Any:
    """Check that all arrays have one shape and dtype; return the learning rate in it."""
    shape = require_array("parameters", parameters)
    for name, value in others.items():
        require_array(name, value, " ".join(map(str, shape)), shape)
    return scalars(parameters, require_number("learning_rate", learning_rate, 0))[0]


def require_truths(**choices: Any) -> None:
    for name, value in choices.items():
        if not isinstance(value, bool):
            raise InvalidArgument(name, "True or False", repr(value))


def scalars(parameters: Array, *numbers: Any) -> list[Any]:
    """Numbers in the dtype of the parameters."""
    return [parameters.dtype.type(number) for number in numbers]
