"""Drawing distributions and draws, and the laws of sampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact, total_of
from conformance.spaces import Configuration, Space

#: N rows of K classes.
SAMPLING = Space(
    sizes={"N": (1, 2, 3, 4, 5, 8, 9), "K": (1, 2, 3, 4, 5, 8, 9, 16, 17)},
    choices={"rows": ("distributions", "any")},
    small={"N": range(1, 5), "K": range(1, 9)},
    work=lambda c: 8 * c.N * c.K,
    common={"the letters": {"N": 2, "K": 26}},
)


@case(SAMPLING)
def sample_index(draw: Draw, c: Configuration) -> dict[str, Any]:
    if c.rows == "distributions":
        probabilities = draw.distributions(c.N, c.K)
    else:
        weights = draw.array(c.N, c.K, positive=True)
        with np.errstate(all="ignore"):
            probabilities = weights / weights.sum(axis=1, keepdims=True)
    return {
        "probabilities": probabilities,
        "draws": draw.probabilities(c.N),
        "temperature": draw.number(1.0, 0.5, 2.0, 0.25),
    }


@law(sample_index)
def sample_index_at_a_temperature_of_1_leaves_probabilities(draw: Draw, trial: Trial) -> None:
    """What the network says is what is drawn from, also where it says 0."""
    probabilities, draws, _ = sample_index(draw).values()
    parts = draw.distributions(*probabilities.shape)
    trial.agree(trial.run(parts, draws, temperature=1.0).probabilities, exact(parts))


@law(sample_index)
def sample_index_of_a_low_temperature_is_the_most_probable(draw: Draw, trial: Trial) -> None:
    """Whatever is drawn: of probabilities that differ by a factor of 2 the largest one is left."""
    probabilities, _, _ = sample_index(draw).values()
    rows, classes = probabilities.shape
    order = np.array([np.roll(np.arange(classes), draw.integer(0, classes - 1)) for _ in range(rows)])
    halves = np.ldexp(draw.dtype.type(0.5), -order)
    draws = np.array([draw.integer(1, 15) / 16 for _ in range(rows)], draw.dtype)
    came = trial.run(halves, draws, temperature=2.0**-6)
    trial.agree(came.indices, (order == 0).argmax(axis=1))


@law(sample_index)
def sample_index_of_a_high_temperature_is_any(draw: Draw, trial: Trial) -> None:
    """All classes have equal parts then, and a draw in the middle of each part is of that class."""
    (classes,) = draw.sizes(20)
    weights = np.array([draw.integer(1, 16) for _ in range(classes)])
    rows = np.tile(weights / weights.sum(), (classes, 1)).astype(draw.dtype)
    middles = ((2 * np.arange(classes) + 1) / (2 * classes)).astype(draw.dtype)
    trial.agree(trial.run(rows, middles, temperature=2.0**12).indices, np.arange(classes))


@law(sample_index)
def sample_index_is_where_the_draw_lies(draw: Draw, trial: Trial) -> None:
    """What lies before the index adds up to no more than the draw, and with it to more."""
    probabilities, draws, temperature = sample_index(draw).values()
    came = trial.run(probabilities, draws, temperature=temperature)
    for row, place, number in zip(came.probabilities, came.indices, exact(draws), strict=True):
        index = int(place.low)
        before = total_of(row[:index])
        trial.holds(index == 0 or before.low <= number, f"a sum of at most {float(number)} before it", before)
        trial.holds(index == len(row) - 1 or (before + row[index]).high > number, "a sum above the draw", index)
