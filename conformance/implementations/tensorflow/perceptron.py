"""The perceptron, which TensorFlow doesn't have: the slides' loop over its operations."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from conformance.implementations.tensorflow.calls import leniency, numbers, shape
from reference.errors import is_integer

__all__ = ["PerceptronTrace", "perceptron_predict", "perceptron_sgd"]


class PerceptronTrace(NamedTuple):
    final_weights: Any
    weights: Any
    examples: Any
    activations: Any
    updated: Any


def perceptron_sgd(
    features: Any, labels: Any, *, epochs: int, learning_rate: Any = 1, initial_weights: Any = None
) -> PerceptronTrace:
    dtype = features.dtype
    rates = [learning_rate(t) for t in range(1, epochs + 1)] if callable(learning_rate) else learning_rate
    rates = tf.broadcast_to(tf.constant(rates, dtype), [epochs])
    examples = tf.concat([features, -tf.ones([len(features), 1], dtype)], 1) * tf.cast(labels, dtype)[:, None]
    weights = tf.zeros(examples.shape[1], dtype) if initial_weights is None else tf.constant(initial_weights)
    weights, *columns = trace_of(dtype.name)(examples, rates, weights)
    return PerceptronTrace(weights.numpy(), *(column.numpy() for column in columns))


@cache
def trace_of(dtype: str) -> Any:
    """The loop as one graph, for arrays of whatever lengths: step by step in Python it takes six times as long."""
    matrix, vector = tf.TensorSpec([None, None], dtype), tf.TensorSpec([None], dtype)

    def trace(examples: Any, rates: Any, weights: Any) -> Any:
        count, step, right = tf.shape(examples)[0], 0, 0
        kept, activations, misses = (tf.TensorArray(kind, 0, True) for kind in (dtype, dtype, tf.bool))
        while right < count and step < count * tf.size(rates):
            example = examples[step % count]
            activation = tf.tensordot(example, weights, 1)
            wrong = activation <= 0
            kept, activations = kept.write(step, weights), activations.write(step, activation)
            misses = misses.write(step, wrong)
            right = 0 if wrong else right + 1
            weights = weights + rates[step // count] * example if wrong else weights
            step += 1
        shown = tf.gather(examples, tf.range(step) % count)
        return weights, kept.stack(), shown, activations.stack(), misses.stack()

    # Not called as a tf.function: one whose input does not fit keeps its lock, and other threads wait for ever.
    return tf.function(trace, input_signature=[matrix, vector, vector]).get_concrete_function()


def perceptron_predict(features: Any, weights: Any) -> tuple[Any, Any]:
    scores = tf.linalg.matvec(tf.concat([features, -tf.ones([len(features), 1], features.dtype)], 1), weights)
    return scores.numpy(), tf.where(scores > 0, 1, -1).numpy()


def other_labels(features: Any, labels: Any, **_: Any) -> bool:
    return shape(labels) == shape(features)[:1] and not np.isin(labels, (1, -1)).all()


def one_for_all(features: Any, labels: Any, **how: Any) -> bool:
    (examples, _), (count,) = shape(features), shape(labels)
    return examples != count and 1 in (examples, count) and 0 not in (examples, count)


def one_rate_in_a_list(learning_rate: Any, epochs: Any, **_: Any) -> bool:
    return is_integer(epochs) and epochs > 1 and len(learning_rate) == 1


def no_features(features: Any, **_: Any) -> bool:
    return len(shape(features)) == 2 and shape(features)[1] == 0


def initial_weights_in_a_tuple(initial_weights: Any = None, **_: Any) -> bool:
    return isinstance(initial_weights, tuple)


def stacked_weights(features: Any, weights: Any) -> bool:
    examples, width = shape(features)
    return shape(weights)[-1:] == (width + 1,) and (examples == 0 or weights.ndim > 1)


# TensorFlow has no perceptron: this is the slides' loop over operations that know nothing of examples and labels.
KNOWN_DEVIATIONS = [
    leniency(
        "perceptron_sgd",
        "labels may be any numbers",
        other_labels,
        {"features": numbers(1, 1), "labels": np.array([3]), "epochs": 1},
        "the trace of examples multiplied by those labels",
    ),
    leniency(
        "perceptron_sgd",
        "one label serves for all examples, and one example for all labels",
        one_for_all,
        {"features": numbers(2, 1), "labels": np.array([1]), "epochs": 1},
        "the trace of as many examples as the longer one has",
    ),
    leniency(
        "perceptron_sgd",
        "one learning rate in a list serves for all epochs",
        one_rate_in_a_list,
        {"features": numbers(1, 1), "labels": np.array([1]), "epochs": 2, "learning_rate": [1.0]},
        "the trace of that learning rate",
    ),
    leniency(
        "perceptron_sgd",
        "examples may have no features",
        no_features,
        {"features": numbers(1, 0), "labels": np.array([1]), "epochs": 1},
        "the trace of the threshold",
    ),
    leniency(
        "perceptron_sgd",
        "True is taken for one epoch",
        lambda epochs, **_: epochs is True,
        {"features": numbers(1, 1), "labels": np.array([1]), "epochs": True},
        "the trace of one epoch",
    ),
    leniency(
        "perceptron_sgd",
        "initial weights may be in a tuple",
        initial_weights_in_a_tuple,
        {"features": numbers(1, 1), "labels": np.array([1]), "epochs": 1, "initial_weights": (1.0, 0.0)},
        "the trace from those weights",
        dtypes=("float32",),
    ),
    leniency(
        "perceptron_predict",
        "several vectors of weights are taken for as many perceptrons, and a batch may be empty",
        stacked_weights,
        {"features": numbers(1, 1), "weights": numbers(1, 2)},
        "scores and labels of each",
    ),
]
