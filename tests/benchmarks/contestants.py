"""Who is timed: every implementation as a user would call it, with arguments and results in its own kind of array."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

import reference
from conformance.arrays import as_lists
from conformance.implementation import load
from conformance.operations import operations
from fast.cuda import SIMULATED
from reference.numbers import Arithmetic
from tests.benchmarks import tensorflow_graphs

Call = Callable[[], Any]


@dataclass(frozen=True)
class Contestant:
    """An implementation: its name in the table, the arithmetic that it claims, and how it prepares a call."""

    name: str
    arithmetic: Arithmetic
    #: From an operation and its arguments, a function that does nothing but the call.
    prepare: Callable[[str, dict[str, Any]], Call]


def contestants() -> list[Contestant]:
    """The implementations that run on this machine, fast.cpu first."""
    return [
        of_module("fast.cpu", "fast.cpu"),
        *([] if SIMULATED else [of_module("fast.cuda", "fast.cuda")]),
        of_module("TensorFlow, eager", "tensorflow", tensors),
        Contestant("TensorFlow, graph", load("tensorflow").arithmetics["float32"], prepare_graph),
        of_module("NumPy", "numpy"),
        Contestant("reference", Arithmetic("float64"), partial(prepare, reference, as_lists)),
    ]


def of_module(name: str, module: str, convert: Callable[[Any], Any] = lambda value: value) -> Contestant:
    """An implementation that the suite can check."""
    implementation = load(module)
    return Contestant(name, implementation.arithmetics["float32"], partial(prepare, implementation.module, convert))


def prepare(module: Any, convert: Callable[[Any], Any], operation: str, arguments: dict[str, Any]) -> Call:
    """A call of a module's function, with its arguments converted beforehand."""
    data, settings = operations()[operation].split(arguments)
    return partial(getattr(module, operation), *map(convert, data.values()), **settings)


def prepare_graph(operation: str, arguments: dict[str, Any]) -> Call:
    """A call of a `tf.function`, traced for these shapes by its first call."""
    data, settings = operations()[operation].split(arguments)
    function = partial(getattr(tensorflow_graphs, operation), **settings)
    graph = tf.function(lambda *inputs: function(*inputs), autograph=False)
    inputs = [tensors(value) for value in data.values()]
    return lambda: materialized(graph(*inputs))


def tensors(value: Any) -> Any:
    """Arrays as tensors, in tuples where they are in tuples."""
    if isinstance(value, tuple):
        return tuple(map(tensors, value))
    return tf.constant(value) if isinstance(value, np.ndarray) else value


def materialized(result: Any) -> Any:
    """Tensors as arrays: what has been computed for certain."""
    return tuple(map(materialized, result)) if isinstance(result, tuple) else result.numpy()
