"""Drawing what regularizes, and its laws."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact, total_of
from conformance.spaces import Configuration, Space

EDGES = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65)


def _shape(c: Configuration) -> tuple[int, ...]:
    return (c.C, c.B, c.A)[3 - c.rank :]


#: Arrays of any rank: A is the last axis.
ARRAYS = Space(
    sizes={"A": (*EDGES, 127, 128, 129), "B": EDGES, "C": (1, 2, 3, 4)},
    choices={"rank": (1, 2, 3)},
    small={"A": range(1, 18), "B": (1, 2, 3, 4), "C": (1, 2)},
    valid=lambda c: ((c.rank >= 3) | (c.C == 1)) & ((c.rank >= 2) | (c.B == 1)),
    work=lambda c: 3 * c.A * c.B * c.C,
    common={"a batch of hidden units": {"rank": 2, "A": 20, "B": 8}},
)


def _rate(draw: Draw) -> float:
    """One whose scale floats hold exactly, or where rounding is looked at, any."""
    if draw.values != "rounding":
        return draw.choice(0.5, 0.75, 0.0, 0.875)
    rate = draw.number(0.5, 0.25, 0.75, 0.0)
    return rate if rate < 1 else 0.5


def _mask(draw: Draw, c: Configuration) -> Any:
    return np.maximum(draw.signs(math.prod(_shape(c))), 0).reshape(_shape(c))


@case(ARRAYS)
def dropout(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"inputs": draw.array(*_shape(c)), "mask": _mask(draw, c), "rate": _rate(draw)}


@law(dropout)
def dropout_keeps_the_mean(draw: Draw, trial: Trial) -> None:
    """Over all masks, each as likely as it is, the result is the input on average: that is what the scale is for."""
    x, _, rate = dropout(draw).values()
    kept, dropped = trial.run(x, np.ones(x.shape, np.int8), rate=rate), trial.run(x, np.zeros(x.shape, int), rate=rate)
    trial.agree(kept * (1 - Fraction(rate)) + dropped * Fraction(rate), exact(x))


@law(dropout)
def dropout_splits_what_is_kept(draw: Draw, trial: Trial) -> None:
    """A mask and its opposite keep everything between them, and nothing twice."""
    x, mask, rate = dropout(draw).values()
    one, other = trial.run(x, mask, rate=rate), trial.run(x, 1 - mask, rate=rate)
    trial.agree(one * other, 0)
    trial.agree((one + other) * (1 - Fraction(rate)), exact(x))


@case(ARRAYS)
def dropout_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    given = dropout.draw(draw, c)
    return {
        "inputs": given["inputs"],
        "mask": given["mask"],
        "cotangent": draw.array(*_shape(c)),
        "rate": given["rate"],
    }


@law(dropout_vjp)
def dropout_vjp_is_its_own_adjoint(draw: Draw, trial: Trial) -> None:
    """⟨g, D·x⟩ = ⟨D·g, x⟩ for a linear map that treats each place alone, whatever the inputs were."""
    x, mask, g, rate = dropout_vjp(draw).values()
    product = total_of(exact(x) * exact(g) * mask.astype(int))
    trial.agree(total_of(trial.run(g, mask, g, rate=rate) * exact(x)) * (1 - Fraction(rate)), product)


#: A kernel, a bias, and another kernel.
WEIGHTS = Space(
    sizes={"D": EDGES, "U": EDGES, "K": (1, 2, 3, 4, 5, 8, 9)},
    choices={"layers": (1, 2, 3)},
    small={"D": (1, 2, 3, 4, 5), "U": range(1, 18), "K": (1, 2, 3)},
    valid=lambda c: (c.layers >= 3) | (c.K == 1),
    work=lambda c: 2 * c.U * (c.D + 1 + c.K),
    common={"a small network": {"layers": 3, "D": 8, "U": 10, "K": 5}},
)


@case(WEIGHTS)
def l2_penalty(draw: Draw, c: Configuration) -> dict[str, Any]:
    shapes = ((c.D, c.U), (c.U,), (c.U, c.K))[: c.layers]
    return {
        "weights": tuple(draw.array(*shape) for shape in shapes),
        "coefficient": draw.number(0.5, 0.25, 2.0, 0.0),
    }


@law(l2_penalty)
def l2_penalty_grows_with_the_square(draw: Draw, trial: Trial) -> None:
    """Of weights twice as large it is four times as large, of negative ones the same."""
    weights, coefficient = l2_penalty(draw).values()
    larger = tuple(-2 * w for w in weights)
    trial.agree(4 * trial.run(weights, coefficient=coefficient), trial.run(larger, coefficient=coefficient))


@law(l2_penalty)
def l2_penalty_is_each_layers_own(draw: Draw, trial: Trial) -> None:
    """No layer's depends on another, and each is the squared length of its weights times the coefficient."""
    weights, coefficient = l2_penalty(draw).values()
    lengths = np.array([total_of(exact(w) ** 2) for w in weights], object)
    trial.agree(trial.run(weights, coefficient=coefficient), lengths * Fraction(coefficient))


