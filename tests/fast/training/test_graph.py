"""A network as plain data: the reference makes a graph of it, which computes what the network does."""

from __future__ import annotations

import numpy as np
import pytest

import reference
from fast import training
from fast.training import networks
from reference.arrays import shape


@pytest.mark.parametrize("name", training.NETWORKS)
def test_the_operations_of_a_network_are_a_graph_of_the_reference(name: str) -> None:
    network = training.NETWORKS[name]
    operations = training.operations_of(network, networks.initial_numbers(network, 0), 5)
    graph = reference.Graph.of(operations)
    assert graph.tensor("loss/loss:0").shape == ()
    variables = [op for op in graph.operations.values() if op.kind == "variable"]
    assert sum(int(np.prod(op.outputs[0].shape)) for op in variables) == networks.count_parameters(network)
    assert shape(graph.operations["dense_1/weights"].attributes["value"]) == network.shapes[2][0]


def test_a_small_network_s_graph_computes_what_the_reference_s_network_does() -> None:
    small = networks.Network("small", ((3, 2), (2, 3)), (7, 2), (4,), 0.5)
    rng = np.random.default_rng(0)
    # Biases, too, and no unit that relu keeps at 0 for every image.
    numbers = rng.normal(0.05, 0.3, networks.count_parameters(small)).astype(np.float32)
    images, labels = rng.random((2, 28, 28, 1)).tolist(), np.eye(10)[[3, 8]].tolist()
    kept = [[1, 0, 1, 1], [1, 1, 0, 1]]
    graph = reference.Graph.of(training.operations_of(small, numbers, 2))
    feeds = {"images:0": images, "labels:0": labels, "dropout/kept:0": kept}
    parameters = [tuple(array.tolist() for array in group) for group in networks.parameters_in(numbers, small)]
    wanted = reference.convolutional_backpropagation(
        images, *parameters, labels, kept, strides=small.strides, rate=small.rate
    )
    assert reference.Session(graph).run("loss/loss:0", feeds) == wanted.loss
