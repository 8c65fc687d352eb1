"""The operations of drawn graphs: those of the catalogue, on tensors that fit.

Integers stay integers where lattices are drawn; elsewhere anything that every library has may come.

Not drawn is what the reference's gradients are made of, and no library has for its users: times_log, over, weigh,
ones_like, where_same, shares_of_largest, the gradients' own kinds; and what joins the parts of several devices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from conformance.graph_drawing import DrawnGraph
from conformance.graph_functions import (
    chosen_by_sign,
    divided,
    divided_by_a_number,
    exponential,
    logistic_curve,
    of_positive,
)
from conformance.graph_layers import (
    convolutional_layer,
    dense_layer,
    dropout,
    simple_rnn,
    simple_rnn_step,
)
from conformance.graph_losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    empirical_loss,
    hinge_loss,
    negative_log_likelihood,
    sparse_softmax_cross_entropy_with_logits,
)


def _of_one(kind: str, **attributes: Any) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, shape = graph.any()
        return graph.add(kind, [tensor], shape, attributes=attributes)

    return grow


def _of_an_array(kind: str, **attributes: Any) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, shape = graph.any(graph.draw.choice(2, 4))
        return graph.add(kind, [tensor], shape, attributes=attributes)

    return grow


def _of_two(kind: str) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, shape = graph.any()
        other = graph.of(graph.draw.choice(shape, shape, ()))
        return graph.add(kind, [tensor, other], shape)

    return grow


def _of_a_matrix(kind: str, **attributes: Any) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, shape = graph.any(2)
        return graph.add(kind, [tensor], shape, attributes=attributes)

    return grow


multiplied = _of_two("multiply")


def weighed(graph: DrawnGraph, tensor: str) -> str:
    """A tensor's numbers, each times a number of its own that is fed, so that no two get the same gradient."""
    shape = next(shape for shape, names in graph.tensors.items() if tensor in names)
    return graph.add("multiply", [tensor, graph.feed(shape)], shape)


def scaled(graph: DrawnGraph) -> str:
    tensor, shape = graph.any()
    number = graph.draw.choice(graph.constant, graph.feed)(())
    return graph.add("multiply", [tensor, number], shape)


def dense(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    units = graph.draw.choice(columns, 1, 2, 3)
    inputs = [tensor, graph.of((columns, units)), graph.of((units,))]
    return graph.add("dense", inputs, (rows, units))


def matrix_product(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    units = graph.draw.choice(columns, 1, 2, 3)
    return graph.add("matrix_product", [tensor, graph.of((columns, units))], (rows, units))


def transposed(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    return graph.add("transpose", [tensor], (columns, rows))


def reshaped(graph: DrawnGraph) -> str:
    tensor, shape = graph.any(graph.draw.choice(2, 4))
    reversed_axes = math.prod(shape[1:]), shape[0]
    return graph.add("reshape", [tensor], reversed_axes, attributes={"shape": reversed_axes})


def total(graph: DrawnGraph) -> str:
    return graph.add("total", [graph.any()[0]], ())


def filled(graph: DrawnGraph) -> str:
    shape = graph.any(2)[1]
    return graph.add("fill", [graph.of(())], shape, attributes={"shape": shape})


def convolution(graph: DrawnGraph) -> str:
    tensor, (images, rows, columns, channels) = graph.any(4)
    count, strides = graph.draw.choice(1, 2), graph.draw.choice(1, 2)
    filters = graph.of((2, 2, channels, count))
    outputs = -(-rows // strides), -(-columns // strides)
    attributes = {"strides": strides, "padding": "same"}
    return graph.add("conv2d", [tensor, filters], (images, *outputs, count), attributes=attributes)


def _pooling(kind: str) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, (images, rows, columns, channels) = graph.any(4)
        strides = graph.draw.choice(1, 2)
        shape = (images, -(-rows // strides), -(-columns // strides), channels)
        attributes = {"pool_size": 2, "strides": strides, "padding": "same"}
        return graph.add(kind, [tensor], shape, attributes=attributes)

    return grow


def stacked(graph: DrawnGraph) -> str:
    rows = graph.draw.choice(1, 2)
    numbers = [graph.of(()) for _ in range(2 * rows)]
    return graph.add("stack", numbers, (rows, 2), attributes={"shape": (rows, 2)})


def unstacked(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    first = graph.add("unstack", [tensor], *[()] * (rows * columns))
    return f"{first.partition(':')[0]}:{graph.draw.integer(0, rows * columns - 1)}"


def loss(graph: DrawnGraph) -> str:
    kind = graph.draw.choice("softmax_cross_entropy_with_logits", "mean_squared_error")
    tensor, (rows, columns) = graph.any(2)
    labels = graph.draw.distributions(rows, columns).tolist()
    target = graph.add("constant", [], (rows, columns), attributes={"value": labels})
    return graph.add(kind, [tensor, target], (rows,))


def flattened(graph: DrawnGraph) -> str:
    tensor, shape = graph.any(graph.draw.choice(2, 4))
    return graph.add("flatten", [tensor], (math.prod(shape),))


#: Operations that make integers of integers, and that every library differentiates.
OF_INTEGERS: tuple[Callable[[DrawnGraph], str], ...] = (
    _of_two("add"),
    _of_two("add"),
    _of_two("maximum"),
    _of_one("negative"),
    _of_an_array("relu"),
    scaled,
    dense,
    matrix_product,
    transposed,
    reshaped,
    total,
    filled,
    convolution,
    _pooling("max_pool2d"),
    stacked,
    unstacked,
    multiplied,
    _of_an_array("identity"),
    _of_an_array("step"),
    chosen_by_sign,
    flattened,
    dense_layer,
    convolutional_layer,
    dropout,
    hinge_loss,
)
OF_FLOATS = (
    *OF_INTEGERS,
    _of_one("tanh"),
    _of_one("sigmoid"),
    _of_one("tanh"),
    _of_a_matrix("softmax"),
    _of_a_matrix("log_softmax"),
    _pooling("average_pool2d"),
    loss,
    _of_an_array("leaky_relu", slope=0.25),
    exponential,
    of_positive("log"),
    of_positive("sqrt"),
    divided,
    divided_by_a_number,
    logistic_curve,
    simple_rnn_step,
    simple_rnn,
    cross_entropy,
    empirical_loss,
    sparse_softmax_cross_entropy_with_logits,
    negative_log_likelihood,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
)
