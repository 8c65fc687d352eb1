"""Drawing softmax, its logarithm and their gradients, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space
from reference.numbers import Interval

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
