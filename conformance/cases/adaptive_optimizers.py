"""Drawing steps of optimizers with a rate for each parameter, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.cases.optimizers import TOGETHER, gradient_descent, parameters_of, rate, shape_of
from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact
from conformance.spaces import Configuration

#: Where ε stands.
PLACES = (True, False)
#: The numbers of steps, around where corrections matter and where they no longer do.
STEPS = (1, 2, 3, 4, 5, 10, 100, 1000)


def decay(draw: Draw, *options: float) -> float:
    """A number from 0 to below 1; not 0 for means of squares, which would vanish with a gradient and divide by it."""
    number = draw.number(*options)
    return number if number < 1 else options[0]


def epsilon(draw: Draw) -> float:
    return draw.number(1e-7, 1.0, 0.25, 0.0)


def _step(draw: Draw, c: Configuration, *state: str) -> dict[str, Any]:
    """Parameters and gradients, state that is a mean or sum of squares, and a learning rate."""
    squares = {name: draw.array(*shape_of(c), positive=True) for name in state}
    return {**gradient_descent.draw(draw, c), **squares}


def _slopes(draw: Draw) -> Any:
    """Gradients, none of them 0."""
    drawn = draw.array(*draw.sizes(8))
    return np.where(drawn == 0, draw.dtype.type(1), drawn)


def _squared(number: Any) -> Any:
    return number * number


@case(parameters_of(8, epsilon_inside_root=PLACES), TOGETHER)
def adagrad(draw: Draw, c: Configuration) -> dict[str, Any]:
    given = _step(draw, c, "accumulator")
    return {**given, "epsilon": epsilon(draw), "epsilon_inside_root": c.epsilon_inside_root}


@law(adagrad)
def adagrad_divides_rates_by_the_root_of_a_sum_that_only_grows(draw: Draw, trial: Trial) -> None:
    """Twice the same gradient: the square of each step, times the sum, is (ηg)²; so the second step is shorter."""
    g, eta = _slopes(draw), rate(draw)
    p, a = np.zeros_like(g), draw.array(len(g), positive=True)
    how = {"learning_rate": eta, "epsilon": 0.0, "epsilon_inside_root": draw.choice(True, False)}
    first = trial.run(p, g, a, **how)
    sums = exact(a) + exact(g) ** 2
    trial.agree(first.accumulator, sums)
    trial.agree(_squared(first.parameters) * sums, (Fraction(eta) * exact(g)) ** 2)
    second = trial.run(p, g, trial.returned[1].astype(draw.dtype), **how)
    never_longer = all(x.low <= y.high for x, y in zip(*map(_squared, (second[0], first[0])), strict=True))
    trial.holds(never_longer, "rates that never rise", second.parameters)


@law(adagrad)
def adagrad_does_not_depend_on_the_scale_of_gradients(draw: Draw, trial: Trial) -> None:
    """Without an ε; a step as long as the gradient's own scale is gradient descent's."""
    g, eta = _slopes(draw), rate(draw)
    p, a, scale = draw.array(len(g)), draw.array(len(g), positive=True), draw.dtype.type(draw.choice(2.0, 0.5, 16.0))
    how = {"learning_rate": eta, "epsilon": 0.0, "epsilon_inside_root": draw.choice(True, False)}
    trial.agree(trial.run(p, g, a, **how).parameters, trial.run(p, scale * g, scale**2 * a, **how).parameters)


@law(adagrad)
def adagrad_has_its_epsilon_where_it_says(draw: Draw, trial: Trial) -> None:
    """ε inside the root is ε more in the sum; outside, ε = 3√(sum) makes a quarter of the step."""
    root = draw.array(*draw.sizes(8), positive=True)
    p, g = np.zeros_like(root), np.zeros_like(root) + draw.dtype.type(1)
    a, eta, extra = root * root + draw.dtype.type(3), rate(draw), draw.choice(1.0, 0.25, 2.0)
    inside = trial.run(p, g, a, learning_rate=eta, epsilon=extra)
    trial.agree(_squared(inside.parameters) * (exact(a) + 1 + Fraction(extra)), Fraction(eta) ** 2)
    of_four = np.array([3.0], draw.dtype), {"learning_rate": eta, "epsilon": 6.0, "epsilon_inside_root": False}
    outside = trial.run(np.zeros(1, draw.dtype), np.ones(1, draw.dtype), of_four[0], **of_four[1])
    trial.agree(outside.parameters * 8, -Fraction(eta))


@case(parameters_of(16), TOGETHER)
def adadelta(draw: Draw, c: Configuration) -> dict[str, Any]:
    given = _step(draw, c, "mean_squares", "mean_squared_updates")
    return {**given, "rho": decay(draw, 0.5, 0.25, 0.75), "epsilon": epsilon(draw)}


@law(adadelta)
def adadelta_takes_steps_in_the_unit_of_its_updates(draw: Draw, trial: Trial) -> None:
    """Δ²·(s + ε) = (u + ε)·g², with the new mean of gradients and the old one of updates; then u learns of Δ."""
    g, rho, extra = _slopes(draw), draw.choice(0.5, 0.25, 0.75), draw.choice(0.25, 1.0, 0.0)
    s, u = (draw.array(len(g), positive=True) for _ in range(2))
    came = trial.run(np.zeros_like(g), g, s, u, learning_rate=1.0, rho=rho, epsilon=extra)
    mean = Fraction(rho) * exact(s) + (1 - Fraction(rho)) * exact(g) ** 2
    trial.agree(came.mean_squares, mean)
    updates = _squared(came.parameters)
    trial.agree(updates * (mean + Fraction(extra)), (exact(u) + Fraction(extra)) * exact(g) ** 2)
    trial.agree(came.mean_squared_updates, updates * (1 - Fraction(rho)) + Fraction(rho) * exact(u))


@law(adadelta)
def adadelta_does_not_depend_on_the_scale_of_gradients(draw: Draw, trial: Trial) -> None:
    """Whatever unit the loss is measured in, without an ε; and a rate scales steps, but not what is learnt of them."""
    g, rho = _slopes(draw), draw.choice(0.5, 0.25, 0.75)
    p, scale = np.zeros_like(g), draw.dtype.type(draw.choice(2.0, 0.5, 16.0))
    s, u = (draw.array(len(g), positive=True) for _ in range(2))
    one = trial.run(p, g, s, u, learning_rate=1.0, rho=rho, epsilon=0.0)
    other = trial.run(p, scale * g, scale**2 * s, u, learning_rate=0.5, rho=rho, epsilon=0.0)
    trial.agree(one.parameters, other.parameters * 2)
    trial.agree(one.mean_squared_updates, other.mean_squared_updates)


@case(parameters_of(10, epsilon_inside_root=PLACES), TOGETHER)
def rmsprop(draw: Draw, c: Configuration) -> dict[str, Any]:
    given = _step(draw, c, "mean_squares")
    how = {"rho": decay(draw, 0.5, 0.25, 0.75), "epsilon": epsilon(draw)}
    return {**given, **how, "epsilon_inside_root": c.epsilon_inside_root}


@law(rmsprop)
def rmsprop_takes_a_first_step_of_a_length_that_its_rates_say(draw: Draw, trial: Trial) -> None:
    """From a mean of 0, η/√(1 - ρ) against the gradient's sign, whatever its size."""
    g, eta, rho = _slopes(draw), rate(draw), draw.choice(0.75, 0.5, 0.25)
    how = {"learning_rate": eta, "rho": rho, "epsilon": 0.0, "epsilon_inside_root": draw.choice(True, False)}
    came = trial.run(np.zeros_like(g), g, np.zeros_like(g), **how)
    trial.agree(_squared(came.parameters) * (1 - Fraction(rho)), Fraction(eta) ** 2)
    trial.holds(all(x.low < 0 for x in came.parameters * exact(np.sign(g))), "a step down", came.parameters)


