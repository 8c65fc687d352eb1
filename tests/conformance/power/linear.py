"""Dense layers: sums in every order and precision, indices, gradients, manners."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from reference.errors import InvalidArgument
from tests.conformance.power.entering import (
    BAD_INPUT,
    BOTH,
    BOUND,
    FLOAT64,
    GRADIENTS,
    LATTICE,
    LAWS,
    MANNERS,
    WORKED,
    right,
    wrong,
)
from tests.conformance.power.pieces import (
    compensated_sum,
    one_by_one,
    raw_memory,
    rounded_to,
    through_a_wider_format,
    wider,
)


def products(inputs: Array, weights: Array, bias: Array) -> Array:
    """The terms of a dense layer's sums, and the bias as the last one: [D + 1, N, H]."""
    terms = inputs.T[:, :, None] * weights[:, None, :]
    return np.concatenate([terms, np.broadcast_to(bias, (1, len(inputs), len(bias)))])


# --- sums -------------------------------------------------------------------------------------------------------------


@wrong("dense", WORKED, LATTICE, BOUND, LAWS)
def bias_ignored(inputs: Array, weights: Array, bias: Array) -> Array:
    """Inputs times weights, and no more."""
    return inputs @ weights


@wrong("dense", LATTICE, cases=1600)
def bias_for_every_example(inputs: Array, weights: Array, bias: Array) -> Array:
    """In a batch of as many examples as units, the bias is added to columns instead of rows."""
    square = len(inputs) == len(bias)
    return inputs @ weights + (bias[:, None] if square else bias)


@wrong("dense", LATTICE, cases=1600)
def weights_transposed(inputs: Array, weights: Array, bias: Array) -> Array:
    """Square weight matrices are read the other way round."""
    return base.dense(inputs, weights.T if weights.shape[0] == weights.shape[1] else weights, bias)


@wrong("dense", LATTICE, cases=1600)
def last_feature_beyond_32_dropped(inputs: Array, weights: Array, bias: Array) -> Array:
    """Off by one after a tile of 32, which only long sums reach."""
    end = inputs.shape[1] - (inputs.shape[1] > 32)
    return inputs[:, :end] @ weights[:end] + bias


@wrong("dense", LATTICE, BOUND)
def last_term_twice(inputs: Array, weights: Array, bias: Array) -> Array:
    """The last product enters the sum twice, as overlapping vectors would make it."""
    return base.dense(inputs, weights, bias) + np.outer(inputs[:, -1], weights[-1])


