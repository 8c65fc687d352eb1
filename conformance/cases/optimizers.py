"""Drawing steps of optimizers, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space

#: Arrays of one shape, place by place.
TOGETHER = Axes(("*", "*", "*", "*"), ("*",))


def parameters_of(work: int, **choices: Any) -> Space:
    """Steps of parameters of any shape, A along the last axis; `work` operations for each of them."""
    return Space(
        sizes={"A": (*EDGES, 255, 256, 257, 1023, 1024, 1025, 4097), "B": (1, 2, 3, 5, 9, 17), "C": (1, 2, 3, 8)},
        choices={"rank": (1, 2, 3), **choices},
        small={"A": range(1, 18), "B": (1, 2, 3, 4, 5), "C": (1, 2, 3)},
        valid=lambda c: ((c.rank >= 3) | (c.C == 1)) & ((c.rank >= 2) | (c.B == 1)),
        work=lambda c: work * c.A * c.B * c.C,
        common={
            "a layer's weights": {"rank": 2, "A": 200, "B": 17},
            "a layer's filters": {"rank": 3, "A": 32, "B": 24, "C": 36},
            "many parameters, of odd number": {"rank": 1, "A": 100_003},
        },
    )


def shape_of(c: Configuration) -> tuple[int, ...]:
    """The lengths of as many axes as the rank says, the last ones."""
    return tuple(c[name] for name in "CBA"[3 - c.rank :])


def rate(draw: Draw) -> float:
    return draw.number(0.25, 0.5, 2.0, 1.0)


@case(parameters_of(3), TOGETHER)
def gradient_descent(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {
        "parameters": draw.array(*shape_of(c)),
        "gradients": draw.array(*shape_of(c)),
        "learning_rate": rate(draw),
    }


@law(gradient_descent)
def gradient_descent_converges_on_a_quadratic_if_its_rate_is_below_2_over_the_curvature(
    draw: Draw, trial: Trial
) -> None:
    """Each step multiplies what is left by 1 - ηL, exactly: it shrinks for 0 < η < 2/L, and for no other rate."""
    left, curvature = draw.array(*draw.sizes(8)), Fraction(draw.choice(1.0, 2.0, 0.5, 4.0))
    quarters = draw.integer(0, 10)
    for _ in range(4):
        before = exact(left)
        gradients = left * draw.dtype.type(curvature)
        trial.agree(
            trial.run(left, gradients, learning_rate=float(quarters / (4 * curvature))),
            before * (1 - Fraction(quarters, 4)),
        )
        (after,) = trial.returned
        shrinks = all(abs(after[before != 0]) < abs(before[before != 0]))
        if before.any():
            trial.holds(shrinks == (0 < quarters < 8), "nearer to 0 for 0 < η < 2/L, and only then", after)
        left = after.astype(draw.dtype)


@law(gradient_descent)
def gradient_descent_adds_up_what_gradients_do(draw: Draw, trial: Trial) -> None:
    """The step is linear in the gradient, and starts from the parameters."""
    (size,) = draw.sizes(8)
    p, g, h = (draw.array(size) for _ in range(3))
    how = {"learning_rate": rate(draw)}
    trial.agree(trial.run(p, g + h, **how) + exact(p), trial.run(p, g, **how) + trial.run(p, h, **how))


@case(parameters_of(6, nesterov=(False, True), rate_in_velocity=(True, False)), TOGETHER)
def momentum(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {
        **gradient_descent.draw(draw, c),
        "velocity": draw.array(*shape_of(c)),
        "momentum": draw.number(0.5, 0.25, 0.75, 1.0, 0.0),
        "nesterov": c.nesterov,
        "rate_in_velocity": c.rate_in_velocity,
    }


def _moving(draw: Draw) -> tuple[list[Any], dict[str, Any]]:
    """Parameters, gradients and velocities; and a rate and a momentum whose products with them are exact."""
    (size,) = draw.sizes(8)
    how = {"learning_rate": draw.choice(0.25, 0.5, 2.0), "momentum": draw.choice(0.5, 0.25, 0.75)}
    return [draw.array(size) for _ in range(3)], how


@law(momentum)
def momentum_of_0_is_gradient_descent(draw: Draw, trial: Trial) -> None:
    """Whatever the velocity was, and in every variant."""
    (p, g, v), how = _moving(draw)
    variant = {"nesterov": draw.choice(False, True), "rate_in_velocity": draw.choice(True, False)}
    came = trial.run(p, g, v, **{**how, "momentum": 0.0}, **variant)
    trial.agree(came.parameters, exact(p) - Fraction(how["learning_rate"]) * exact(g))


@law(momentum)
def momentum_goes_the_same_way_with_the_rate_in_its_velocity_or_without(draw: Draw, trial: Trial) -> None:
    """As long as the rate stays the same: velocities differ by a factor of -η, parameters don't."""
    (p, g, v), how = _moving(draw)
    how["nesterov"] = draw.choice(False, True)
    slope = draw.dtype.type(-how["learning_rate"])
    inside, outside = trial.run(p, g, slope * v, **how), trial.run(p, g, v, **how, rate_in_velocity=False)
    trial.agree(inside.parameters, outside.parameters)
    trial.agree(inside.velocity, outside.velocity * Fraction(float(slope)))


