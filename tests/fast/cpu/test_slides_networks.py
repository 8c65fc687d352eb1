"""The slides' networks at their full size, forward and back, exactly: every thread and block takes part.

All numbers are integers, and so small that float32 holds every partial sum in any order. The logits are so far apart
that softmax is 0 or 1. What is wanted is computed with NumPy's integers, where nothing can be rounded.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from conformance.implementations import numpy
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


#: The slides' convolutional network: filters and strides.
FILTERS, STRIDES = ((3, 3, 1, 12), (6, 6, 12, 24), (6, 6, 24, 32)), (1, 2, 2)


def convolutional_network(examples: int) -> dict[str, Any]:
    """A batch and a convolutional network of sparse integers, with labels and a mask."""
    rng = np.random.default_rng(examples)

    def sparse(*shape: int, terms: int) -> Any:
        return rng.integers(-1, 2, shape) * (rng.random(shape) < terms / np.prod(shape[:-1]))

    last = np.eye(10, dtype=int)[np.arange(200) % 10] * rng.integers(-1, 2, (200, 10))
    return {
        "images": rng.integers(0, 2, (examples, 28, 28, 1)),
        "filters": tuple(sparse(*lengths, terms=4) for lengths in FILTERS),
        "filter_biases": tuple(rng.integers(-1, 2, lengths[-1]) for lengths in FILTERS),
        "weights": (sparse(1568, 200, terms=8), 16 * APART * last),
        "biases": (rng.integers(-1, 2, 200), APART * np.arange(10)),
        "labels": np.eye(10, dtype=int)[rng.integers(0, 10, examples)],
        "mask": rng.integers(0, 2, (examples, 200)),
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_backpropagation_through_the_convolutional_network_is_exact(dtype: str) -> None:
    given = convolutional_network(64)
    *arrays, mask = given.values()
    how = {"strides": STRIDES, "rate": 0.5}
    came = cpu.convolutional_backpropagation(*(cast(value, dtype) for value in arrays), mask, **how)
    # Sums of float64 are exact here, in whatever order: what rounds float32 shows as a difference.
    wanted = numpy.convolutional_backpropagation(*(cast(value, "float64") for value in arrays), mask, **how)
    assert all(gradient.any() for group in wanted[1:] for gradient in group)
    for name, ours, theirs in zip(wanted._fields[1:], came[1:], wanted[1:], strict=True):
        for layer, pair in enumerate(zip(ours, theirs, strict=True)):
            assert np.array_equal(*pair), f"{name}[{layer}]"