@wrong("dense_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def bias_gradient_missing(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The bias's gradient stays 0."""
    return base.dense_vjp(inputs, weights, bias, cotangent)._replace(bias=np.zeros_like(bias))


@wrong("dense_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def bias_gradient_is_a_mean(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The mean over the examples instead of the sum."""
    return base.dense_vjp(inputs, weights, bias, cotangent)._replace(bias=cotangent.mean(axis=0))


@wrong("dense_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def one_example_missing_from_the_gradient(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The weights' gradient leaves out the last example of several."""
    end = max(1, len(inputs) - 1)
    return base.dense_vjp(inputs, weights, bias, cotangent)._replace(weights=inputs[:end].T @ cotangent[:end])


@wrong("dense_vjp", LATTICE, cases=1600)
def inputs_gradient_of_transposed_weights(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The transpose of square weight matrices is forgotten."""
    right = base.dense_vjp(inputs, weights, bias, cotangent)
    return right._replace(inputs=cotangent @ weights) if weights.shape[0] == weights.shape[1] else right


# --- precision --------------------------------------------------------------------------------------------------------


@wrong("dense", LATTICE, BOUND)
def bfloat16_inputs(inputs: Array, weights: Array, bias: Array) -> Array:
    """Inputs and weights are rounded to 8 bits, and the products summed in full."""
    return base.dense(rounded_to(8, inputs), rounded_to(8, weights), bias)


@wrong("dense", LATTICE, BOUND)
def tf32_inputs(inputs: Array, weights: Array, bias: Array) -> Array:
    """Inputs and weights are rounded to 11 bits, as a GPU's matrix units may do unasked."""
    return base.dense(rounded_to(11, inputs), rounded_to(11, weights), bias)


@wrong("dense", LATTICE, cases=1600)
def tf32_inputs_for_long_sums(inputs: Array, weights: Array, bias: Array) -> Array:
    """TF32 from 32 features on, where the worst-case bound is wide."""
    return (tf32_inputs if inputs.shape[1] >= 32 else base.dense)(inputs, weights, bias)


def accumulated(terms: Array, step: Callable[[Array], Array]) -> Array:
    """The sum over the first axis, one term after the other, with a rounding of one's own after each."""
    total = step(terms[0])
    for term in terms[1:]:
        total = step(total + term)
    return total


@wrong("dense", LATTICE, BOUND)
def half_precision_accumulation(inputs: Array, weights: Array, bias: Array) -> Array:
    """Every partial sum is rounded to float16's 11 bits."""
    return accumulated(products(inputs, weights, bias), partial(rounded_to, 11))


@wrong("dense", LATTICE, BOUND)
def kahan_with_a_float16_compensation(inputs: Array, weights: Array, bias: Array) -> Array:
    """Kahan summation in half precision: what the compensation saves is itself rounded away."""
    total = lost = np.zeros((len(inputs), len(bias)), np.float16)
    for term in products(inputs, weights, bias):
        wanted = term.astype(np.float16) - lost
        raised = total + wanted
        total, lost = raised, (raised - total) - wanted
    return total.astype(inputs.dtype)


@wrong("dense", LATTICE, BOUND, dtypes=FLOAT64)
def float32_for_float64(inputs: Array, weights: Array, bias: Array) -> Array:
    """float64 comes in and goes out, and float32 is what is computed in."""
    return base.dense(*(array.astype(np.float32) for array in (inputs, weights, bias))).astype(inputs.dtype)


@wrong("dense", LATTICE, BOUND, dtypes=BOTH)
def off_by_a_two_thousandth(inputs: Array, weights: Array, bias: Array) -> Array:
    """Every result is 1.0005 times what it should be: within many a hand-picked tolerance."""
    return base.dense(inputs, weights, bias) * inputs.dtype.type(1.0005)


@wrong("dense", LATTICE, BOUND)
def off_by_a_millionth(inputs: Array, weights: Array, bias: Array) -> Array:
    """Every result is 1 + 2⁻²⁰ times what it should be: sixteen units of float32's roundoff."""
    return base.dense(inputs, weights, bias) * inputs.dtype.type(1 + 2.0**-20)


# --- bad input --------------------------------------------------------------------------------------------------------


@wrong("dense", f"{BAD_INPUT}: inputs is refused", cases=200)
def an_answer_for_no_examples(inputs: Array, weights: Array, bias: Array) -> Array:
    """An empty batch gives an empty result."""
    if isinstance(inputs, np.ndarray) and inputs.ndim == 2 and len(inputs) == 0:
        return np.zeros((0, *bias.shape), inputs.dtype)
    return base.dense(inputs, weights, bias)


@wrong("dense", f"{BAD_INPUT}: bias is refused", cases=200)
def longer_bias_is_cut(inputs: Array, weights: Array, bias: Array) -> Array:
    """A bias of too many units is used as far as it goes."""
    fits = isinstance(bias, np.ndarray) and bias.ndim == 1 and bias.dtype.kind == "f"
    return base.dense(inputs, weights, bias[: weights.shape[1]] if fits else bias)


@wrong("dense", f"{MANNERS}: names the argument in errors", cases=200)
def an_error_that_names_nothing(inputs: Array, weights: Array, bias: Array) -> Array:
    """It is refused, but who knows why."""
    try:
        return base.dense(inputs, weights, bias)
    except InvalidArgument:
        raise ValueError("matmul: mismatch in core dimension 0") from None


# --- manners ----------------------------------------------------------------------------------------------------------


@wrong("dense", f"{MANNERS}: keeps the dtype", cases=200)
def always_float64(inputs: Array, weights: Array, bias: Array) -> Array:
    """float32 in, float64 out."""
    return base.dense(inputs, weights, bias).astype(np.float64)


_BUFFERS: dict[object, Array] = {}


@wrong("dense", f"{MANNERS}: gives the same bits twice", cases=200)
def the_same_buffer_every_time(inputs: Array, weights: Array, bias: Array) -> Array:
    """A later call overwrites an earlier result."""
    result = base.dense(inputs, weights, bias)
    buffer = _BUFFERS.setdefault((result.shape, result.dtype), np.empty_like(result))
    np.copyto(buffer, result)
    return buffer


_RANDOM = np.random.default_rng(0)


@wrong("dense", f"{MANNERS}: gives the same bits twice", cases=200)
def random_last_bit(inputs: Array, weights: Array, bias: Array) -> Array:
    """The same call gives different results, as sums of threads that race do."""
    result = base.dense(inputs, weights, bias)
    return np.where(_RANDOM.random(result.shape) < 0.5, np.nextafter(result, np.inf, dtype=result.dtype), result)


@wrong("dense", f"{MANNERS}: accepts any memory layout", cases=200)
def strides_of_the_inputs_ignored(inputs: Array, weights: Array, bias: Array) -> Array:
    """The raw buffer is read, whatever the array's strides."""
    return base.dense(raw_memory(inputs), weights, bias)


# --- right ------------------------------------------------------------------------------------------------------------


@right("dense")
def last_product_first(inputs: Array, weights: Array, bias: Array) -> Array:
    """The terms from the last to the first, the bias before them all."""
    return one_by_one(products(inputs, weights, bias)[::-1])


@right("dense")
def pairwise_tree(inputs: Array, weights: Array, bias: Array) -> Array:
    """Neighbours are added, then neighbouring sums, and so on."""
    terms = products(inputs, weights, bias)
    while len(terms) > 1:
        even = len(terms) - len(terms) % 2
        terms = np.concatenate([terms[0:even:2] + terms[1:even:2], terms[even:]])
    return terms[0]


@right("dense")
def shuffled_blocks_of_four(inputs: Array, weights: Array, bias: Array) -> Array:
    """Blocks of four terms each, added in an order without pattern, as threads would."""
    terms = products(inputs, weights, bias)
    shuffled = terms[np.random.default_rng(len(terms)).permutation(len(terms))]
    return one_by_one(np.array([one_by_one(shuffled[start : start + 4]) for start in range(0, len(terms), 4)]))


@right("dense")
def strided_lanes(inputs: Array, weights: Array, bias: Array) -> Array:
    """Eight running sums, one for each lane of a vector, added in the end."""
    terms = products(inputs, weights, bias)
    return one_by_one(np.array([one_by_one(terms[lane::8]) for lane in range(min(8, len(terms)))]))


@right("dense")
def compensated(inputs: Array, weights: Array, bias: Array) -> Array:
    """What additions lose is summed too, and added in the end."""
    return compensated_sum(products(inputs, weights, bias))


@right("dense")
def fused_multiply_add(inputs: Array, weights: Array, bias: Array) -> Array:
    """Products are not rounded before they are added, sums are."""
    total = np.zeros((len(inputs), len(bias)), inputs.dtype)
    for column, row in zip(inputs.T.astype(wider(inputs.dtype)), weights, strict=True):
        total = (column[:, None] * row + total).astype(inputs.dtype)
    return total + bias


@right("dense")
def bias_first(inputs: Array, weights: Array, bias: Array) -> Array:
    """The sum starts from the bias."""
    terms = products(inputs, weights, bias)
    return one_by_one(np.concatenate([terms[-1:], terms[:-1]]))


@right("dense")
def einsum(inputs: Array, weights: Array, bias: Array) -> Array:
    """Indices instead of a matrix product."""
    return np.einsum("nd,dh->nh", inputs, weights) + bias


@right("dense")
def column_major_result(inputs: Array, weights: Array, bias: Array) -> Array:
    """The transposed product of the transposed matrices: the result's columns are contiguous."""
    return (weights.T @ inputs.T + bias[:, None]).T


through_a_wider_format("dense_vjp")
