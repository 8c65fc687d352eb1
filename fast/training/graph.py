"""A network for handwritten digits as a graph: its operations as plain data, which any library can read.

The kinds are those of the reference, whose `Graph.of` makes a graph of them that a session can run; TensorBoard shows
it. Each layer is a name scope.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.training.digits import CLASSES, SIDE
from fast.training.networks import Network, lengths_of_mask, parameters_in, shaped


def operations_of(network: Network, numbers: np.ndarray, batch_size: int) -> list[dict[str, Any]]:
    """The operations of a forward pass and its loss, each after those that it takes something from.

    Args: network; numbers, its parameters in one vector, with which the variables begin; batch_size.
    Returns: a list of dicts with name, kind, inputs and attributes.
    """
    parameters, written = parameters_in(numbers, network), _Operations()
    picture = np.empty((batch_size, SIDE, SIDE), np.uint8)
    x = written.add("images", "placeholder", shape=shaped(picture, network).shape)
    for place, stride in enumerate(network.strides):
        scope = f"convolution_{place + 1}"
        arrays = {"filters": parameters.filters[place], "bias": parameters.filter_biases[place]}
        x = written.layer(scope, "convolutional_layer", x, arrays, strides=stride, padding="same", activation="relu")
    if network.kernels:
        x = written.add("flatten", "reshape", x, shape=(batch_size, len(parameters.weights[0])))
    last = len(parameters.weights) - 1
    for place, (weights, bias) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        if place == last and network.rate:
            kept = written.add("dropout/kept", "placeholder", shape=tuple(lengths_of_mask(network, batch_size)))
            x = written.add("dropout/dropout", "dropout", x, kept, rate=network.rate)
        activation = "identity" if place == last else "relu"
        arrays = {"weights": weights, "bias": bias}
        x = written.layer(f"dense_{place + 1}", "dense_layer", x, arrays, activation=activation)
    labels = written.add("labels", "placeholder", shape=(batch_size, CLASSES))
    written.add(
        "loss/loss", "empirical_loss", written.add("loss/losses", "softmax_cross_entropy_with_logits", x, labels)
    )
    return written.operations


class _Operations:
    def __init__(self) -> None:
        self.operations: list[dict[str, Any]] = []

    def add(self, name: str, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operation; return its output."""
        self.operations.append({"name": name, "kind": kind, "inputs": list(inputs), "attributes": attributes})
        return f"{name}:0"

    def layer(self, scope: str, kind: str, x: str, arrays: dict[str, np.ndarray], **attributes: Any) -> str:
        """Add a layer with its variables."""
        variables = [self.add(f"{scope}/{name}", "variable", value=array.tolist()) for name, array in arrays.items()]
        return self.add(f"{scope}/{kind}", kind, x, *variables, **attributes)
