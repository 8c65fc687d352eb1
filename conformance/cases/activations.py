"""Drawing activation functions and their gradients, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import ELEMENTWISE, Axes
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space
from reference.numbers import Interval


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

#: Rows of scores, and whole arrays of them: K classes along the last axis.
SCORES = Space(
    sizes={
        "A": EDGES,
        "K": (*EDGES, 255, 256, 257, 1000, 1024, 1025),
        "B": (1, 2, 3, 5),
        "C": (1, 2, 3),
    },
    choices={"rank": (2, 1, 3, 4)},
    small={"K": range(1, 18), "A": range(1, 10), "B": (1, 2, 3), "C": (1, 2)},
    valid=lambda c: ((c.rank >= 2) | (c.A == 1)) & ((c.rank >= 3) | (c.B == 1)) & ((c.rank >= 4) | (c.C == 1)),
    steps=lambda c: 5 * c.K,
    work=lambda c: 5 * c.K * c.A * c.B * c.C,
    common={
        "ten digits": {"rank": 2, "K": 10, "A": 100},
        "a thousand classes": {"rank": 2, "K": 1000, "A": 4},
        "a large batch": {"rank": 2, "K": 67, "A": 1031},
        **{f"a class more than {classes}": {"rank": 2, "K": classes + 1, "A": 9} for classes in (256, 512, 1024)},
    },
)
ROWS, PAIRS_OF_ROWS = Axes(("* K",), ("* K",)), Axes(("* K", "* K"), ("* K",))


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


def _rows(c: Configuration) -> tuple[int, ...]:
    """The lengths of as many axes as the rank says, the classes last."""
    return tuple(c[name] for name in ("C", "B", "A", "K")[4 - c.rank :])


@case(SCORES, ROWS)
def softmax(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*_rows(c))}


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


@case(SCORES, PAIRS_OF_ROWS)
def softmax_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*_rows(c)), "cotangent": draw.array(*_rows(c))}


@law(softmax_vjp)
def softmax_vjp_sums_to_zero(draw: Draw, trial: Trial) -> None:
    """A common shift of the scores changes no probability, so no gradient points that way."""
    trial.agree(trial.run(*softmax_vjp(draw).values()).sum(axis=-1), 0)


@law(softmax_vjp)
def softmax_vjp_is_symmetric(draw: Draw, trial: Trial) -> None:
    """⟨u, J·v⟩ = ⟨v, J·u⟩: how score i moves probability j is how j moves i."""
    z, u = softmax_vjp(draw).values()
    v = np.ascontiguousarray(u[..., ::-1])
    trial.agree((exact(v) * trial.run(z, u)).sum(axis=-1), (exact(u) * trial.run(z, v)).sum(axis=-1))


@law(softmax_vjp)
def softmax_vjp_is_blind_to_what_cotangents_have_in_common(draw: Draw, trial: Trial) -> None:
    """The probabilities sum to 1 whatever happens: a mean that isn't weighted by them shows."""
    z, g = softmax_vjp(draw).values()
    trial.agree(trial.run(z, g), trial.run(z, g + draw.dtype.type(draw.integer(1, 100))))


@case(SCORES, ROWS)
def log_softmax(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*_rows(c))}


@law(log_softmax)
def log_softmax_differs_as_the_scores_do(draw: Draw, trial: Trial) -> None:
    """log σᵢ - log σⱼ = zᵢ - zⱼ, also where a probability underflows: its logarithm can't be taken then."""
    z = log_softmax(draw)["z"] * draw.dtype.type(draw.integer(1, 100))
    logarithms, scores = trial.run(z), exact(z)
    trial.agree(logarithms - logarithms[..., :1], scores - scores[..., :1])


@law(log_softmax)
def log_softmax_of_a_row_and_its_copy_is_log_2_less(draw: Draw, trial: Trial) -> None:
    """Twice as many classes, each half as probable: the normalizer, and the base of its logarithm, show."""
    z = log_softmax(draw)["z"]
    once, twice = trial.run(z), trial.run(np.concatenate([z, z], axis=-1))
    trial.agree(once - twice[..., : z.shape[-1]], Interval(2).log())


@case(SCORES, PAIRS_OF_ROWS)
def log_softmax_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"z": draw.array(*_rows(c)), "cotangent": draw.array(*_rows(c))}


@law(log_softmax_vjp)
def log_softmax_vjp_sums_to_zero(draw: Draw, trial: Trial) -> None:
    """A common shift of the scores changes no logarithm, so no gradient points that way."""
    trial.agree(trial.run(*log_softmax_vjp(draw).values()).sum(axis=-1), 0)


@law(log_softmax_vjp)
def log_softmax_vjp_passes_what_sums_to_zero(draw: Draw, trial: Trial) -> None:
    """Cotangents that cancel along their row meet no probability, and come back as they are."""
    z, g = log_softmax_vjp(draw).values()
    cancelling = np.concatenate([g, -g], axis=-1)
    trial.agree(trial.run(np.concatenate([z, z], axis=-1), cancelling), exact(cancelling))
