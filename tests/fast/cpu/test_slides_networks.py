"""The slides' fully connected network at its full size, forward and back, exactly: every thread and block takes part.

All numbers are integers, and so small that float32 holds every partial sum in any order. The logits are so far apart
that softmax is 0 or 1. What is wanted is computed with NumPy's integers, where nothing can be rounded.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from fast import cpu

#: As in "784-200-100-60-30-10".
WIDTHS = (784, 200, 100, 60, 30, 10)
#: Logits that differ by so much have a softmax of exactly 0 and 1 in both formats.
APART = 1024
#: Up to here float32 counts.
MOST = 2**24


def network(examples: int) -> dict[str, Any]:
    """A batch and a network of sparse integers, with labels."""
    rng = np.random.default_rng(examples)
    weights = [rng.integers(-1, 2, pair) * (rng.random(pair) < 12 / pair[0]) for pair in pairwise(WIDTHS)]
    biases = [rng.integers(-2, 3, units) for units in WIDTHS[1:]]
    # Biases that no weighted sum makes equal: no two logits tie.
    biases[-1] = 16 * biases[-1] * len(biases[-1]) + np.arange(len(biases[-1]))
    weights[-1] = 16 * len(biases[-1]) * weights[-1]
    inputs, labels = rng.integers(0, 2, (examples, WIDTHS[0])), np.eye(WIDTHS[-1], dtype=int)
    return {
        "inputs": inputs,
        "weights": (*weights[:-1], APART * weights[-1]),
        "biases": (*biases[:-1], APART * biases[-1]),
        "labels": labels[rng.integers(0, WIDTHS[-1], examples)],
    }


def in_integers(inputs: Any, weights: Any, biases: Any, labels: Any) -> tuple[Any, Any, Any, Any]:
    """Weighted sums, activations, and the sums over the batch of the gradients of weights and biases."""
    sums, activations = [], [inputs]
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        assert (np.abs(activations[-1]) @ np.abs(matrix) + np.abs(bias)).max() < MOST * (APART if layer == 4 else 1)
        sums.append(activations[-1] @ matrix + bias)
        activations.append(np.maximum(sums[-1], 0))
    activations[-1] = (sums[-1] == sums[-1].max(axis=1, keepdims=True)).astype(int)
    assert (activations[-1].sum(axis=1) == 1).all()
    gradients, slopes = [], activations[-1] - labels
    for layer in reversed(range(len(weights))):
        of_weights = activations[layer].T @ slopes
        assert (np.abs(activations[layer]).T @ np.abs(slopes) // APART).max() < MOST
        gradients.append((of_weights, slopes.sum(axis=0)))
        slopes = (slopes @ weights[layer].T) * (activations[layer] > 0)
    return sums, activations[1:], *zip(*reversed(gradients), strict=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_forward_pass_of_a_hundred_examples_is_exact(dtype: str) -> None:
    given = network(100)
    sums, activations, *_ = in_integers(**given)
    inputs, weights, biases = (cast(given[name], dtype) for name in ("inputs", "weights", "biases"))
    result = cpu.forward_pass(inputs, weights, biases)
    for wanted, came in zip([*sums, *activations], [*result.weighted_sums, *result.activations], strict=True):
        assert np.array_equal(wanted, came)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_backpropagation_through_five_layers_is_exact(dtype: str) -> None:
    examples = 128  # the mean over a power of two is exact
    given = network(examples)
    *_, of_weights, of_biases = in_integers(**given)
    result = cpu.backpropagation(*(cast(value, dtype) for value in given.values()))
    for wanted, came in zip([*of_weights, *of_biases], [*result.weights, *result.biases], strict=True):
        assert np.array_equal(wanted / examples, came)


def cast(value: Any, dtype: str) -> Any:
    return tuple(array.astype(dtype) for array in value) if isinstance(value, tuple) else value.astype(dtype)
