"""Drawing activation functions and their gradients, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import ELEMENTWISE
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space


def lengths(c: Configuration) -> tuple[int, ...]:
    """The lengths of as many axes as the rank says, the last ones."""
    return tuple(c[name] for name in "EDCBA"[5 - c.rank :])


def _axes_beyond_the_rank_are_1(c: Configuration) -> Any:
    return (
        ((c.rank >= 5) | (c.E == 1))
        & ((c.rank >= 4) | (c.D == 1))
        & ((c.rank >= 3) | (c.C == 1))
        & ((c.rank >= 2) | (c.B == 1))
    )


#: Arrays of any rank: A is the last axis.
ARRAYS = Space(
    sizes={
        "A": (*EDGES, 255, 256, 257, 1023, 1024, 1025, 4095, 4096, 4097, 20_000),
        "B": EDGES,
        "C": (1, 2, 3, 4, 5, 8),
        "D": (1, 2, 3, 9),
        "E": (1, 2, 3),
    },
    choices={"rank": (1, 2, 3, 4, 5)},
    small={"A": range(1, 18), "B": (1, 2, 3, 4, 5), "C": (1, 2, 3), "D": (1, 2), "E": (1, 2)},
    valid=_axes_beyond_the_rank_are_1,
    work=lambda c: 4 * c.A * c.B * c.C * c.D * c.E,
    common={
        "a batch of hidden units": {"rank": 2, "A": 200, "B": 100},
        "a batch of feature maps": {"rank": 4, "A": 12, "B": 28, "C": 28, "D": 10},
        "the slides' feature maps": {"rank": 4, "A": 12, "B": 28, "C": 28, "D": 100},
        "a large array of odd length": {"rank": 1, "A": 100_003},
    },
)


@case(ARRAYS, ELEMENTWISE)
def identity(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c))}


@law(identity)
def identity_is_what_came(draw: Draw, trial: Trial) -> None:
    """To the last bit, in every place: whatever is rounded, clipped or left out shows."""
    z = identity(draw)["z"]
    trial.agree(trial.run(z), exact(z))


@case(ARRAYS, ELEMENTWISE)
def identity_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c)), "cotangent": draw.array(*lengths(c))}


@law(identity_vjp)
def identity_vjp_does_not_look_at_its_input(draw: Draw, trial: Trial) -> None:
    """All of the cotangent comes back, for any z."""
    z, g = identity_vjp(draw).values()
    trial.agree(trial.run(z, g), exact(g))
    trial.agree(trial.run(-z, g), exact(g))


@case(ARRAYS, ELEMENTWISE)
def step(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c))}


@law(step)
def step_fires_on_one_side(draw: Draw, trial: Trial) -> None:
    """1 for a positive number and 0 for its opposite, however near they are to each other."""
    z = step(draw)["z"]
    fires, rests = trial.run(np.abs(z)), trial.run(-np.abs(z))
    trial.agree(np.where(z != 0, fires, 1), 1)
    trial.agree(np.where(z != 0, rests, 0), 0)


@case(ARRAYS, ELEMENTWISE)
def step_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c)), "cotangent": draw.array(*lengths(c))}


@law(step_vjp)
def step_vjp_lets_nothing_through(draw: Draw, trial: Trial) -> None:
    """Neither for the numbers that came nor for zeros, where the step is."""
    z, g = step_vjp(draw).values()
    trial.agree(trial.run(z, g), 0)
    trial.agree(trial.run(0 * z, g), 0)


def _curve(draw: Draw) -> dict[str, float]:
    """Height, steepness and place: the usual sigmoid's seldom."""
    return {
        "L": draw.number(2.0, 0.5, 1.0, 3.0, 100.0),
        "k": draw.number(0.5, 1.0, 2.0, 0.25, 10.0),
        "x_0": draw.number(1.0, 0.0, -1.0, 2.5, -8.0, 100.0),
    }


@case(ARRAYS, ELEMENTWISE)
def logistic(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c)), **_curve(draw)}


@law(logistic)
def logistic_is_symmetric_about_its_middle(draw: Draw, trial: Trial) -> None:
    """What the curve reaches on one side is missing on the other: a branch of its own must meet the other one."""
    z, L, k, x_0 = logistic(draw).values()
    trial.agree(trial.run(z, L=L, k=k, x_0=x_0) + trial.run(-z, L=L, k=k, x_0=-x_0), exact(np.full(z.shape, L)))


@law(logistic)
def logistic_is_half_as_high_in_the_middle(draw: Draw, trial: Trial) -> None:
    """f(x₀) = L/2, however steep: a place on the other side, or one that the steepness doesn't reach, shows."""
    z, L, k, x_0 = logistic(draw).values()
    middle = np.full(z.shape, x_0, draw.dtype)
    trial.agree(trial.run(middle, L=L, k=k, x_0=x_0), exact(np.full(z.shape, L)) / 2)


@law(logistic)
def logistic_is_as_high_as_it_is_told(draw: Draw, trial: Trial) -> None:
    """Twice the height doubles every result, far below the middle, too."""
    z, L, k, x_0 = logistic(draw).values()
    trial.agree(2 * trial.run(z, L=L, k=k, x_0=x_0), trial.run(z, L=2 * L, k=k, x_0=x_0))


