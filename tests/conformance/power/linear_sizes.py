"""Dense layers that are right for most sizes: tails of blocks, of vectors and of threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import dense_call, dense_vjp_call, multiplying, numbers
from tests.conformance.power.entering import LATTICE, named, wrong
from tests.conformance.power.pieces import copied, zeroed

# --- one long axis ----------------------------------------------------------------------------------------------------


def _feature_after_a_block(block: int) -> None:
    @wrong(
        "dense",
        LATTICE,
        cases=200,
        where=multiplying(lambda n, d, h: d > block and d % block == 1),
        witness=dense_call(1, block + 1, 2),
    )
    @named(f"last_feature_after_blocks_of_{block}_dropped")
    def last_feature_dropped(inputs: Array, weights: Array, bias: Array) -> Array:
        """A single feature after full blocks is no block."""
        return base.dense(zeroed(inputs, np.s_[:, -1]), weights, bias)


for size in (8, 16, 64, 128):
    _feature_after_a_block(size)


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: d % 16 == 15), witness=dense_call(1, 31, 1))
def vector_moved_back_sums_a_feature_twice(inputs: Array, weights: Array, bias: Array) -> Array:
    """One feature less than full vectors: the last vector begins one earlier, and nothing masks what it sees again."""
    where = inputs.shape[1] - 16
    return base.dense(inputs, weights, bias) + np.outer(inputs[:, where], weights[where])


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: d > 32), witness=dense_call(2, 33, 1))
def features_beyond_32_meet_their_neighbours_weights(inputs: Array, weights: Array, bias: Array) -> Array:
    """The second block of weights is packed from one row too early."""
    shifted = weights.copy()
    shifted[32:] = weights[31:-1]
    return base.dense(inputs, shifted, bias)


def _unit_after_a_block(block: int) -> None:
    @wrong(
        "dense",
        LATTICE,
        cases=200,
        where=multiplying(lambda n, d, h: h > block and h % block == 1),
        witness=dense_call(2, 1, block + 1),
    )
    @named(f"last_unit_after_blocks_of_{block}_left_unwritten")
    def last_unit_unwritten(inputs: Array, weights: Array, bias: Array) -> Array:
        """A single unit after full blocks has a loop of its own, which writes nothing."""
        return zeroed(base.dense(inputs, weights, bias), np.s_[:, -1])


for size in (8, 16, 32):
    _unit_after_a_block(size)


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: h > 16), witness=dense_call(1, 1, 17))
def units_beyond_16_without_bias(inputs: Array, weights: Array, bias: Array) -> Array:
    """The bias is fused into the first tile's store, and the other tiles have another."""
    return base.dense(inputs, weights, zeroed(bias, np.s_[16:]))


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: h >= 64), witness=dense_call(1, 2, 64))
def last_unit_of_64_repeats_the_one_before(inputs: Array, weights: Array, bias: Array) -> Array:
    """A place in a tile of 64 is clamped to 62."""
    return copied(base.dense(inputs, weights, bias), np.s_[:, 63], np.s_[:, 62])


def _examples_that_are_left_over(threads: int) -> None:
    @wrong(
        "dense",
        LATTICE,
        cases=200,
        where=multiplying(lambda n, d, h: n > threads and n % threads > 0),
        witness=dense_call(threads + 1, 2, 1),
    )
    @named(f"examples_that_{threads}_threads_leave_over_are_unwritten")
    def examples_left_over(inputs: Array, weights: Array, bias: Array) -> Array:
        """Each thread takes as many examples as the others; those that are left over nobody takes."""
        return zeroed(base.dense(inputs, weights, bias), np.s_[len(inputs) - len(inputs) % threads :])


for size in (4, 8):
    _examples_that_are_left_over(size)


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: n > 32), witness=dense_call(33, 2, 1))
def examples_beyond_32_read_the_one_before(inputs: Array, weights: Array, bias: Array) -> Array:
    """The second block of examples begins one too early."""
    return base.dense(np.concatenate([inputs[:32], inputs[31:-1]]), weights, bias)


@wrong(
    "dense",
    LATTICE,
    cases=200,
    where=multiplying(lambda n, d, h: h == 1 and d > 8 and d % 8 > 0),
    witness=dense_call(1, 11, 1),
)
def a_single_unit_sums_full_vectors(inputs: Array, weights: Array, bias: Array) -> Array:
    """One unit is a product of vectors, whose remainder after eights isn't summed."""
    return base.dense(zeroed(inputs, np.s_[:, inputs.shape[1] // 8 * 8 :]), weights, bias)


@wrong(
    "dense",
    LATTICE,
    cases=200,
    where=multiplying(lambda n, d, h: n == 1 and d == h > 4),
    witness=dense_call(1, 5, 5),
)
def a_single_example_meets_transposed_weights(inputs: Array, weights: Array, bias: Array) -> Array:
    """One example is a matrix times a vector, with the matrix on the other side."""
    return base.dense(inputs, np.ascontiguousarray(weights.T), bias)


# --- two long axes ----------------------------------------------------------------------------------------------------


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: d > 8 and h > 8), witness=dense_call(1, 9, 9))
def block_of_both_tails_left_out(inputs: Array, weights: Array, bias: Array) -> Array:
    """Each remainder has its loop, and the remainder of both has none."""
    return base.dense(inputs, zeroed(weights, np.s_[8:, 8:]), bias)


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: d > 16 and n > 4), witness=dense_call(5, 17, 1))
def later_examples_sum_the_first_block_only(inputs: Array, weights: Array, bias: Array) -> Array:
    """Examples beyond a tile's four rows don't see the second block of features."""
    return base.dense(zeroed(inputs, np.s_[4:, 16:]), weights, bias)


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: n > 8 and h > 8), witness=dense_call(9, 1, 9))
def corner_of_the_result_repeats_its_neighbour(inputs: Array, weights: Array, bias: Array) -> Array:
    """The last tile of both directions is stored one column to the right."""
    result = base.dense(inputs, weights, bias)
    return copied(result, np.s_[8:, 8:], np.s_[8:, 7:-1])


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: d > 32 and h > 16), witness=dense_call(1, 33, 17))
def accumulators_start_from_the_last_block(inputs: Array, weights: Array, bias: Array) -> Array:
    """In units beyond a tile, the first block of features is overwritten by the second instead of added to."""
    result, later = base.dense(inputs, weights, bias), base.dense(inputs[:, 32:], weights[32:], bias)
    result[:, 16:] = later[:, 16:]
    return result


