"""A training step of the slides' convolutional network as a graph: what the reference writes, and anybody may run."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fast.training.networks import NETWORKS, initial_numbers, parameters_in
from reference import Graph, Tensor, add_gradients

NETWORK = NETWORKS["cnn"]
BATCH = 100
LEARNING_RATE, BETA_1, BETA_2, EPSILON = 0.001, 0.9, 0.999, 1e-7


class Start(NamedTuple):
    """What a step begins with: the network's numbers by name, layer by layer, a batch, and the step size."""

    parameters: dict[str, np.ndarray]
    images: np.ndarray
    labels: np.ndarray
    rate: float = LEARNING_RATE


def usual() -> Start:
    """The numbers that training starts from, and images of no meaning."""
    rng = np.random.default_rng(7)
    images = rng.random((BATCH, 28, 28, 1), np.float32)
    labels = np.eye(10, dtype=np.float32)[rng.integers(0, 10, BATCH)]
    return Start(parameters(initial_numbers(NETWORK, 0)), images, labels)


def exact() -> Start:
    """Few integers among zeros, of which float32 holds every sum in every order: all must get the same bits.

    The mean is over a power of two, and logits lie so far apart, in tens of thousands, that softmax is exactly 0 and 1.
    """
    rng, count = np.random.default_rng(3), 64
    images = rng.integers(0, 2, (count, 28, 28, 1)).astype(np.float32)
    labels = np.eye(10, dtype=np.float32)[np.arange(count) % 10]
    named = parameters(rng.integers(-1, 2, len(initial_numbers(NETWORK, 0))).astype(np.float32))
    for name, array in named.items():
        share = 0.2 if name.startswith("filters") else 0.05 if name.startswith("weights") else 1
        array *= rng.random(array.shape) < share
    last = len(NETWORK.hidden)
    named[f"weights_{last}"] *= 2048
    # Less than what logits are else multiples of: no two are alike.
    named[f"bias_{last}"][:] = 128 * np.arange(10)
    return Start(named, images, labels, 1.0)


def parameters(numbers: np.ndarray) -> dict[str, np.ndarray]:
    """All numbers of the network as arrays."""
    groups = parameters_in(numbers, NETWORK)
    named = {}
    for what, group in zip(("filters", "filter_bias", "weights", "bias"), groups, strict=True):
        named.update({f"{what}_{layer}": np.array(array) for layer, array in enumerate(group)})
    return named


def training_graph(optimizer: str, start: Start) -> Graph:
    """The network's graph, its loss "loss" and the step "train", which is Adam or gradient descent."""
    graph, count = Graph(), len(start.images)
    images = graph.placeholder("images", start.images.shape)
    labels = graph.placeholder("labels", start.labels.shape)
    variables = {key: graph.variable(key, array.tolist()) for key, array in start.parameters.items()}
    values = images
    for layer, stride in enumerate(NETWORK.strides):
        convolution = values, variables[f"filters_{layer}"], variables[f"filter_bias_{layer}"]
        values = graph.apply("convolutional_layer", *convolution, activation="relu", strides=stride, padding="same")
    values = graph.apply("reshape", values, shape=(count, int(np.prod(values.shape[1:]))))
    for layer in range(len(NETWORK.hidden)):
        values = graph.apply(
            "dense_layer", values, variables[f"weights_{layer}"], variables[f"bias_{layer}"], activation="relu"
        )
    last = len(NETWORK.hidden)
    logits = graph.apply("dense", values, variables[f"weights_{last}"], variables[f"bias_{last}"], name="logits")
    losses = graph.apply("softmax_cross_entropy_with_logits", logits, labels)
    loss = graph.apply("empirical_loss", losses, name="loss")
    gradients = add_gradients([loss], list(variables.values()))
    rate = adam_rate(graph, start.rate) if optimizer == "adam" else start.rate
    update = adam if optimizer == "adam" else descend
    steps = [update(graph, *pair, rate) for pair in zip(variables.values(), gradients, strict=True)]
    with graph.control_dependencies(steps):
        graph.constant(1, name="train")
    return graph


def descend(graph: Graph, variable: Tensor, gradient: Tensor, rate: Any) -> Tensor:
    """θ - η·g"""
    return graph.assign_add(variable, gradient * -rate)


def adam_rate(graph: Graph, rate: float) -> Tensor:
    """η·√(1 - β₂ᵗ)/(1 - β₁ᵗ), of powers that every step multiplies once more."""
    powers = []
    for name, beta in (("power_1", BETA_1), ("power_2", BETA_2)):
        power = graph.variable(name, 1.0)
        powers.append(graph.assign(power, power * beta))
    return (1 - powers[1]).sqrt() * rate / (1 - powers[0])


def adam(graph: Graph, variable: Tensor, gradient: Tensor, rate: Any) -> Tensor:
    """θ - η'·m/(√v + ε), as `reference.adam` with epsilon_hat, and as TensorFlow's kernel."""
    zeros = np.zeros(variable.shape).tolist()
    m, v = (graph.variable(f"{variable.operation.name}/{name}", zeros) for name in "mv")
    m = graph.assign(m, m * BETA_1 + gradient * (1 - BETA_1))
    v = graph.assign(v, v * BETA_2 + gradient * gradient * (1 - BETA_2))
    return graph.assign_add(variable, -(m * rate / (v.sqrt() + EPSILON)))
