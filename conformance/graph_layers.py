"""The layers of drawn graphs: weights, a bias and an activation, dropout, and steps of recurrent networks."""

from __future__ import annotations

import math

import numpy as np

from conformance.graph_drawing import DrawnGraph, Shape


def activation(graph: DrawnGraph) -> str:
    """A layer's: where integers are to stay integers, one that keeps them."""
    return graph.draw.choice("relu", "identity", *(() if graph.integers else ("sigmoid", "tanh")))


def dense_layer(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    units = graph.draw.choice(columns, 1, 2, 3)
    inputs = [tensor, graph.of((columns, units)), graph.of((units,))]
    return graph.add("dense_layer", inputs, (rows, units), attributes={"activation": activation(graph)})


def convolutional_layer(graph: DrawnGraph) -> str:
    tensor, (images, rows, columns, channels) = graph.any(4)
    count, strides = graph.draw.choice(1, 2), graph.draw.choice(1, 2)
    fits = min(rows, columns) >= 2
    padding = graph.draw.choice("same", *(("valid",) if fits else ()))
    inputs = [tensor, graph.of((2, 2, channels, count)), graph.of((count,))]
    lengths = (length - (padding == "valid") for length in (rows, columns))
    shape = (images, *(-(-length // strides) for length in lengths), count)
    attributes = {"activation": activation(graph), "strides": strides, "padding": padding}
    return graph.add("convolutional_layer", inputs, shape, attributes=attributes)


def dropout(graph: DrawnGraph) -> str:
    """With a mask that is drawn once, and a rate whose scale keeps integers where there are any."""
    tensor, shape = graph.any(graph.draw.choice(2, 4))
    kept = np.maximum(graph.draw.signs(math.prod(shape)), 0).reshape(shape).tolist()
    mask = graph.add("constant", [], attributes={"value": kept})
    rate = 0.5 if graph.integers else graph.draw.choice(0.5, 0.25, 0.75)
    return graph.add("dropout", [tensor, mask], shape, attributes={"rate": rate})


def recurrent_weights(graph: DrawnGraph, examples: int, features: int, units: int) -> list[str]:
    """Kernel, recurrent kernel, bias and state."""
    kernels = [kernel(graph, shape) for shape in ((features, units), (units, units))]
    return [*kernels, graph.of((units,)), graph.of((examples, units))]


def kernel(graph: DrawnGraph, shape: Shape) -> str:
    """A tensor that is there, or sixteenths: where tanh saturates, hardly anything goes back through time."""
    if graph.draw.choice(False, False, True):
        return graph.of(shape)
    sixteenths = [graph.draw.integer(-8, 8) / 16 for _ in range(math.prod(shape))]
    return graph.add("constant", [], attributes={"value": np.reshape(sixteenths, shape).tolist()})


def simple_rnn_step(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.tame(2)
    units = graph.draw.choice(columns, 1, 2, 3)
    inputs = [tensor, *recurrent_weights(graph, rows, columns, units)]
    return graph.add("simple_rnn_step", inputs, (rows, units))


def simple_rnn(graph: DrawnGraph) -> str:
    """Over an image's rows, one after the other."""
    tensor, (images, rows, columns, channels) = graph.tame(4)
    units = graph.draw.choice(1, 2, 3)
    shape = (images, rows, columns * channels)
    sequence = graph.add("reshape", [tensor], shape, attributes={"shape": shape})
    inputs = [sequence, *recurrent_weights(graph, images, columns * channels, units)]
    return graph.add("simple_rnn", inputs, (images, rows, units))