@law(rmsprop)
def rmsprop_keeps_a_mean_that_is_right_already(draw: Draw, trial: Trial) -> None:
    """Of squares that are all the same, the mean is that square; and the step is η·g/(|g| + ε)."""
    g, eta, extra = _slopes(draw), rate(draw), draw.choice(1.0, 0.25, 0.0)
    how = {"learning_rate": eta, "rho": draw.choice(0.5, 0.25, 0.75), "epsilon": extra}
    outside = trial.run(np.zeros_like(g), g, g * g, **how, epsilon_inside_root=False)
    trial.agree(outside.mean_squares, exact(g) ** 2)
    trial.agree(outside.parameters * (abs(exact(g)) + Fraction(extra)), -Fraction(eta) * exact(g))
    inside = trial.run(np.zeros_like(g), g, g * g, **how)
    trial.agree(_squared(inside.parameters) * (exact(g) ** 2 + Fraction(extra)), (Fraction(eta) * exact(g)) ** 2)


@case(parameters_of(20, step=STEPS, epsilon_hat=(False, True)), TOGETHER)
def adam(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {
        **gradient_descent.draw(draw, c),
        "first_moment": draw.array(*shape_of(c)),
        "second_moment": draw.array(*shape_of(c), positive=True),
        "step": c.step,
        "beta_1": decay(draw, 0.5, 0.75, 0.25, 0.0),
        "beta_2": decay(draw, 0.75, 0.5, 0.25),
        "epsilon": epsilon(draw),
        "epsilon_hat": c.epsilon_hat,
    }


@law(adam)
def adam_takes_a_first_step_as_long_as_its_rate(draw: Draw, trial: Trial) -> None:
    """Whatever the gradient's scale, as ε vanishes: that is what the corrections of the means are for."""
    g, eta = _slopes(draw), rate(draw)
    how = {"beta_1": decay(draw, 0.5, 0.75), "beta_2": decay(draw, 0.75, 0.5), "epsilon_hat": draw.choice(False, True)}
    zero = np.zeros_like(g)
    came = trial.run(zero, g, zero, zero, step=1, learning_rate=eta, epsilon=0.0, **how)
    trial.agree(came.parameters, -Fraction(eta) * exact(np.sign(g)))


@law(adam)
def adam_takes_steps_as_long_as_its_rate_while_gradients_stay_the_same(draw: Draw, trial: Trial) -> None:
    """After t steps the uncorrected means are (1 - βᵗ)·g and (1 - βᵗ)·g²; corrected, g and g² at every step."""
    g, eta, step, hat = _slopes(draw), rate(draw), draw.integer(1, 4), draw.choice(False, True)
    beta_1, beta_2 = draw.choice(0.5, 0.25), draw.choice(0.5, 0.25)
    m, v = (draw.dtype.type(1 - beta ** (step - 1)) for beta in (beta_1, beta_2))
    how = {"step": step, "learning_rate": eta, "beta_1": beta_1, "beta_2": beta_2, "epsilon": 0.0}
    came = trial.run(np.zeros_like(g), g, m * g, v * (g * g), **how, epsilon_hat=hat)
    trial.agree(came.first_moment, exact(g) * (1 - Fraction(beta_1) ** step))
    trial.agree(came.second_moment, exact(g) ** 2 * (1 - Fraction(beta_2) ** step))
    trial.agree(came.parameters, -Fraction(eta) * exact(np.sign(g)))


@law(adam)
def adam_has_an_epsilon_beside_a_corrected_root_or_one_beside_an_uncorrected(draw: Draw, trial: Trial) -> None:
    """With β₂ = 3/4, ε̂ = ε·√(1 - β₂) is half of ε, at the first step."""
    (size,) = draw.sizes(8)
    p, g, m, v = (*(draw.array(size) for _ in range(3)), draw.array(size, positive=True))
    how = {"step": 1, "learning_rate": rate(draw), "beta_1": 0.5, "beta_2": 0.75}
    extra = draw.choice(1.0, 0.5, 2.0)
    corrected = trial.run(p, g, m, v, epsilon=extra, **how)
    trial.agree(corrected.parameters, trial.run(p, g, m, v, epsilon=extra / 2, epsilon_hat=True, **how).parameters)
