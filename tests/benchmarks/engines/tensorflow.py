"""TensorFlow, eager and as a `tf.function` traced for its shapes: tensors in, tensors out."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from conformance.implementations.tensorflow.recurrent import graph
from conformance.operations import operations
from tests.benchmarks.engines import tensorflow_functions
from tests.benchmarks.engines.prepared import Prepared, as_arrays, each

tf.get_logger().setLevel("ERROR")  # or it would advise against tracing a graph for every cell


def prepare(way: str, operation: str, arguments: dict[str, Any]) -> Prepared | None:
    """A call of a function in `tensorflow_functions`, eager or as a graph."""
    data, settings = operations()[operation].split(arguments)
    tensors = each(tf.constant, tuple(data.values()))
    if operation in ("simple_rnn", "lstm"):
        return recurrent(way, operation, tensors)
    if operation == "adam":
        return adam(way, tensors, settings)
    function = getattr(tensorflow_functions, operation, None)
    if function is None:
        return None
    function = in_this_way(way, partial(function, **settings))
    # What a graph doesn't return it doesn't compute; on a CPU a call returns when everything is there.
    return Prepared(lambda: function(*tensors), as_arrays)


def in_this_way(way: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function as it is, or the graph of it."""
    return tf.function(lambda *inputs: function(*inputs), autograph=False) if way == "graph" else function


def recurrent(way: str, operation: str, tensors: Any) -> Prepared | None:
    """Keras' layers. They are graphs: eager, each step of a sequence would be a few calls of Python."""
    if way == "eager":
        return None
    *arrays, state = tensors
    layer = tf.keras.layers.LSTM if operation == "lstm" else tf.keras.layers.SimpleRNN
    given = (*arrays, *(state if isinstance(state, tuple) else (state,)))
    return Prepared(partial(graph(layer, "float32"), *given), lambda found: as_arrays(found if found[1:] else found[0]))


def adam(way: str, tensors: Any, rates: dict[str, Any]) -> Prepared:
    """TensorFlow's own kernel, which writes into the parameters: each call is a further step."""
    parameters, gradients, *moments = tensors
    variables = [tf.Variable(tensor) for tensor in (parameters, *moments)]
    names = "learning_rate", "beta_1", "beta_2", "epsilon"
    learning_rate, beta_1, beta_2, epsilon = (tf.constant(rates[name], tf.float32) for name in names)
    powers = beta_1 ** rates["step"], beta_2 ** rates["step"]

    def step() -> None:
        handles = [variable.handle for variable in variables]
        tf.raw_ops.ResourceApplyAdam(
            var=handles[0], m=handles[1], v=handles[2],
            beta1_power=powers[0], beta2_power=powers[1],
            lr=learning_rate, beta1=beta_1, beta2=beta_2, epsilon=epsilon, grad=gradients,
        )  # fmt: skip

    return Prepared(in_this_way(way, step), lambda _: as_arrays(tuple(variables)))