@law(logistic)
def logistic_is_as_steep_as_it_is_told(draw: Draw, trial: Trial) -> None:
    """Half as steep and twice as far from a middle at 0 is the same place."""
    z, L, k, _ = logistic(draw).values()
    trial.agree(trial.run(z, L=L, k=k, x_0=0.0), trial.run(2 * z, L=L, k=k / 2, x_0=0.0))


@case(ARRAYS, ELEMENTWISE)
def logistic_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c)), "cotangent": draw.array(*lengths(c)), **_curve(draw)}


@law(logistic_vjp)
def logistic_vjp_is_even_about_the_middle(draw: Draw, trial: Trial) -> None:
    """The slope is the same on both sides, where 1 - s cancels on one of them only."""
    z, g, L, k, x_0 = logistic_vjp(draw).values()
    trial.agree(trial.run(z, g, L=L, k=k, x_0=x_0), trial.run(-z, g, L=L, k=k, x_0=-x_0))


@law(logistic_vjp)
def logistic_vjp_in_the_middle_is_a_quarter_of_height_times_steepness(draw: Draw, trial: Trial) -> None:
    """f'(x₀) = L·k/4: a height or a steepness that is left out, or counted twice, shows."""
    z, g, L, k, x_0 = logistic_vjp(draw).values()
    middle = np.full(z.shape, x_0, draw.dtype)
    trial.agree(trial.run(middle, g, L=L, k=k, x_0=x_0), exact(g) * (Fraction(L) * Fraction(k) / 4))


@case(ARRAYS, ELEMENTWISE)
def relu(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c))}


@law(relu)
def relu_changes_nothing_twice(draw: Draw, trial: Trial) -> None:
    """Whoever clips, scales or leaks does it again the second time."""
    z = relu(draw)["z"]
    once = trial.run(z)
    trial.agree(once, trial.run(np.vectorize(lambda interval: float(interval.low))(once).astype(draw.dtype)))


@law(relu)
def relu_splits_a_number_into_its_parts(draw: Draw, trial: Trial) -> None:
    """z = relu(z) - relu(-z): nothing is lost on either side of zero."""
    z = relu(draw)["z"]
    trial.agree(trial.run(z) - trial.run(-z), exact(z))


@case(ARRAYS, ELEMENTWISE)
def relu_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c)), "cotangent": draw.array(*lengths(c))}


@law(relu_vjp)
def relu_vjp_passes_or_stops(draw: Draw, trial: Trial) -> None:
    """Exactly, whatever z is: a gradient that is scaled on its way shows on any input."""
    z, g = relu_vjp(draw).values()
    trial.agree(np.where(z != 0, trial.run(z, g), 0), exact(np.where(z > 0, g, 0)))


@case(ARRAYS, ELEMENTWISE)
def leaky_relu(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c)), "slope": draw.number(0.25, 0.5, 2.0, 0.0)}


@law(leaky_relu)
def leaky_relu_of_a_negative_number_is_its_slope_away(draw: Draw, trial: Trial) -> None:
    """f(z) + f(-z) = (1 - slope)·|z|: a slope on the wrong side, or squared, shows."""
    z, slope = leaky_relu(draw).values()
    trial.agree(trial.run(z, slope=slope) + trial.run(-z, slope=slope), exact(np.abs(z)) * (1 - Fraction(slope)))


@case(ARRAYS, ELEMENTWISE)
def leaky_relu_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {
        "z": draw.array(*lengths(c)),
        "cotangent": draw.array(*lengths(c)),
        "slope": draw.number(0.25, 0.5, 2.0, 0.0),
    }


@law(leaky_relu_vjp)
def leaky_relu_vjp_passes_or_leaks(draw: Draw, trial: Trial) -> None:
    """Each gradient is scaled by 1 or by the slope, and by nothing else."""
    z, g, slope = leaky_relu_vjp(draw).values()
    slopes = np.where(z > 0, 1, exact(np.full(z.shape, slope)))
    trial.agree(np.where(z != 0, trial.run(z, g, slope=slope), 0), np.where(z != 0, exact(g) * slopes, 0))


@case(ARRAYS, ELEMENTWISE)
def sigmoid(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c))}


@law(sigmoid)
def sigmoid_is_symmetric(draw: Draw, trial: Trial) -> None:
    """σ(z) + σ(-z) = 1: one side computed by another formula must meet the other."""
    z = sigmoid(draw)["z"]
    trial.agree(trial.run(z) + trial.run(-z), 1)


@case(ARRAYS, ELEMENTWISE)
def sigmoid_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c)), "cotangent": draw.array(*lengths(c))}


@law(sigmoid_vjp)
def sigmoid_vjp_is_even(draw: Draw, trial: Trial) -> None:
    """The slope is the same on both sides, where 1 - σ cancels on one of them only."""
    z, g = sigmoid_vjp(draw).values()
    trial.agree(trial.run(z, g), trial.run(-z, g))


@case(ARRAYS, ELEMENTWISE)
def tanh(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c))}


@law(tanh)
def tanh_is_odd(draw: Draw, trial: Trial) -> None:
    """The two signs usually take different branches."""
    z = tanh(draw)["z"]
    trial.agree(trial.run(-z), -trial.run(z))


@case(ARRAYS, ELEMENTWISE)
def tanh_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*lengths(c)), "cotangent": draw.array(*lengths(c))}


@law(tanh_vjp)
def tanh_vjp_is_even(draw: Draw, trial: Trial) -> None:
    """As for the sigmoid."""
    z, g = tanh_vjp(draw).values()
    trial.agree(trial.run(z, g), trial.run(-z, g))