@case(WEIGHTS)
def l2_penalty_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    weights, coefficient = l2_penalty.draw(draw, c).values()
    return {"weights": weights, "cotangent": draw.array(c.layers), "coefficient": coefficient}


@law(l2_penalty_vjp)
def l2_penalty_vjp_obeys_eulers_theorem(draw: Draw, trial: Trial) -> None:
    """⟨∇f, w⟩ = 2·f(w) for a function that is homogeneous of degree 2."""
    weights, cotangent, coefficient = l2_penalty_vjp(draw).values()
    gradients = trial.run(weights, cotangent, coefficient=coefficient)
    for w, slope, gradient in zip(weights, exact(cotangent), gradients, strict=True):
        trial.agree(total_of(gradient * exact(w)), 2 * slope * Fraction(coefficient) * total_of(exact(w) ** 2))


LOSSES = Space(
    sizes={"S": (1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33, 100)},
    choices={"patience": (1, 0, 2, 3, 4, 5, 8)},
    small={"S": range(1, 10), "patience": (0, 1, 2, 3, 4, 5)},
    work=lambda c: c.S,
    common={"a hundred epochs": {"S": 100, "patience": 8}},
)


@case(LOSSES)
def early_stopping(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"losses": draw.array(c.S), "patience": c.patience, "min_delta": draw.number(0.0, 0.5, 1.0, 2.0)}


@law(early_stopping)
def early_stopping_never_stops_while_losses_fall(draw: Draw, trial: Trial) -> None:
    """Each loss lower than the one before by more than the least improvement: all steps are made, the last is best."""
    steps, patience, min_delta = draw.integer(1, 9), draw.integer(0, 3), draw.choice(0.0, 0.5)
    losses = np.arange(steps, 0, -1).astype(draw.dtype)
    came = trial.run(losses, patience=patience, min_delta=min_delta)
    trial.agree(came.best_step, steps - 1)
    trial.agree(came.steps, steps)


@law(early_stopping)
def early_stopping_waits_for_as_long_as_its_patience(draw: Draw, trial: Trial) -> None:
    """After each one that is the best so far come as many steps as patience says, whatever came before."""
    falling, patience = draw.integer(1, 4), draw.integer(1, 4)
    worse = [50] * (patience - 1)
    rows = [[10 - row, *worse] for row in range(falling)]
    losses = np.array([*(loss for row in rows for loss in row), 50, 0], draw.dtype)
    came = trial.run(losses, patience=patience)
    trial.agree(came.best_step, patience * (falling - 1))
    trial.agree(came.steps, patience * falling + 1)
    longer = trial.run(losses, patience=patience + 1)
    trial.agree(longer.best_step, len(losses) - 1)


@law(early_stopping)
def early_stopping_looks_at_differences(draw: Draw, trial: Trial) -> None:
    """Losses that are all larger by the same stop at the same steps."""
    losses, patience, min_delta = early_stopping(draw).values()
    one = trial.run(losses, patience=patience, min_delta=min_delta)
    other = trial.run(losses + draw.dtype.type(draw.integer(1, 9)), patience=patience, min_delta=min_delta)
    trial.agree(one.best_step, other.best_step)
    trial.agree(one.steps, other.steps)
