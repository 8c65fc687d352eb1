"""A training step of the slides' convolutional network as a graph: what the reference writes, and anybody may run."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.training.networks import NETWORKS, initial_numbers, parameters_in
from reference import Graph, Tensor, add_gradients

BATCH = 100
LEARNING_RATE, BETA_1, BETA_2, EPSILON = 0.001, 0.9, 0.999, 1e-7


def parameters(name: str = "cnn") -> dict[str, np.ndarray]:
    """The numbers that a network starts from, layer by layer."""
    network = NETWORKS[name]
    groups = parameters_in(initial_numbers(network, 0), network)
    named = {}
    for what, group in zip(("filters", "filter_bias", "weights", "bias"), groups, strict=True):
        named.update({f"{what}_{layer}": np.array(array) for layer, array in enumerate(group)})
    return named


def batch(count: int = BATCH) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels, of no meaning."""
    rng = np.random.default_rng(7)
    images = rng.random((count, 28, 28, 1), np.float32)
    return images, np.eye(10, dtype=np.float32)[rng.integers(0, 10, count)]


def training_graph(optimizer: str, count: int = BATCH, name: str = "cnn") -> Graph:
    """The network's graph, its loss "loss" and the step "train", which is Adam or gradient descent."""
    network, graph = NETWORKS[name], Graph()
    images = graph.placeholder("images", (count, 28, 28, 1))
    labels = graph.placeholder("labels", (count, 10))
    variables = {key: graph.variable(key, array.tolist()) for key, array in parameters(name).items()}
    values = images
    for layer, stride in enumerate(network.strides):
        convolution = values, variables[f"filters_{layer}"], variables[f"filter_bias_{layer}"]
        values = graph.apply("convolutional_layer", *convolution, activation="relu", strides=stride, padding="same")
    values = graph.apply("reshape", values, shape=(count, int(np.prod(values.shape[1:]))))
    for layer in range(len(network.hidden)):
        values = graph.apply(
            "dense_layer", values, variables[f"weights_{layer}"], variables[f"bias_{layer}"], activation="relu"
        )
    last = len(network.hidden)
    logits = graph.apply("dense", values, variables[f"weights_{last}"], variables[f"bias_{last}"], name="logits")
    losses = graph.apply("softmax_cross_entropy_with_logits", logits, labels)
    loss = graph.apply("empirical_loss", losses, name="loss")
    gradients = add_gradients([loss], list(variables.values()))
    rate = adam_rate(graph) if optimizer == "adam" else LEARNING_RATE
    update = adam if optimizer == "adam" else descend
    steps = [update(graph, *pair, rate) for pair in zip(variables.values(), gradients, strict=True)]
    with graph.control_dependencies(steps):
        graph.constant(1, name="train")
    return graph


def descend(graph: Graph, variable: Tensor, gradient: Tensor, rate: Any) -> Tensor:
    """θ - η·g"""
    return graph.assign_add(variable, gradient * -rate)


def adam_rate(graph: Graph) -> Tensor:
    """η·√(1 - β₂ᵗ)/(1 - β₁ᵗ), of powers that every step multiplies once more."""
    powers = []
    for name, beta in (("power_1", BETA_1), ("power_2", BETA_2)):
        power = graph.variable(name, 1.0)
        powers.append(graph.assign(power, power * beta))
    return (1 - powers[1]).sqrt() * LEARNING_RATE / (1 - powers[0])


def adam(graph: Graph, variable: Tensor, gradient: Tensor, rate: Any) -> Tensor:
    """θ - η'·m/(√v + ε), as `reference.adam` with epsilon_hat, and as TensorFlow's kernel."""
    zeros = np.zeros(variable.shape).tolist()
    m, v = (graph.variable(f"{variable.operation.name}/{name}", zeros) for name in "mv")
    m = graph.assign(m, m * BETA_1 + gradient * (1 - BETA_1))
    v = graph.assign(v, v * BETA_2 + gradient * gradient * (1 - BETA_2))
    return graph.assign_add(variable, -(m * rate / (v.sqrt() + EPSILON)))
