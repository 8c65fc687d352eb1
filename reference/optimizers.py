"""Optimizers: one step of each, from parameters, gradients and state to new parameters and new state."""

from __future__ import annotations

from operator import add, sub
from typing import NamedTuple

from reference.arrays import Array, Number, elementwise, flatten, require_array, require_shape
from reference.elementary import exp, log
from reference.errors import InvalidArgument, is_integer, require_number, require_positive_integer
from reference.numbers.mixing import beside

__all__ = [
    "MomentumStep",
    "exponential_decay",
    "gradient_descent",
    "momentum",
]


class MomentumStep(NamedTuple):
    """What `momentum` returns: the parameters after the step, and the velocity for the next one."""

    parameters: Array
    velocity: Array


def gradient_descent(parameters: Array, gradients: Array, *, learning_rate: Number) -> Array:
    """Take a small step against the gradient.

    Why: the loss falls fastest in that direction. On a quadratic loss whose curvature is at most L it converges for
    any rate between 0 and 2/L, and diverges beyond.

    Formula:
        θ ← θ - η·g

    Args:
        parameters: θ, an array of any shape.
        gradients: g, the loss's gradient at θ, same shape.
        learning_rate: η ≥ 0.

    Returns:
        The parameters after the step, same shape.

    Raises:
        InvalidArgument: if an array is empty or ragged, the shapes differ, or the learning rate is out of its range.

    Source:
        reinert-intro, "Loss Optimization by Gradient Descent": weights - lr * grads.

    >>> gradient_descent([1.0, -2.0], [4.0, 8.0], learning_rate=0.25)
    [0.0, -4.0]
    """
    require_step(parameters, learning_rate, gradients=gradients)
    (rate,) = beside(flatten(parameters)[0], learning_rate)
    return elementwise(lambda p, g: p - rate * g, parameters, gradients)


def momentum(
    parameters: Array,
    gradients: Array,
    velocity: Array,
    *,
    learning_rate: Number,
    momentum: Number,
    nesterov: bool = False,
    rate_in_velocity: bool = True,
) -> MomentumStep:
    """Take a step with a velocity, which gradients change as forces change that of a rolling ball.

    Why: where gradients point the same way again and again, steps become up to 1/(1 - μ) times as long; where they
    change sign, as across a narrow valley, they cancel. Nesterov's variant takes the step that the next one would
    begin with.

    Formula:
        v ← μ·v - η·g,  θ ← θ + v;              Nesterov: θ ← θ + μ·v - η·g          with the rate in the velocity
        v ← μ·v + g,    θ ← θ - η·v;            Nesterov: θ ← θ - (η·g + η·μ·v)      without
        With one rate for all steps the parameters are the same. With changing rates they aren't: a rate in the velocity
        is that of the gradient's own step for ever.

    Args:
        parameters: θ, an array of any shape.
        gradients: g, same shape.
        velocity: v, same shape; zeros before the first step.
        learning_rate: η ≥ 0.
        momentum: μ from 0 to 1, usually 0.9; 0 is gradient descent.
        nesterov: whether to use Nesterov's variant.
        rate_in_velocity: whether velocities are multiplied by η when they are made (Keras 3) or when they are used
            (TensorFlow 1).

    Returns:
        MomentumStep(parameters, velocity), both of that shape.

    Raises:
        InvalidArgument: if an array is empty or ragged, the shapes differ, or a number is out of its range.

    Source:
        reinert-intro, "Usual Suspects": tf.train.MomentumOptimizer.

    >>> momentum([1.0], [4.0], [2.0], learning_rate=0.25, momentum=0.5)
    MomentumStep(parameters=[1.0], velocity=[0.0])
    >>> momentum([1.0], [4.0], [2.0], learning_rate=0.25, momentum=0.5, rate_in_velocity=False)
    MomentumStep(parameters=[-0.25], velocity=[5.0])
    """
    require_step(parameters, learning_rate, gradients=gradients, velocity=velocity)
    require_number("momentum", momentum, 0, 1)
    require_truth("nesterov", nesterov)
    require_truth("rate_in_velocity", rate_in_velocity)
    rate, mu = beside(flatten(parameters)[0], learning_rate, momentum)
    if rate_in_velocity:
        velocity = elementwise(lambda v, g: mu * v - rate * g, velocity, gradients)
        steps = elementwise(lambda v, g: mu * v - rate * g, velocity, gradients) if nesterov else velocity
        return MomentumStep(elementwise(add, parameters, steps), velocity)
    velocity = elementwise(lambda v, g: mu * v + g, velocity, gradients)
    steps = elementwise(lambda v, g: rate * g + rate * mu * v if nesterov else rate * v, velocity, gradients)
    return MomentumStep(elementwise(sub, parameters, steps), velocity)


def exponential_decay(
    learning_rates: Array, *, step: int, decay_steps: int, decay_rate: Number, staircase: bool = False
) -> Array:
    """Lower learning rates by the same factor every so many steps, gradually or all at once.

    Why: large rates get near a minimum fast, small ones stay there.

    Formula:
        η·r^(t/T) = η·e^(log(r)·t/T); staircase: η·r^⌊t/T⌋

    Args:
        learning_rates: η, the rates to begin with, an array of any shape: a single one, or one for each layer.
        step: t, an integer from 0.
        decay_steps: T, a positive integer.
        decay_rate: r > 0, below 1 if rates are to fall.
        staircase: whether they fall all at once, after T steps.

    Returns:
        The rates for step t, same shape.

    Raises:
        InvalidArgument: if the array is empty or ragged, or a number is out of its range.

    Source:
        reinert-intro, "Finding the optimal learning rate".

    >>> exponential_decay([0.5, 1.0], step=5, decay_steps=2, decay_rate=0.5, staircase=True)
    [0.125, 0.25]
    """
    require_array("learning_rates", learning_rates)
    require_step_number(step)
    require_positive_integer("decay_steps", decay_steps)
    require_number("decay_rate", decay_rate, above=0)
    require_truth("staircase", staircase)
    (rate,) = beside(flatten(learning_rates)[0], decay_rate)
    if staircase:
        step -= step % decay_steps
    factor = exp(log(rate) * step / decay_steps) if step else 1
    return elementwise(lambda eta: eta * factor, learning_rates)


def require_step(parameters: Array, learning_rate: Number, **others: Array) -> None:
    """Check that there is an entry of everything for each parameter, and the learning rate."""
    lengths = require_array("parameters", parameters)
    for name, value in others.items():
        require_shape(name, value, lengths, "as parameters has")
    require_number("learning_rate", learning_rate, 0)


def require_truth(argument: str, value: object) -> None:
    """Check that a choice is True or False."""
    if not isinstance(value, bool):
        raise InvalidArgument(argument, "True or False", repr(value))


def require_step_number(step: object) -> None:
    """Check that a step's number is an integer from 0."""
    if not is_integer(step) or int(step) < 0:
        raise InvalidArgument("step", "an integer of at least 0", repr(step))
