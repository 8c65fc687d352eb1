"""Dense layers, perceptrons and networks in other blocks and orders: all of them right."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.perceptron import fold_threshold, learning_rates
from tests.conformance.power.entering import right
from tests.conformance.power.linear import products
from tests.conformance.power.pieces import one_by_one, wider

# --- dense ------------------------------------------------------------------------------------------------------------


@right("dense")
def tiles_of_odd_sizes(inputs: Array, weights: Array, bias: Array) -> Array:
    """Tiles of 5 examples, 7 features and 3 units, each added to the result in its turn."""
    result = np.zeros((len(inputs), len(bias)), inputs.dtype)
    for n in range(0, len(inputs), 5):
        for h in range(0, len(bias), 3):
            for d in range(0, len(weights), 7):
                result[n : n + 5, h : h + 3] += inputs[n : n + 5, d : d + 7] @ weights[d : d + 7, h : h + 3]
    return result + bias


@right("dense")
def features_split_in_three(inputs: Array, weights: Array, bias: Array) -> Array:
    """Three sums of a third of the features each, the bias with the last one."""
    parts = [x @ w for x, w in zip(np.array_split(inputs, 3, axis=1), np.array_split(weights, 3), strict=True)]
    return parts[0] + (parts[1] + (parts[2] + bias))


@right("dense")
def sums_by_threes(inputs: Array, weights: Array, bias: Array) -> Array:
    """Three neighbours are added, then three neighbouring sums, and so on."""
    terms = products(inputs, weights, bias)
    while len(terms) > 1:
        terms = np.array([one_by_one(terms[start : start + 3]) for start in range(0, len(terms), 3)])
    return terms[0]


@right("dense")
def smallest_terms_first(inputs: Array, weights: Array, bias: Array) -> Array:
    """Each sum in the order of its terms' sizes."""
    terms = products(inputs, weights, bias)
    return one_by_one(np.take_along_axis(terms, np.abs(terms).argsort(axis=0), axis=0))


@right("dense")
def positive_and_negative_apart(inputs: Array, weights: Array, bias: Array) -> Array:
    """What is positive and what is negative summed apart, and subtracted in the end: the worst order there is."""
    terms = products(inputs, weights, bias)
    if not np.isfinite(terms).all():
        return base.dense(inputs, weights, bias)
    return one_by_one(np.maximum(terms, 0)) + one_by_one(np.minimum(terms, 0))


@right("dense")
def the_bias_as_a_weight(inputs: Array, weights: Array, bias: Array) -> Array:
    """Every example has one more feature, 1, and the weights one more row, the bias."""
    ones = np.ones((len(inputs), 1), inputs.dtype)
    return np.concatenate([inputs, ones], axis=1) @ np.concatenate([weights, bias[None]])


@right("dense")
def products_rounded_and_sums_wide(inputs: Array, weights: Array, bias: Array) -> Array:
    """Products in the format itself, their sum in the next wider one."""
    return products(inputs, weights, bias).sum(axis=0, dtype=wider(inputs.dtype)).astype(inputs.dtype)


@right("dense")
def units_one_by_one_from_the_last(inputs: Array, weights: Array, bias: Array) -> Array:
    """A matrix times a vector for each unit."""
    units = [inputs @ np.ascontiguousarray(weights[:, unit]) + bias[unit] for unit in range(len(bias))[::-1]]
    return np.stack(units[::-1], axis=1)


