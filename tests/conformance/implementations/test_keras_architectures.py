"""Keras builds what an architecture says: the same shapes, the same weights, the same counts."""

from __future__ import annotations

import pytest
import tensorflow as tf
from hypothesis import assume, given

from conformance.fixtures import worked_examples
from reference import InvalidArgument, layer_shapes, layer_table, parse_architecture, weight_shapes
from reference.notation import Architecture, Layer
from tests.reference.architectures import architectures
from tests.reference.support import few

FLATTEN = tf.keras.layers.Flatten
NETWORKS = [example.arguments["architecture"] for example in worked_examples() if example.room == "architecture"]


def keras_layers(layer: Layer) -> list[tf.keras.layers.Layer]:
    """What a user of Keras would add for a layer."""
    if layer.kind == "INPUT":
        return [tf.keras.Input(layer.size)]
    if layer.kind == "CONV":
        *window, filters = layer.size
        return [tf.keras.layers.Conv2D(filters, window, strides=layer.strides, padding=layer.padding)]
    if layer.kind == "POOL":
        return [tf.keras.layers.MaxPooling2D(layer.size, strides=layer.strides, padding=layer.padding)]
    return [tf.keras.layers.ReLU()] if layer.kind == "RELU" else [FLATTEN(), tf.keras.layers.Dense(layer.size[0])]


def holds_in_keras(architecture: Architecture) -> None:
    """Build the network, and look at what each layer puts out and holds."""
    model = tf.keras.Sequential([built for layer in architecture.layers() for built in keras_layers(layer)])
    table, layers = layer_table(architecture), [layer for layer in model.layers if not isinstance(layer, FLATTEN)]
    assert [list(model.input_shape[1:]), *(list(layer.output.shape[1:]) for layer in layers)] == table.shapes
    assert table.shapes == list(layer_shapes(architecture))
    counts = [weights + biases for weights, biases in zip(table.weights, table.biases, strict=True)]
    assert [0, *(layer.count_params() for layer in layers)] == counts
    assert [list(layer.weights[0].shape) for layer in layers if layer.weights] == list(weight_shapes(architecture))
    assert [layer.weights[1].shape[0] for layer in layers if layer.weights] == [
        count for count in table.biases if count
    ]
    assert model.count_params() == sum(table.weights) + sum(table.biases)


@pytest.mark.parametrize("text", NETWORKS)
def test_keras_builds_the_slides_networks(text: str) -> None:
    holds_in_keras(parse_architecture(text))


@given(architectures())
@few
def test_keras_builds_any_architecture(architecture: Architecture) -> None:
    try:
        layer_shapes(architecture)
    except InvalidArgument:
        assume(False)
    holds_in_keras(architecture)