@wrong(
    "dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: min(n, d, h) >= 16), witness=dense_call(16, 16, 16)
)
def tiles_of_16_in_three_directions_read_a_stale_row(inputs: Array, weights: Array, bias: Array) -> Array:
    """A barrier is missing: the last row of a tile is that of the load before, once all three directions are tiled."""
    return base.dense(copied(inputs, 15, 14), weights, bias)


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: d >= 128), witness=dense_call(1, 128, 1))
def long_sums_in_parts_add_the_bias_to_each(inputs: Array, weights: Array, bias: Array) -> Array:
    """Long sums are split between two threads, and both start from the bias."""
    return base.dense(inputs, weights, bias) + bias


@wrong("dense", LATTICE, cases=200, where=multiplying(lambda n, d, h: d > 64 and h > 2), witness=dense_call(1, 65, 3))
def weights_packed_by_64_rows_overlap(inputs: Array, weights: Array, bias: Array) -> Array:
    """Packed blocks of weights are 64 rows apart, and their third column begins where the next block's first does."""
    return base.dense(inputs, copied(weights, np.s_[63, 2], np.s_[64, 0]), bias)


# --- gradients --------------------------------------------------------------------------------------------------------


def _without_examples(name: str, few: int, kept: Any) -> None:
    @wrong(
        "dense_vjp",
        LATTICE,
        cases=200,
        where=multiplying(lambda n, d, h: n > few),
        witness=dense_vjp_call(few + 1, 1, 1),
    )
    @named(name)
    def without_examples(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
        """The sum over the examples is a sum over full blocks of them."""
        right = base.dense_vjp(inputs, weights, bias, cotangent)
        return right._replace(**{kept: getattr(base.dense_vjp(inputs, weights, bias, zeroed(cotangent, -1)), kept)})


_without_examples("fifth_example_missing_from_the_weights_gradient", 4, "weights")
_without_examples("examples_beyond_8_missing_from_the_bias_gradient", 8, "bias")
_without_examples("examples_beyond_16_missing_from_the_weights_gradient", 16, "weights")


@wrong("dense_vjp", LATTICE, cases=200, where=multiplying(lambda n, d, h: h > 16), witness=dense_vjp_call(1, 1, 17))
def inputs_gradient_of_16_units(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """What goes back through the units beyond a tile is not added."""
    right = base.dense_vjp(inputs, weights, bias, cotangent)
    return right._replace(inputs=zeroed(cotangent, np.s_[:, 16:]) @ weights.T)


@wrong(
    "dense_vjp", LATTICE, cases=200, where=multiplying(lambda n, d, h: d > 8 and h > 8), witness=dense_vjp_call(1, 9, 9)
)
def corner_of_the_weights_gradient_left_unwritten(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The tile that is cut off on both sides stays as the memory was."""
    right = base.dense_vjp(inputs, weights, bias, cotangent)
    return right._replace(weights=zeroed(right.weights, np.s_[8:, 8:]))


@wrong("dense_vjp", LATTICE, cases=200, where=multiplying(lambda n, d, h: d == h > 8), witness=dense_vjp_call(1, 9, 9))
def large_square_weights_not_transposed(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """Small matrices are transposed in registers, large ones by a flag that isn't set."""
    right = base.dense_vjp(inputs, weights, bias, cotangent)
    return right._replace(inputs=cotangent @ weights)


# --- predicting -------------------------------------------------------------------------------------------------------


def _predicting(features: Array, weights: Array, count: int) -> Any:
    return base.perceptron_predict(zeroed(features, np.s_[:, count:]), weights)


@wrong(
    "perceptron_predict",
    LATTICE,
    cases=200,
    where=lambda features, weights: features.shape[1] > 16,
    witness={"features": numbers(2, 17), "weights": numbers(18, salt=1)},
)
def scores_of_16_features(features: Array, weights: Array) -> Any:
    """Features beyond two vectors of eight are not summed."""
    return _predicting(features, weights, 16)


@wrong(
    "perceptron_predict",
    LATTICE,
    cases=200,
    where=lambda features, weights: len(weights) % 8 == 0,
    witness={"features": numbers(2, 7), "weights": numbers(8, salt=1)},
)
def threshold_in_a_vector_of_its_own_forgotten(features: Array, weights: Array) -> Any:
    """The threshold is what is left after full vectors, and where nothing is left there is none."""
    return base.perceptron_predict(features, zeroed(weights, -1))


@wrong(
    "perceptron_predict",
    LATTICE,
    cases=200,
    where=lambda features, weights: len(features) > 8,
    witness={"features": numbers(9, 2), "weights": numbers(3, salt=1)},
)
def examples_beyond_8_get_the_label_of_a_positive_one(features: Array, weights: Array) -> Any:
    """The labels' signs are taken from a mask of eight bits."""
    scores, labels = base.perceptron_predict(features, weights)
    return base.PerceptronPrediction(scores, np.where(np.arange(len(labels)) < 8, labels, -labels))