@right("dense_vjp")
def gradients_as_a_sum_over_examples(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """Outer products, the last example's first."""
    outer = inputs[:, :, None] * cotangent[:, None, :]
    d_inputs = np.stack([weights @ row for row in cotangent])
    return base.DenseGradients(d_inputs, one_by_one(outer[::-1]), one_by_one(cotangent[::-1]))


@right("dense_vjp")
def gradients_as_dense_layers(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """Both gradients are dense layers without bias, and the bias's is one of inputs 1."""
    features, units = weights.shape
    ones = np.ones((len(inputs), 1), inputs.dtype)
    d_inputs = base.dense(cotangent, np.ascontiguousarray(weights.T), np.zeros(features, inputs.dtype))
    d_weights = base.dense(np.ascontiguousarray(inputs.T), cotangent, np.zeros(units, inputs.dtype))
    return base.DenseGradients(d_inputs, d_weights, (ones.T @ cotangent)[0])


# --- the perceptron ---------------------------------------------------------------------------------------------------


@right("perceptron_predict")
def threshold_subtracted_last(features: Array, weights: Array) -> Any:
    """⟨x, w⟩ - ρ as it is written."""
    scores = features @ weights[:-1] - weights[-1]
    return base.PerceptronPrediction(scores, np.where(scores > 0, 1, -1))


@right("perceptron_predict")
def examples_one_by_one_threshold_first(features: Array, weights: Array) -> Any:
    """-ρ + w₁x₁ + w₂x₂ + …, example by example."""
    terms = np.concatenate([np.full((len(features), 1), -1, features.dtype), features], axis=1) * np.roll(weights, 1)
    scores = one_by_one(terms.T)
    return base.PerceptronPrediction(scores, np.where(scores > 0, 1, -1))


@right("perceptron_sgd")
def next_mistake_of_all_examples_at_once(
    features: Array, labels: Array, *, epochs: int, learning_rate: Any = 1, initial_weights: Array | None = None
) -> Any:
    """The activations of all examples that are left are one product; nothing changes until the first that is wrong."""
    rates = learning_rates(learning_rate, epochs, features.dtype)
    examples = fold_threshold(features) * labels.astype(features.dtype)[:, None]
    weights = np.zeros(examples.shape[1], features.dtype) if initial_weights is None else initial_weights.copy()
    steps: list[tuple[Any, ...]] = []
    right_in_a_row, count = 0, len(examples)
    for rate in rates:
        place = 0
        while place < count and right_in_a_row < count:
            activations = examples[place:] @ weights
            wrong = np.flatnonzero(activations <= 0)
            end = min(wrong[0] if len(wrong) else len(activations), count - right_in_a_row)
            steps += [(weights, examples[place + i], activations[i], 0) for i in range(end)]
            right_in_a_row, place = right_in_a_row + end, place + end
            if place < count and right_in_a_row < count:
                steps.append((weights, examples[place], activations[end], 1))
                weights = weights + rate * examples[place]
                right_in_a_row, place = 0, place + 1
    return base.PerceptronTrace(weights, *map(np.array, zip(*steps, strict=True)))


@right("perceptron_sgd")
def labels_folded_into_activations(
    features: Array, labels: Array, *, epochs: int, learning_rate: Any = 1, initial_weights: Array | None = None
) -> Any:
    """y·⟨x, w⟩ instead of ⟨yx, w⟩, and terms from the threshold's to the first."""
    rates = learning_rates(learning_rate, epochs, features.dtype)
    examples, signs = fold_threshold(features), labels.astype(features.dtype)
    weights = np.zeros(examples.shape[1], features.dtype) if initial_weights is None else initial_weights.copy()
    steps: list[tuple[Any, ...]] = []
    right_in_a_row = 0
    for rate in rates:
        for example, sign in zip(examples, signs, strict=True):
            if right_in_a_row == len(examples):
                break
            activation = sign * one_by_one((example * weights)[::-1])
            steps.append((weights, sign * example, activation, int(activation <= 0)))
            right_in_a_row = 0 if activation <= 0 else right_in_a_row + 1
            weights = weights + sign * (rate * example) if activation <= 0 else weights
    return base.PerceptronTrace(weights, *map(np.array, zip(*steps, strict=True)))


# --- networks ---------------------------------------------------------------------------------------------------------


@right("forward_pass")
def examples_one_by_one_through_the_network(inputs: Array, weights: Any, biases: Any) -> Any:
    """Each example goes through all layers before the next one starts, the last one first."""
    alone = [base.forward_pass(inputs[n : n + 1], weights, biases) for n in range(len(inputs))[::-1]][::-1]
    return base.ForwardPass(
        *(tuple(map(np.concatenate, zip(*parts, strict=True))) for parts in zip(*alone, strict=True))
    )


@right("backpropagation")
def gradients_of_the_sum_divided_last(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """Gradients of the summed loss, divided by the number of examples in the end."""
    count = inputs.dtype.type(len(inputs))
    weighted_sums, activations = base.forward_pass(inputs, weights, biases)
    loss = base.softmax_cross_entropy_with_logits(weighted_sums[-1], labels).sum() / count
    ones = np.ones(len(inputs), inputs.dtype)
    cotangent = base.softmax_cross_entropy_with_logits_vjp(weighted_sums[-1], labels, ones)
    gradients: list[Any] = []
    for layer in range(len(weights))[::-1]:
        before = activations[layer - 1] if layer else inputs
        gradients.insert(0, base.dense_vjp(before, weights[layer], biases[layer], cotangent))
        if layer:
            cotangent = base.relu_vjp(weighted_sums[layer - 1], gradients[0].inputs)
    parts = [tuple(part / count for part in column) for column in list(zip(*gradients, strict=True))[1:]]
    return base.Backpropagation(loss, *parts)
