"""Dense layers that are right for most numbers: coarse formats that only some sizes get, and sums that lose."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.operation import Arguments
from tests.conformance.power.calls import dense_call, dense_vjp_call, multiplying
from tests.conformance.power.entering import BOUND, FLOAT64, LATTICE, named, wrong
from tests.conformance.power.pieces import rounded_to


def _fine(examples: int, features: int, units: int, bits: int = 12) -> Arguments:
    """Inputs of one significant bit more than that, beside weights of ±1: sums are exact, where nothing is rounded."""
    call = dense_call(examples, features, units)
    odd = 2 * np.abs(call["inputs"]) + 1
    return {**call, "inputs": 2.0**bits + odd, "weights": np.sign(call["weights"])}


# --- inputs -----------------------------------------------------------------------------------------------------------


def _coarse_inputs(name: str, bits: int, features: int, examples: int = 1) -> None:
    @wrong(
        "dense",
        LATTICE,
        cases=200,
        where=multiplying(lambda n, d, h: d >= features and n >= examples),
        witness=_fine(examples, features, 2),
    )
    @named(name)
    def coarse(inputs: Array, weights: Array, bias: Array) -> Array:
        """Matrix units of few bits take over where products are large enough to be worth it."""
        return base.dense(rounded_to(bits, inputs), rounded_to(bits, weights), bias)


_coarse_inputs("bfloat16_inputs_of_64_features", 8, 64)
_coarse_inputs("tf32_inputs_of_128_features", 11, 128)
_coarse_inputs("tf32_inputs_of_16_examples_and_features", 11, 16, 16)


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: h > 8), witness=_fine(1, 1, 9))
def half_precision_inputs_of_many_units(inputs: Array, weights: Array, bias: Array) -> Array:
    """Inputs are packed in float16, to be kept in cache for many units."""
    return base.dense(rounded_to(11, inputs), weights, bias)


@wrong("dense", BOUND, cases=200, where=multiplying(lambda n, d, h: d >= 32), witness=_fine(1, 33, 1, 18))
def two_of_three_bfloat16_parts(inputs: Array, weights: Array, bias: Array) -> Array:
    """A float32 is split into bfloat16 parts, and the smallest part is left out: 16 bits remain."""
    return base.dense(rounded_to(16, inputs), rounded_to(16, weights), bias)


@wrong(
    "dense", LATTICE, dtypes=FLOAT64, cases=200, where=multiplying(lambda n, d, h: d >= 32), witness=_fine(1, 32, 1, 40)
)
def float32_inputs_of_long_float64_sums(inputs: Array, weights: Array, bias: Array) -> Array:
    """Products of large float64 matrices go to a GPU, which gets float32."""
    return base.dense(inputs.astype(np.float32).astype(inputs.dtype), weights, bias)


# --- sums -------------------------------------------------------------------------------------------------------------


def _in_blocks(inputs: Array, weights: Array, bias: Array, block: int, bits: int) -> Array:
    total = np.zeros((len(inputs), len(bias)), inputs.dtype)
    for start in range(0, inputs.shape[1], block):
        part = inputs[:, start : start + block] @ weights[start : start + block]
        total = rounded_to(bits, total + part)
    return total + bias


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: d >= 128), witness=_fine(1, 128, 1))
def partial_sums_of_long_rows_in_tf32(inputs: Array, weights: Array, bias: Array) -> Array:
    """Sums of 32 features each are right, and added up in 11 bits."""
    return _in_blocks(inputs, weights, bias, 32, 11)


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: d > 16), witness=_fine(1, 19, 1, 19))
def partial_sums_stored_in_16_bits(inputs: Array, weights: Array, bias: Array) -> Array:
    """Between blocks of 16 features, the sum waits in a buffer of fewer bits."""
    return _in_blocks(inputs, weights, bias, 16, 16)


@wrong(
    "dense",
    LATTICE,
    dtypes=FLOAT64,
    cases=200,
    where=multiplying(lambda n, d, h: d > 8),
    witness=_fine(1, 9, 1, 30),
)
def float64_accumulated_in_float32(inputs: Array, weights: Array, bias: Array) -> Array:
    """Products are rounded to float32 to be added."""
    terms = (inputs[:, :, None] * weights).astype(np.float32)
    return terms.sum(axis=1).astype(inputs.dtype) + bias


@wrong(
    "dense",
    BOUND,
    cases=200,
    where=multiplying(lambda n, d, h: d > 1),
    witness={
        "inputs": np.array([[4097.0, 4096.0]]),
        "weights": np.array([[4095.0], [-4096.0]]) / 3,
        "bias": np.zeros(1),
    },
)
def products_of_sums_and_differences(inputs: Array, weights: Array, bias: Array) -> Array:
    """ab = ((a + b)² - (a - b)²)/4: what squares have in common cancels, and leaves its roundings behind."""
    sums, differences = inputs[:, :, None] + 64 * weights, inputs[:, :, None] - 64 * weights
    return ((sums * sums - differences * differences) / 256).sum(axis=1) + bias


@wrong(
    "dense",
    BOUND,
    cases=200,
    where=multiplying(lambda n, d, h: d >= 3),
    witness={
        "inputs": np.array([[3.0, 1.0, 2.0, 1.0]]),
        "weights": np.array([[2.0**-20], [1.0], [2.0**-20], [-1.0]]),
        "bias": np.zeros(1),
    },
)
def small_products_skipped(inputs: Array, weights: Array, bias: Array) -> Array:
    """Weights below 2⁻¹⁶ of the largest are taken for pruned."""
    return base.dense(inputs, np.where(np.abs(weights) < np.abs(weights).max() / 2**16, 0, weights), bias)


@wrong(
    "dense_vjp",
    BOUND,
    cases=200,
    where=multiplying(lambda n, d, h: n >= 8),
    witness=dense_vjp_call(8, 1, 1) | {"cotangent": np.arange(1.0, 9.0)[:, None] * 4097},
)
def bias_gradient_summed_in_half_precision(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The sum over a batch of eight or more is made in 11 bits."""
    right = base.dense_vjp(inputs, weights, bias, cotangent)
    total = np.zeros_like(bias)
    for row in cotangent:
        total = rounded_to(11, total + row)
    return right._replace(bias=total)