@law(momentum)
def momentum_of_nesterov_looks_ahead(draw: Draw, trial: Trial) -> None:
    """The velocity is the usual one; the parameters go on by μ times it, after the gradient's own step."""
    (p, g, v), how = _moving(draw)
    usual, ahead = trial.run(p, g, v, **how), trial.run(p, g, v, **how, nesterov=True)
    eta, mu = (Fraction(how[name]) for name in ("learning_rate", "momentum"))
    trial.agree(usual.velocity, ahead.velocity)
    trial.agree(usual.parameters, exact(p) + usual.velocity)
    trial.agree(ahead.parameters, exact(p) - eta * exact(g) + usual.velocity * mu)


#: Rates, read alone from the number of a step.
RATES = Space(
    sizes={"A": EDGES, "B": (1, 2, 3, 5, 9)},
    choices={
        "rank": (1, 2),
        "staircase": (False, True),
        # The simplest of them isn't exact.
        "step": (1, 0, 2, 3, 4, 5, 6, 7, 9, 10, 99, 100, 1000),
        "decay_steps": (2, 1, 3, 4, 5, 10, 100),
    },
    small={"A": range(1, 10), "B": (1, 2, 3), "step": range(11)},
    valid=lambda c: (c.rank == 2) | (c.B == 1),
    work=lambda c: 12 + c.A * c.B,
    common={
        "one rate": {"A": 1, "step": 100, "decay_steps": 10},
        "a rate for each layer, all at once": {"A": 5, "step": 99, "decay_steps": 10, "staircase": True},
        "a large array of odd length": {"A": 100_003, "step": 5, "decay_steps": 2},
    },
)


@case(RATES, Axes(("*",), ("*",)))
def exponential_decay(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {
        "learning_rates": draw.array(*([c.B] if c.rank == 2 else []), c.A),
        "step": c.step,
        "decay_steps": c.decay_steps,
        "decay_rate": draw.number(0.5, 0.25, 0.75, 2.0, 1.0),
        "staircase": c.staircase,
    }


@law(exponential_decay)
def exponential_decay_is_by_its_rate_after_as_many_steps_as_said(draw: Draw, trial: Trial) -> None:
    """From any step on, on a staircase or not."""
    rates, factor, step = draw.array(*draw.sizes(5)), draw.number(0.5, 0.25, 2.0), draw.integer(0, 6)
    steps, staircase = draw.integer(1, 6), draw.choice(False, True)
    now, later = (
        trial.run(rates, step=when, decay_steps=steps, decay_rate=factor, staircase=staircase)
        for when in (step, step + steps)
    )
    trial.agree(later, now * Fraction(factor))


@law(exponential_decay)
def exponential_decay_begins_with_the_rates_given(draw: Draw, trial: Trial) -> None:
    """Step 0 has decayed by nothing; on a staircase, nor have the steps before the first fall."""
    rates, decay_steps, staircase = draw.array(*draw.sizes(5)), draw.integer(1, 6), draw.choice(False, True)
    step = draw.integer(0, decay_steps - 1) if staircase else 0
    how = {"decay_steps": decay_steps, "decay_rate": draw.number(0.5, 0.25, 2.0), "staircase": staircase}
    trial.agree(trial.run(rates, step=step, **how), exact(rates))


@law(exponential_decay)
def exponential_decay_is_by_the_root_of_its_rate_at_half_time(draw: Draw, trial: Trial) -> None:
    """Unless on a staircase, where it isn't at all."""
    rates, half, factor = draw.array(*draw.sizes(5)), draw.integer(1, 6), draw.number(0.5, 0.25, 2.0)
    how = {"step": half, "decay_steps": 2 * half, "decay_rate": factor}
    slope = trial.run(rates, **how)
    trial.agree(slope * slope, exact(rates) ** 2 * Fraction(factor))
    trial.agree(trial.run(rates, **how, staircase=True), exact(rates))
