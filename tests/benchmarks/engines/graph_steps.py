"""A training step of the slides' convolutional network: its graph on fast.cpu, and what TensorFlow's users write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from time import process_time
from typing import Any

import numpy as np

from tests.benchmarks.engines.prepared import Prepared, as_arrays, wall_clock
from tests.benchmarks.graph_step import BETA_1, BETA_2, EPSILON, NETWORK, Start, exact, training_graph, usual


def prepare(way: str, operation: str, arguments: dict[str, Any]) -> Prepared | None:
    """A step with the optimizer that `operation` names, as a `way` runs it.

    The arguments say from what it starts and by which clock it is timed: the wall's, or what all threads of the process
    used of the processors. The usual start's call returns the loss, the exact one's the parameters after the step.
    """
    start = {"usual": usual, "exact": exact}[arguments["start"]]()
    if way == "tensorflow":
        step, variables = tensorflow_step(operation, start)
    else:
        step, variables = graph_step(way, operation, start)
    if arguments["start"] == "usual":
        return Prepared(step, as_arrays, CLOCKS[arguments["clock"]])

    def after() -> tuple[Any, ...]:
        step()
        return tuple(variables[name] for name in sorted(start.parameters))

    return Prepared(after, as_arrays)


def processor_clock(call: Callable[[], Any], count: int) -> float:
    """The seconds of all processors that so many calls take: they say more where others want the cores, too."""
    start = process_time()
    for _ in range(count):
        call()
    return process_time() - start


CLOCKS = {"wall": wall_clock, "processors": processor_clock}


def graph_step(way: str, optimizer: str, start: Start) -> tuple[Callable[[], np.ndarray], Mapping[str, Any]]:
    """The graph, compiled or interpreted, and its variables."""
    from fast.cpu.graphs import GraphSession

    session = GraphSession(training_graph(optimizer, start).data())
    feeds = {"images:0": start.images, "labels:0": start.labels}
    if way == "interpreted":
        return lambda: session.run(["loss:0", "train"], feeds)[0], session.variables
    step = session.compile(["loss:0", "train"])
    return lambda: step(feeds)[0], session.variables


def tensorflow_step(optimizer: str, start: Start) -> tuple[Callable[[], Any], Mapping[str, Any]]:
    """A `tf.function` with a tape and TensorFlow's own kernel for the optimizer, and the variables."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    variables = {name: tf.Variable(array) for name, array in start.parameters.items()}
    moments = {name: [tf.Variable(tf.zeros_like(variable)) for _ in "mv"] for name, variable in variables.items()}
    powers = [tf.Variable(1.0), tf.Variable(1.0)]

    def loss_of(images: Any, labels: Any) -> Any:
        values = images
        for layer, stride in enumerate(NETWORK.strides):
            values = tf.nn.conv2d(values, variables[f"filters_{layer}"], stride, "SAME")
            values = tf.nn.relu(tf.nn.bias_add(values, variables[f"filter_bias_{layer}"]))
        values = tf.reshape(values, [len(start.images), -1])
        values = tf.nn.relu(tf.nn.bias_add(tf.matmul(values, variables["weights_0"]), variables["bias_0"]))
        logits = tf.nn.bias_add(tf.matmul(values, variables["weights_1"]), variables["bias_1"])
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits))

    def update(variable: Any, gradient: Any, m: Any, v: Any) -> None:
        if optimizer != "adam":
            tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=start.rate, delta=gradient)
            return
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=m.handle, v=v.handle, beta1_power=powers[0], beta2_power=powers[1],
            lr=start.rate, beta1=BETA_1, beta2=BETA_2, epsilon=EPSILON, grad=gradient,
        )  # fmt: skip

    @tf.function(autograph=False)
    def step(images: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = loss_of(images, labels)
        gradients = tape.gradient(loss, list(variables.values()))
        for power, beta in zip(powers, (BETA_1, BETA_2), strict=True):
            power.assign(power * beta)
        for (name, variable), gradient in zip(variables.items(), gradients, strict=True):
            update(variable, gradient, *moments[name])
        return loss

    given = tf.constant(start.images), tf.constant(start.labels)
    return lambda: step(*given), variables
