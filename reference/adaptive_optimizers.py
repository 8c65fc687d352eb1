"""Optimizers with a rate for each parameter, found from its own gradients: one step of each.

Frameworks agree on what these methods are called, and differ in where the small ε stands that keeps a divisor from 0,
and in what an accumulator starts from. Here the first is a parameter, and the second an argument like any state.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import sub
from typing import NamedTuple

from reference.arrays import Array, Number, elementwise, flatten
from reference.elementary import power, sqrt
from reference.errors import require_number, require_positive_integer
from reference.numbers.mixing import beside
from reference.optimizers import require_step, require_truth

__all__ = [
    "AdadeltaStep",
    "AdagradStep",
    "AdamStep",
    "RMSPropStep",
    "adadelta",
    "adagrad",
    "adam",
    "rmsprop",
]


class AdagradStep(NamedTuple):
    """What `adagrad` returns: the parameters after the step, and the sum of all squared gradients."""

    parameters: Array
    accumulator: Array


class AdadeltaStep(NamedTuple):
    """What `adadelta` returns: the parameters after the step, and the running means of squares."""

    parameters: Array
    mean_squares: Array
    mean_squared_updates: Array


class RMSPropStep(NamedTuple):
    """What `rmsprop` returns: the parameters after the step, and the running mean of squared gradients."""

    parameters: Array
    mean_squares: Array


class AdamStep(NamedTuple):
    """What `adam` returns: the parameters after the step, and the running means of gradients and their squares."""

    parameters: Array
    first_moment: Array
    second_moment: Array


def adagrad(
    parameters: Array,
    gradients: Array,
    accumulator: Array,
    *,
    learning_rate: Number,
    epsilon: Number = 1e-7,
    epsilon_inside_root: bool = True,
) -> AdagradStep:
    """Divide each parameter's rate by the root of the sum of its squared gradients.

    Why: a parameter whose gradients are rare or small still learns, one whose gradients are large is held back. The
    sum never falls, so every rate falls for ever.

    Formula:
        a ← a + g²,  θ ← θ - η·g/√(a + ε), or η·g/(√a + ε)

    Args:
        parameters: θ, an array of any shape.
        gradients: g, same shape.
        accumulator: a, same shape, entries ≥ 0; 0.1 each before the first step in TensorFlow 1 and Keras 3.
        learning_rate: η ≥ 0.
        epsilon: ε ≥ 0; TensorFlow 1 has none, which is 0. With 0, a gradient that was always 0 makes 0/0.
        epsilon_inside_root: whether ε stands inside the root, as in Keras 3, or outside.

    Returns:
        AdagradStep(parameters, accumulator), both of that shape.

    Raises:
        InvalidArgument: if an array is empty or ragged, the shapes differ, or a number is out of its range.

    Source:
        reinert-intro, "Usual Suspects": tf.train.AdagradOptimizer.

    >>> adagrad([1.0], [4.0], [9.0], learning_rate=0.5, epsilon=0)
    AdagradStep(parameters=[0.6], accumulator=[25.0])
    """
    require_step(parameters, learning_rate, gradients=gradients, accumulator=accumulator)
    rate, epsilon = beside(flatten(parameters)[0], learning_rate, require_number("epsilon", epsilon, 0))
    root = rooted(epsilon, epsilon_inside_root)
    accumulator = elementwise(lambda a, g: a + g * g, accumulator, gradients)
    parameters = elementwise(lambda p, g, a: p - rate * g / root(a), parameters, gradients, accumulator)
    return AdagradStep(parameters, accumulator)


def adadelta(
    parameters: Array,
    gradients: Array,
    mean_squares: Array,
    mean_squared_updates: Array,
    *,
    learning_rate: Number = 1.0,
    rho: Number = 0.95,
    epsilon: Number = 1e-7,
) -> AdadeltaStep:
    """Take steps as long as earlier ones were, relative to how large the gradient is among earlier ones.

    Why: the method has no rate to be found: the ratio of two roots of means of squares has a parameter's own unit. How
    long the first steps are, ε decides.

    Formula:
        s ← ρ·s + (1 - ρ)·g²,  Δ = √(u + ε)·g/√(s + ε),  u ← ρ·u + (1 - ρ)·Δ²,  θ ← θ - η·Δ

    Args:
        parameters: θ, an array of any shape.
        gradients: g, same shape.
        mean_squares: s, same shape, entries ≥ 0; zeros before the first step.
        mean_squared_updates: u, same shape, entries ≥ 0; zeros before the first step.
        learning_rate: η ≥ 0, 1 in the method itself; frameworks have one nevertheless, and 0.001 for who says nothing.
        rho: ρ from 0 to below 1.
        epsilon: ε ≥ 0; 10⁻⁸ in TensorFlow 1, 10⁻⁷ in Keras 3, both inside the roots.

    Returns:
        AdadeltaStep(parameters, mean_squares, mean_squared_updates), all of that shape.

    Raises:
        InvalidArgument: if an array is empty or ragged, the shapes differ, or a number is out of its range.

    Source:
        reinert-intro, "Usual Suspects": tf.train.AdadeltaOptimizer; Zeiler, ADADELTA: An Adaptive Learning Rate Method.

    >>> adadelta([1.0], [4.0], [2.0], [9.0], rho=0.5, epsilon=0)
    AdadeltaStep(parameters=[-3.0], mean_squares=[9.0], mean_squared_updates=[12.5])
    """
    means = {"mean_squares": mean_squares, "mean_squared_updates": mean_squared_updates}
    require_step(parameters, learning_rate, gradients=gradients, **means)
    require_number("rho", rho, 0, below=1)
    require_number("epsilon", epsilon, 0)
    rate, rho, epsilon = beside(flatten(parameters)[0], learning_rate, rho, epsilon)
    root = rooted(epsilon, True)
    mean_squares = elementwise(lambda s, g: rho * s + (1 - rho) * (g * g), mean_squares, gradients)
    updates = elementwise(lambda u, g, s: root(u) * g / root(s), mean_squared_updates, gradients, mean_squares)
    mean_squared_updates = elementwise(lambda u, d: rho * u + (1 - rho) * (d * d), mean_squared_updates, updates)
    parameters = elementwise(lambda p, d: p - rate * d, parameters, updates)
    return AdadeltaStep(parameters, mean_squares, mean_squared_updates)


def rmsprop(
    parameters: Array,
    gradients: Array,
    mean_squares: Array,
    *,
    learning_rate: Number,
    rho: Number = 0.9,
    epsilon: Number = 1e-7,
    epsilon_inside_root: bool = True,
) -> RMSPropStep:
    """Divide each parameter's rate by the root of a running mean of its squared gradients.

    Why: as Adagrad, but what was long ago is forgotten, and rates may rise again.

    Formula:
        s ← ρ·s + (1 - ρ)·g²,  θ ← θ - η·g/√(s + ε), or η·g/(√s + ε)

    Args:
        parameters: θ, an array of any shape.
        gradients: g, same shape.
        mean_squares: s, same shape, entries ≥ 0; before the first step ones in TensorFlow 1, zeros in Keras 3.
        learning_rate: η ≥ 0.
        rho: ρ from 0 to below 1, TensorFlow 1's decay.
        epsilon: ε ≥ 0; 10⁻¹⁰ in TensorFlow 1, 10⁻⁷ in Keras 3.
        epsilon_inside_root: whether ε stands inside the root, as in both of them, or outside.

    Returns:
        RMSPropStep(parameters, mean_squares), both of that shape.

    Raises:
        InvalidArgument: if an array is empty or ragged, the shapes differ, or a number is out of its range.

    Source:
        reinert-intro, "Usual Suspects": tf.train.RMSPropOptimizer.

    >>> rmsprop([1.0], [4.0], [2.0], learning_rate=0.75, rho=0.5, epsilon=0)
    RMSPropStep(parameters=[0.0], mean_squares=[9.0])
    """
    require_step(parameters, learning_rate, gradients=gradients, mean_squares=mean_squares)
    require_number("rho", rho, 0, below=1)
    require_number("epsilon", epsilon, 0)
    rate, rho, epsilon = beside(flatten(parameters)[0], learning_rate, rho, epsilon)
    root = rooted(epsilon, epsilon_inside_root)
    mean_squares = elementwise(lambda s, g: rho * s + (1 - rho) * (g * g), mean_squares, gradients)
    parameters = elementwise(lambda p, g, s: p - rate * g / root(s), parameters, gradients, mean_squares)
    return RMSPropStep(parameters, mean_squares)


def adam(
    parameters: Array,
    gradients: Array,
    first_moment: Array,
    second_moment: Array,
    *,
    step: int,
    learning_rate: Number = 0.001,
    beta_1: Number = 0.9,
    beta_2: Number = 0.999,
    epsilon: Number = 1e-7,
    epsilon_hat: bool = False,
) -> AdamStep:
    """Divide a running mean of gradients by the root of a running mean of their squares.

    Why: momentum and RMSProp together. Means that start from 0 are too small at first; dividing by 1 - βᵗ makes up for
    it, so that the first step is as long as the rate says, whatever the gradient's scale.

    Formula:
        m ← β₁·m + (1 - β₁)·g,  v ← β₂·v + (1 - β₂)·g²
        θ ← θ - η·m̂/(√v̂ + ε)  with m̂ = m/(1 - β₁ᵗ), v̂ = v/(1 - β₂ᵗ)
        θ ← θ - α·m/(√v + ε̂)  with α = η·√(1 - β₂ᵗ)/(1 - β₁ᵗ): the same, if ε̂ = ε·√(1 - β₂ᵗ)

    Args:
        parameters: θ, an array of any shape.
        gradients: g, same shape.
        first_moment: m, same shape; zeros before the first step.
        second_moment: v, same shape, entries ≥ 0; zeros before the first step.
        step: t, the number of this step, from 1.
        learning_rate: η ≥ 0.
        beta_1: β₁ from 0 to below 1.
        beta_2: β₂ from 0 to below 1.
        epsilon: ε or ε̂ ≥ 0; 10⁻⁸ in TensorFlow 1, 10⁻⁷ in Keras 3.
        epsilon_hat: whether epsilon is ε̂, beside the root of the uncorrected mean, as in both of them.

    Returns:
        AdamStep(parameters, first_moment, second_moment), all of that shape.

    Raises:
        InvalidArgument: if an array is empty or ragged, the shapes differ, or a number is out of its range.

    Source:
        reinert-intro, "Usual Suspects": tf.train.AdamOptimizer; Kingma and Ba, Adam: A Method for Stochastic
        Optimization, algorithm 1 and the end of section 2.

    >>> adam([1.0], [4.0], [0.0], [0.0], step=1, learning_rate=0.25, beta_1=0.5, beta_2=0.75, epsilon=0)
    AdamStep(parameters=[0.75], first_moment=[2.0], second_moment=[4.0])
    """
    moments = {"first_moment": first_moment, "second_moment": second_moment}
    require_step(parameters, learning_rate, gradients=gradients, **moments)
    require_adam(step, beta_1, beta_2, epsilon, epsilon_hat)
    rate, b1, b2, epsilon = beside(flatten(parameters)[0], learning_rate, beta_1, beta_2, epsilon)
    first_moment = elementwise(lambda m, g: b1 * m + (1 - b1) * g, first_moment, gradients)
    second_moment = elementwise(lambda v, g: b2 * v + (1 - b2) * (g * g), second_moment, gradients)
    correction_1, correction_2 = 1 - power(b1, step), 1 - power(b2, step)
    if epsilon_hat:
        alpha = rate * sqrt(correction_2) / correction_1
        changes = elementwise(lambda m, v: alpha * m / (sqrt(v) + epsilon), first_moment, second_moment)
    else:
        corrected = elementwise(lambda m: m / correction_1, first_moment)
        roots = elementwise(lambda v: sqrt(v / correction_2), second_moment)
        changes = elementwise(lambda m, root: rate * m / (root + epsilon), corrected, roots)
    parameters = elementwise(sub, parameters, changes)
    return AdamStep(parameters, first_moment, second_moment)


def rooted(epsilon: Number, epsilon_inside_root: bool) -> Callable[[Number], Number]:
    """The root of a mean or sum of squares, with ε inside or outside."""
    require_truth("epsilon_inside_root", epsilon_inside_root)
    return (lambda x: sqrt(x + epsilon)) if epsilon_inside_root else (lambda x: sqrt(x) + epsilon)


def require_adam(step: int, beta_1: Number, beta_2: Number, epsilon: Number, epsilon_hat: bool) -> None:
    """Check what only `adam` is told."""
    require_positive_integer("step", step)
    require_number("beta_1", beta_1, 0, below=1)
    require_number("beta_2", beta_2, 0, below=1)
    require_number("epsilon", epsilon, 0)
    require_truth("epsilon_hat", epsilon_hat)
