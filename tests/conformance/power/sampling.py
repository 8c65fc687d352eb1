"""Sampling: temperatures that work the other way, sums that are off by one class, draws that don't matter."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.sampling import Sample
from tests.conformance.power.entering import BOTH, BOUND, LAWS, right, wrong
from tests.conformance.power.pieces import through_a_wider_format, wider

CALL = {
    "probabilities": np.array([[0.5, 0.25, 0.125, 0.125], [0.125, 0.125, 0.25, 0.5]]),
    "draws": np.array([0.625, 0.3]),
    "temperature": 2.0,
}


def _picked(probabilities: Array, draws: Array) -> Array:
    return base.sample_index(probabilities, draws, temperature=1.0).indices


# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("sample_index", BOUND, LAWS, witness=CALL)
def temperature_multiplied(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    """Logarithms times the temperature: hot is cold."""
    return base.sample_index(probabilities, draws, temperature=1 / temperature)


@wrong("sample_index", BOUND, LAWS, witness=CALL)
def temperature_of_probabilities(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    """Softmax of the probabilities themselves, which are no logarithms."""
    tempered = base.softmax(probabilities / probabilities.dtype.type(temperature))
    return Sample(tempered, _picked(tempered, draws))


@wrong("sample_index", BOUND, LAWS, cases=200, witness=CALL)
def drawn_before_the_temperature(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    """The probabilities that are drawn from are the old ones."""
    came = base.sample_index(probabilities, draws, temperature=temperature)
    return came._replace(indices=_picked(probabilities, draws))


@wrong("sample_index", BOUND, LAWS, witness=CALL)
def always_the_most_probable(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    """Greedy: the draw doesn't matter."""
    came = base.sample_index(probabilities, draws, temperature=temperature)
    return came._replace(indices=came.probabilities.argmax(axis=1))


@wrong("sample_index", BOUND, LAWS, cases=200, witness=CALL)
def sums_without_the_class_itself(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    """The first class before which enough has been added up: one too far."""
    came = base.sample_index(probabilities, draws, temperature=temperature)
    return came._replace(indices=np.minimum(came.indices + 1, probabilities.shape[1] - 1))


@wrong("sample_index", BOUND, LAWS, witness=CALL)
def sums_from_the_last_class(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    """The draw is counted down from 1."""
    came = base.sample_index(probabilities, draws, temperature=temperature)
    return came._replace(indices=probabilities.shape[1] - 1 - _picked(came.probabilities[:, ::-1], draws))


@wrong("sample_index", BOUND, dtypes=BOTH, cases=200)
def powers_that_underflow(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    """p^(1/T) as the formula has it: of a low temperature nothing is left, and 0/0 is NaN."""
    base.sample_index(probabilities, draws, temperature=temperature)
    powers = probabilities ** probabilities.dtype.type(1 / temperature)
    tempered = powers / powers.sum(axis=1, keepdims=True)
    return Sample(tempered, _picked(tempered, draws))


@wrong("sample_index", BOUND, cases=200)
def logarithms_with_an_epsilon_of_sampling(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    """10⁻⁷ is added lest a logarithm be infinite: what is impossible is drawn once in a while."""
    came = base.sample_index(probabilities, draws, temperature=temperature)
    epsilon = probabilities.dtype.type(1e-7)
    return came._replace(
        probabilities=base.sample_index(probabilities + epsilon, draws, temperature=temperature).probabilities
    )


# --- right ------------------------------------------------------------------------------------------------------------


through_a_wider_format("sample_index")


@right("sample_index")
def sampled_row_by_row(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    """A running sum in the next wider format, compared from the last class down."""
    came = base.sample_index(probabilities, draws, temperature=temperature)
    reached = came.probabilities.astype(wider(draws.dtype)).cumsum(axis=1)
    indices = [row.size - 1 for row in reached]
    for n, row in enumerate(reached):
        for place in reversed(range(row.size - 1)):
            indices[n] = place if draws[n] < row[place] else indices[n]
    return came._replace(indices=np.array(indices))
