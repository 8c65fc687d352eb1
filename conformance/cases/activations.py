"""Drawing activation functions and their gradients, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact


@case
def relu(draw: Draw) -> dict[str, Any]:
    return {"z": draw.array(*_shape(draw))}


@law(relu)
def relu_changes_nothing_twice(draw: Draw, trial: Trial) -> None:
    """Whoever clips, scales or leaks does it again the second time."""
    z = draw.array(*_shape(draw))
    once = trial.run(z)
    trial.agree(once, trial.run(np.vectorize(lambda interval: float(interval.low))(once).astype(draw.dtype)))


@law(relu)
def relu_splits_a_number_into_its_parts(draw: Draw, trial: Trial) -> None:
    """z = relu(z) - relu(-z): nothing is lost on either side of zero."""
    z = draw.array(*_shape(draw))
    trial.agree(trial.run(z) - trial.run(-z), exact(z))


@case
def relu_vjp(draw: Draw) -> dict[str, Any]:
    return _with_cotangent(draw)


@law(relu_vjp)
def relu_vjp_passes_or_stops(draw: Draw, trial: Trial) -> None:
    """Exactly, whatever z is: a gradient that is scaled on its way shows on any input."""
    z, g = _with_cotangent(draw).values()
    trial.agree(np.where(z != 0, trial.run(z, g), 0), exact(np.where(z > 0, g, 0)))


@case
def leaky_relu(draw: Draw) -> dict[str, Any]:
    return {"z": draw.array(*_shape(draw)), "slope": draw.number(0.25, 0.5, 2.0, 0.0)}


@law(leaky_relu)
def leaky_relu_of_a_negative_number_is_its_slope_away(draw: Draw, trial: Trial) -> None:
    """f(z) + f(-z) = (1 - slope)·|z|: a slope on the wrong side, or squared, shows."""
    z, slope = leaky_relu(draw).values()
    trial.agree(trial.run(z, slope=slope) + trial.run(-z, slope=slope), exact(np.abs(z)) * (1 - Fraction(slope)))


@case
def leaky_relu_vjp(draw: Draw) -> dict[str, Any]:
    return {**_with_cotangent(draw), "slope": draw.number(0.25, 0.5, 2.0, 0.0)}


@law(leaky_relu_vjp)
def leaky_relu_vjp_passes_or_leaks(draw: Draw, trial: Trial) -> None:
    """Each gradient is scaled by 1 or by the slope, and by nothing else."""
    z, g, slope = leaky_relu_vjp(draw).values()
    slopes = np.where(z > 0, 1, exact(np.full(z.shape, slope)))
    trial.agree(np.where(z != 0, trial.run(z, g, slope=slope), 0), np.where(z != 0, exact(g) * slopes, 0))


@case
def sigmoid(draw: Draw) -> dict[str, Any]:
    return {"z": draw.array(*_shape(draw))}


@law(sigmoid)
def sigmoid_is_symmetric(draw: Draw, trial: Trial) -> None:
    """σ(z) + σ(-z) = 1: one side computed by another formula must meet the other."""
    z = draw.array(*_shape(draw))
    trial.agree(trial.run(z) + trial.run(-z), 1)


@case
def sigmoid_vjp(draw: Draw) -> dict[str, Any]:
    return _with_cotangent(draw)


@law(sigmoid_vjp)
def sigmoid_vjp_is_even(draw: Draw, trial: Trial) -> None:
    """The slope is the same on both sides, where 1 - σ cancels on one of them only."""
    z, g = _with_cotangent(draw).values()
    trial.agree(trial.run(z, g), trial.run(-z, g))


@case
def tanh(draw: Draw) -> dict[str, Any]:
    return {"z": draw.array(*_shape(draw))}


@law(tanh)
def tanh_is_odd(draw: Draw, trial: Trial) -> None:
    """The two signs usually take different branches."""
    z = draw.array(*_shape(draw))
    trial.agree(trial.run(-z), -trial.run(z))


@case
def tanh_vjp(draw: Draw) -> dict[str, Any]:
    return _with_cotangent(draw)


@law(tanh_vjp)
def tanh_vjp_is_even(draw: Draw, trial: Trial) -> None:
    """As for the sigmoid."""
    z, g = _with_cotangent(draw).values()
    trial.agree(trial.run(z, g), trial.run(-z, g))


@case
def softmax(draw: Draw) -> dict[str, Any]:
    rows, classes = draw.sizes(2, 5, long=20)
    return {"z": draw.array(*draw.choice((rows, classes), (classes,), (2, rows, min(classes, 4))))}


@law(softmax)
def softmax_sums_to_one(draw: Draw, trial: Trial) -> None:
    """Along the last axis, whichever way the rows lie."""
    trial.agree(trial.run(softmax(draw)["z"]).sum(axis=-1), 1)


@law(softmax)
def softmax_is_shift_invariant(draw: Draw, trial: Trial) -> None:
    """What makes the shift by the maximum allowed; without it, ±1000 overflows."""
    z, shift = softmax(draw)["z"], draw.integer(-1000, 1000)
    trial.agree(trial.run(z), trial.run(z + draw.dtype.type(shift)))


@law(softmax)
def softmax_follows_a_permutation(draw: Draw, trial: Trial) -> None:
    """No class is treated differently for its place in a vector or tile."""
    z = softmax(draw)["z"]
    trial.agree(trial.run(z)[..., ::-1], trial.run(np.ascontiguousarray(z[..., ::-1])))


def _shape(draw: Draw) -> tuple[int, ...]:
    columns, rows = draw.sizes(6, 2, long=24)
    return draw.choice((columns,), (rows, min(columns, 6)), (rows, 2, min(columns, 4)))


def _with_cotangent(draw: Draw) -> dict[str, Any]:
    shape = _shape(draw)
    return {"z": draw.array(*shape), "cotangent": draw.array(*shape)}
