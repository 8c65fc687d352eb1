"""Optimizers in another way: means that move by a part of the distance to what is new, and reciprocal roots."""

from __future__ import annotations

from reference.adaptive_optimizers import AdagradStep, AdamStep, adagrad, require_adam
from reference.arrays import Array, Number, elementwise, flatten
from reference.elementary import power, sqrt
from reference.numbers.mixing import beside
from reference.optimizers import require_step

__all__ = ["incremental_adam", "interpolating_adam", "reciprocal_adagrad"]


def incremental_adam(
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
    """`adam` with its means as TensorFlow and Keras compute them: m + (g - m)·(1 - β).

    One product less. Where β is small, g - m and m cancel: what is left of m is off by as much as all of it would be.

    Formula:
        m ← m + (g - m)·(1 - β₁),  v ← v + (g² - v)·(1 - β₂)
        θ ← θ - m·α/(√v + ε̂),  α = η·√(1 - β₂ᵗ)/(1 - β₁ᵗ),  ε̂ = ε·√(1 - β₂ᵗ) unless it is given

    Args:
        parameters: as in `reference.adam`, and so are all others.
        gradients: g.
        first_moment: m.
        second_moment: v.
        step: t.
        learning_rate: η.
        beta_1: β₁.
        beta_2: β₂.
        epsilon: ε or ε̂.
        epsilon_hat: which of them.

    Returns:
        AdamStep(parameters, first_moment, second_moment).

    Raises:
        InvalidArgument: as `reference.adam`.

    Source:
        keras.optimizers.Adam, update_step.

    >>> incremental_adam([1.0], [4.0], [0.0], [0.0], step=1, learning_rate=0.25, beta_1=0.5, beta_2=0.75, epsilon=0)
    AdamStep(parameters=[0.75], first_moment=[2.0], second_moment=[4.0])
    """
    moments = {"first_moment": first_moment, "second_moment": second_moment}
    require_step(parameters, learning_rate, gradients=gradients, **moments)
    require_adam(step, beta_1, beta_2, epsilon, epsilon_hat)
    rate, b1, b2, small = beside(flatten(parameters)[0], learning_rate, beta_1, beta_2, epsilon)
    root = sqrt(1 - power(b2, step))
    alpha = rate * root / (1 - power(b1, step))
    small = small if epsilon_hat else small * root
    first_moment = elementwise(lambda m, g: m + (g - m) * (1 - b1), first_moment, gradients)
    second_moment = elementwise(lambda v, g: v + (g * g - v) * (1 - b2), second_moment, gradients)
    parameters = elementwise(lambda p, m, v: p - m * alpha / (sqrt(v) + small), parameters, first_moment, second_moment)
    return AdamStep(parameters, first_moment, second_moment)


def interpolating_adam(
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
    """`adam` with a first moment that is interpolated, from the end that is nearer, and corrections one by one.

    A linear interpolation is an operation of its own in many libraries; from the nearer end it never overshoots.

    Formula:
        m ← m + (g - m)·(1 - β₁) if 1 - β₁ < 1/2, else g - (g - m)·β₁;  v ← β₂·v + (1 - β₂)·g²
        θ ← θ - η/(1 - β₁ᵗ)·m/(√v/√(1 - β₂ᵗ) + ε)

    Args:
        parameters: as in `reference.adam`, and so are all others.
        gradients: g.
        first_moment: m.
        second_moment: v.
        step: t.
        learning_rate: η.
        beta_1: β₁.
        beta_2: β₂.
        epsilon: ε.
        epsilon_hat: whether ε is the paper's ε̂, which stands beside √v.

    Returns:
        AdamStep(parameters, first_moment, second_moment).

    Raises:
        InvalidArgument: as `reference.adam`.

    Source:
        torch.optim.Adam.

    >>> interpolating_adam([1.0], [4.0], [0.0], [0.0], step=1, learning_rate=0.25, beta_1=0.5, beta_2=0.75, epsilon=0)
    AdamStep(parameters=[0.75], first_moment=[2.0], second_moment=[4.0])
    """
    moments = {"first_moment": first_moment, "second_moment": second_moment}
    require_step(parameters, learning_rate, gradients=gradients, **moments)
    require_adam(step, beta_1, beta_2, epsilon, epsilon_hat)
    rate, b1, b2, small = beside(flatten(parameters)[0], learning_rate, beta_1, beta_2, epsilon)
    root = sqrt(1 - power(b2, step))
    rate = rate / (1 - power(b1, step))
    small = small / root if epsilon_hat else small
    weight = 1 - b1

    def interpolated(m: Number, g: Number) -> Number:
        return m + (g - m) * weight if weight < 1 / 2 else g - (g - m) * b1

    first_moment = elementwise(interpolated, first_moment, gradients)
    second_moment = elementwise(lambda v, g: b2 * v + (1 - b2) * (g * g), second_moment, gradients)
    parameters = elementwise(
        lambda p, m, v: p - rate * m / (sqrt(v) / root + small), parameters, first_moment, second_moment
    )
    return AdamStep(parameters, first_moment, second_moment)


def reciprocal_adagrad(
    parameters: Array,
    gradients: Array,
    accumulator: Array,
    *,
    learning_rate: Number,
    epsilon: Number = 1e-7,
    epsilon_inside_root: bool = True,
) -> AdagradStep:
    """`adagrad` as TensorFlow 1 computes it, who has no ε: times the reciprocal of the root. With an ε it is the same.

    A machine finds 1/√a at once, and multiplies faster than it divides; the product is rounded once more.

    Formula:
        a ← a + g²,  θ ← θ - η·g·(1/√a)

    Args:
        parameters: as in `reference.adagrad`, and so are all others.
        gradients: g.
        accumulator: a.
        learning_rate: η.
        epsilon: ε.
        epsilon_inside_root: whether ε stands inside the root; TensorFlow 1's is a 0 that stands outside.

    Returns:
        AdagradStep(parameters, accumulator).

    Raises:
        InvalidArgument: as `reference.adagrad`.

    Source:
        tf.compat.v1.train.AdagradOptimizer, the kernel ApplyAdagrad.

    >>> reciprocal_adagrad([1.0], [4.0], [0.0], learning_rate=0.5, epsilon=0, epsilon_inside_root=False)
    AdagradStep(parameters=[0.5], accumulator=[16.0])
    """
    how = {"epsilon": epsilon, "epsilon_inside_root": epsilon_inside_root}
    step = adagrad(parameters, gradients, accumulator, learning_rate=learning_rate, **how)
    if epsilon_inside_root or epsilon != 0:
        return step
    (rate,) = beside(flatten(parameters)[0], learning_rate)
    parameters = elementwise(lambda p, g, a: p - rate * g * (1 / sqrt(a)), parameters, gradients, step.accumulator)
    return AdagradStep(parameters, step.accumulator)
