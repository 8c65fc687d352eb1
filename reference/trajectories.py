"""Trajectories: an optimizer's steps one after the other, on all examples at once, on some, or on one at a time."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from reference.arrays import Array, dot, require_array, require_shape, total, transpose
from reference.errors import InvalidArgument, require_positive_integer

__all__ = ["Trajectory", "batch_gradients", "trajectory"]

#: The gradient at some parameters, in the step of some number from 1.
GradientOf = Callable[[Array, int], Array]


class Trajectory(NamedTuple):
    """Where `trajectory` went: one entry of each column for each step. Prints as a table."""

    final_parameters: Array
    parameters: Array
    gradients: Array

    def __str__(self) -> str:
        rows = [("step", "parameters", "gradients")]
        rows += [(str(t), str(p), str(g)) for t, (p, g) in enumerate(zip(*self[1:], strict=True), 1)]
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        lines = [f"{t:>{widths[0]}}   {p:<{widths[1]}}   {g}".rstrip() for t, p, g in rows]
        return "\n".join([*lines, f"{self.final_parameters} at the end"])


def trajectory(
    optimizer: Callable[..., Any],
    gradient_of: GradientOf,
    parameters: Array,
    *state: Array,
    steps: int,
    **hyperparameters: Any,
) -> Trajectory:
    """Take some steps of an optimizer.

    Why: what the slides call loss optimization: compute the gradient, take a step, and do it again.

    Formula:
        for t = 1 … steps:  g ← gradient_of(θ, t);  θ, state ← optimizer(θ, g, state)

    Args:
        optimizer: a step function: `gradient_descent`, `momentum`, `adagrad`, `adadelta`, `rmsprop` or `adam`.
        gradient_of: a function of the parameters and the step's number from 1, which returns the gradients.
        parameters: θ, to begin with.
        state: what else the optimizer begins with: velocities, accumulators.
        steps: how many.
        hyperparameters: of the optimizer; the number of a step it is told by itself, if it wants that.

    Returns:
        Trajectory(final_parameters, and for each step the parameters before it and the gradients).

    Raises:
        InvalidArgument: if steps isn't a positive integer, or as the optimizer.

    Source:
        reinert-intro, "Loss Optimization by Gradient Descent", "How can we optimize loss optimization?" and "Learning
        Rates visualized": what a small learning rate does, a large one, and one that suits.

    >>> from reference import gradient_descent
    >>> print(trajectory(gradient_descent, lambda p, t: [2 * p[0]], [8.0], steps=3, learning_rate=0.25))
    step   parameters   gradients
       1   [8.0]        [16.0]
       2   [4.0]        [8.0]
       3   [2.0]        [4.0]
    [1.0] at the end
    """
    wants_step = "step" in inspect.signature(optimizer).parameters
    rows: list[tuple[Array, Array]] = []
    for number in range(1, require_positive_integer("steps", steps) + 1):
        gradients = gradient_of(parameters, number)
        rows.append((parameters, gradients))
        numbered = {"step": number} if wants_step else {}
        came = optimizer(parameters, gradients, *state, **numbered, **hyperparameters)
        parameters, *rest = came if isinstance(came, tuple) else (came,)
        state = tuple(rest)
    return Trajectory(parameters, *(list(column) for column in zip(*rows, strict=True)))


def batch_gradients(features: Array, targets: Array, *, batch_size: int) -> GradientOf:
    """The gradients of a linear model's mean squared error, each from the next few examples.

    Why: the slides' two compromises. All N examples make the gradient itself; one makes stochastic gradient descent,
    cheap and noisy; a few, a batch, lie in between.

    Formula:
        J(w) = (1/B)·Σₖ (⟨xₖ, w⟩ - yₖ)²,  ∂J/∂w = (2/B)·Σₖ (⟨xₖ, w⟩ - yₖ)·xₖ, over the B examples whose turn it is

    Args:
        features: [N, D], one example a row.
        targets: [N].
        batch_size: B, from 1 to N; after the last example comes the first.

    Returns:
        A function of the weights [D] and the step's number, for `trajectory`.

    Raises:
        InvalidArgument: if the shapes don't fit, or a batch would have more examples than there are.

    Source:
        reinert-intro, "Fixing the Gradient Computation Bottleneck": stochastic gradient descent, and batches.

    >>> from reference import gradient_descent
    >>> one_by_one = batch_gradients([[1, 1], [1, 2]], [4, 2], batch_size=1)
    >>> print(trajectory(gradient_descent, one_by_one, [0, 0], steps=3, learning_rate=0.25))
    step   parameters    gradients
       1   [0, 0]        [-8.0, -8.0]
       2   [2.0, 2.0]    [8.0, 16.0]
       3   [0.0, -2.0]   [-12.0, -12.0]
    [3.0, 1.0] at the end
    """
    count = require_array("features", features, "N D")[0]
    require_shape("targets", targets, (count,), f"for {count} examples")
    size = require_positive_integer("batch_size", batch_size)
    if size > count:
        raise InvalidArgument("batch_size", f"at most {count}, as there are examples", repr(batch_size))

    def gradient_of(weights: Array, step: int) -> Array:
        batch = [number % count for number in range((step - 1) * size, step * size)]
        errors = [dot(features[k], weights) - targets[k] for k in batch]
        columns = transpose([features[k] for k in batch])
        return [2 * total(e * x for e, x in zip(errors, column, strict=True)) / size for column in columns]

    return gradient_of
