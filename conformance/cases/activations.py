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