@wrong(
    "dense_vjp",
    LATTICE,
    cases=200,
    where=multiplying(lambda n, d, h: n >= 8),
    witness=dense_vjp_call(8, 1, 1) | _fine(8, 1, 1),
)
def weights_gradient_of_a_batch_in_tf32(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """From eight examples on, matrix units sum over the batch, and they take 11 bits of a number."""
    right = base.dense_vjp(inputs, weights, bias, cotangent)
    return right._replace(weights=rounded_to(11, inputs).T @ rounded_to(11, cotangent))


# --- perceptrons ------------------------------------------------------------------------------------------------------


@wrong(
    "perceptron_predict",
    LATTICE,
    cases=200,
    where=lambda features, weights: features.shape[1] >= 8,
    witness={"features": np.full((1, 8), 4097.0), "weights": np.arange(1.0, 10.0)},
)
def scores_of_features_in_half_precision(features: Array, weights: Array) -> Any:
    """Eight features make a vector of float16."""
    return base.perceptron_predict(rounded_to(11, features), weights)


@wrong(
    "perceptron_sgd",
    LATTICE,
    cases=200,
    where=lambda features, labels, **how: features.shape[1] > 2,
    witness={"features": np.full((2, 4), 257.0), "labels": np.array([1, -1]), "epochs": 1},
)
def activations_summed_in_16_bits(features: Array, labels: Array, **how: Any) -> Any:
    """Activations are written down in 16 bits; only their signs matter for training."""
    trace = base.perceptron_sgd(features, labels, **how)
    return trace._replace(activations=rounded_to(16, trace.activations))
