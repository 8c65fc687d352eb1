"""Keras trains as the reference's loop does: the same batches, and weights within what its arithmetic may lose."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from conformance.implementations.tensorflow import PROFILE
from reference import epoch_batches, random_parameters, steps_per_epoch, training_loop
from reference.numbers import Arithmetic, Rounded
from tests.reference.support import convert, leaves

SINGLE = Arithmetic("float32", **PROFILE["float32"])


@pytest.mark.parametrize(("examples", "batch_size"), [(7, 3), (6, 3), (2, 5), (1, 1), (100, 32)])
def test_batches_are_those_of_a_data_set(examples: int, batch_size: int) -> None:
    data = tf.data.Dataset.range(examples).batch(batch_size)
    assert [batch.numpy().tolist() for batch in data] == epoch_batches(examples=examples, batch_size=batch_size)
    assert int(data.cardinality()) == steps_per_epoch(examples=examples, batch_size=batch_size)


def test_keras_takes_the_same_steps() -> None:
    """Batches of 2, 2 and 1, twice: the last one's gradient is a mean over its single example, and counts in full.

    A learning rate of 0.2501 is noticed in each of them, so that the errors allow no other loop.
    """
    inputs = [[-2.0, 1.0], [-1.0, 0.5], [3.0, 1.0], [2.0, -1.0], [0.5, 2.0]]
    labels = [[1, 0], [1, 0], [0, 1], [0, 1], [1, 0]]
    weights, biases = random_parameters((2, 3, 2), standard_deviation=1, seed=3)
    model = tf.keras.Sequential(
        [tf.keras.Input((2,)), tf.keras.layers.Dense(3, activation="relu"), tf.keras.layers.Dense(2)]
    )
    model.set_weights([np.array(part, np.float32) for layer in zip(weights, biases, strict=True) for part in layer])
    loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(tf.keras.optimizers.SGD(0.25), loss, run_eagerly=True)
    seen = [model.get_weights()]
    record = tf.keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: seen.append(model.get_weights()))
    features, classes = np.array(inputs, np.float32), np.array(labels, np.float32)
    model.fit(features, classes, batch_size=2, epochs=2, shuffle=False, verbose=0, callbacks=[record])

    batches = epoch_batches(examples=5, batch_size=2) * 2
    for batch, (before, after) in zip(batches, pairwise(seen), strict=True):
        given: Any = [[inputs[n] for n in batch], tuple(before[::2]), tuple(before[1::2]), [labels[n] for n in batch]]
        exact = [convert(lambda x: Rounded(float(x), SINGLE), as_lists(part)) for part in given]
        for rate, is_right in ((0.25, True), (0.2501, False)):
            (step,) = training_loop(*exact, epochs=1, batch_size=2, learning_rate=rate)
            wanted = [part for layer in zip(step.weights, step.biases, strict=True) for part in layer]
            assert all(map(is_within, wanted, after)) == is_right


def as_lists(part: Any) -> Any:
    """Arrays as nested lists."""
    return tuple(array.tolist() for array in part) if isinstance(part, tuple) else part


def is_within(wanted: Any, came: Any) -> bool:
    """Whether float32 numbers are as near to exact ones as their arithmetic allows."""
    pairs = zip(leaves(wanted), came.ravel().tolist(), strict=True)
    return all(abs(number.value - Fraction(value)) <= number.error for number, value in pairs)
