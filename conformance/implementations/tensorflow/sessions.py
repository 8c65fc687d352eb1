"""Graphs in TensorFlow's own sessions, as its users wrote them before it was eager.

Each operation becomes the one that a user would write; variables are resources, whose reads and assignments happen
where control dependencies put them. What our translation is given, it checks itself.

Grappler, which rewrites graphs before they run, is off: it computes x - x + 2 as x - (x - 2), and loses assignments
which must run before what only control dependencies put behind a tensor that is fed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.numpy.graph_accounts import leaves_an_order_open, placeholder, reaches_a_fetch
from conformance.implementations.tensorflow.calls import SINCE, leniency, numbers
from conformance.implementations.tensorflow.environment import ONEDNN, WITH_ONEDNN
from conformance.implementations.tensorflow.graph_operations import OPERATIONS
from conformance.implementations.tensorflow.pooling import window_of_minus_infinity, window_with_nan
from conformance.implementations.tensorflow.softmax import partly_undefined_row
from conformance.outcomes import Severity

__all__ = ["run_graph"]

v1 = tf.compat.v1


def run_graph(feeds: tuple[Any, ...], *, graph: Any, fed: Any, fetches: Any) -> tuple[Any, ...]:
    built = Translation(graph, feeds, fed)
    return tuple(built.run([built.tensor(name) for name in fetches]))


class Translation:
    """A graph of TensorFlow's, made from plain data, with what it is fed."""

    def __init__(self, graph: Any, feeds: tuple[Any, ...], fed: Sequence[str]) -> None:
        require_feeds(feeds, fed)
        # In this machine's order of bytes: TensorFlow takes a variable's first value for that, whatever it is.
        self.dtype = np.dtype(feeds[0].dtype.type)
        self.graph = tf.Graph()
        self.tensors: dict[str, Any] = {}
        self.variables: dict[str, Any] = {}
        #: What a control dependency on an operation waits for.
        self.done: dict[str, Any] = {}
        with self.graph.as_default():
            for entry in graph:
                self._add(**entry)
        self.feeds = {self.tensor(name): array for name, array in zip(fed, feeds, strict=True)}

    def run(self, fetches: list[Any]) -> list[Any]:
        """The values of TensorFlow's tensors in one run, after the variables got what they begin with."""
        with v1.Session(graph=self.graph, config=as_it_is()) as session:
            session.run([variable.initializer for variable in self.variables.values()])
            return session.run(fetches, self.feeds)

    def tensor(self, name: str) -> Any:
        return self.tensors[name]

    def _add(
        self,
        name: str,
        kind: str,
        inputs: Sequence[str] = (),
        attributes: Mapping[str, Any] | None = None,
        control_inputs: Sequence[str] = (),
        device: str = "",
    ) -> None:
        if name in self.done:
            raise ValueError(f"{name} is there already")
        with tf.control_dependencies([self.done[before] for before in control_inputs]), tf.device(device or None):
            made = self._make(name, kind, [self.tensors[tensor] for tensor in inputs], dict(attributes or {}))
        outputs = made if isinstance(made, (tuple, list)) else (made,)
        self.tensors.update({f"{name}:{place}": tensor for place, tensor in enumerate(outputs)})
        self.done.setdefault(name, outputs[0])

    def _make(self, name: str, kind: str, inputs: list[Any], attributes: dict[str, Any]) -> Any:
        if kind == "placeholder":
            return v1.placeholder(self.dtype, attributes["shape"])
        if kind == "constant":
            return tf.constant(attributes["value"], self.dtype)
        if kind == "random_uniform":
            return tf.random.uniform(attributes["shape"], dtype=self.dtype)
        if kind == "variable":
            initial = np.array(attributes["value"], self.dtype)
            self.variables[name] = v1.get_variable(name, initializer=initial, use_resource=True)
        if kind in ("variable", "read", "assign", "assign_add"):
            return self._use(name, kind, self.variables[attributes.get("variable", name)], *inputs)
        return OPERATIONS[kind](*inputs, **attributes)

    def _use(self, name: str, kind: str, variable: Any, *values: Any) -> Any:
        changes = {"assign": variable.assign, "assign_add": variable.assign_add}
        before = [changes[kind](*values, read_value=False)] if kind in changes else []
        with tf.control_dependencies(before):
            value = variable.read_value()
        # Not the value itself, but what it was read by: who feeds the value cuts what leads to it.
        [reading] = value.op.inputs
        self.done[name] = reading.op
        return value


def as_it_is() -> Any:
    """How to run a graph without rewriting it."""
    config = v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = v1.OptimizerOptions.L0
    return config


def require_feeds(feeds: tuple[Any, ...], fed: Sequence[str]) -> None:
    """Refuse feeds and names that aren't pairs."""
    if not isinstance(feeds, tuple) or len(feeds) != len(fed) or len(set(fed)) < len(fed):
        raise ValueError("an array for each name")
    if any(array.dtype.kind != "f" or array.size == 0 for array in feeds):
        raise TypeError("arrays of numbers")


def gives_back_what_is_fed(fed: Any, fetches: Any, **_: Any) -> bool:
    return bool(set(fed) & set(fetches))


#: Graphs that show how TensorFlow's own functions deviate in them as they do alone, with what they are fed.
POOLED_NAN: dict[str, Any] = {
    "feeds": (np.array([1, np.nan]).reshape(1, 1, 2, 1),),
    "graph": [
        placeholder("x", 1, 1, 2, 1),
        {"name": "y", "kind": "max_pool2d", "inputs": ["x:0"], "attributes": {"pool_size": (1, 2)}},
    ],
    "fed": ["x:0"],
}
POOLED_INFINITY: dict[str, Any] = {
    "feeds": (np.full((1, 1, 1, 1), -np.inf),),
    "graph": [
        placeholder("x", 1, 1, 1, 1),
        {"name": "y", "kind": "max_pool2d", "inputs": ["x:0"], "attributes": {"pool_size": 1}},
    ],
    "fed": ["x:0"],
}
SOFTMAX_OF_NAN: dict[str, Any] = {
    "feeds": (np.array([np.nan, 0, 1]),),
    "graph": [placeholder("x", 3), {"name": "y", "kind": "softmax", "inputs": ["x:0"]}],
    "fed": ["x:0"],
}
IN_SOFTMAX: dict[str, Any] = {"dtypes": ("float32",), "here": ONEDNN, "where": WITH_ONEDNN}

KNOWN_DEVIATIONS = [
    Deviation(
        operation="run_graph",
        reason="a tensor that is fed and fetched comes back as the very array that was fed",
        severity=Severity.MANNERS,
        calls=gives_back_what_is_fed,
        smallest={"feeds": (numbers(1, 3),), "graph": [placeholder("x", 1, 3)], "fed": ["x:0"], "fetches": ["x:0"]},
        instead="the array itself, which whoever changes the result changes",
        since=SINCE,
    ),
    leniency(
        "run_graph",
        "a variable may be changed and used in an order that nothing fixes",
        leaves_an_order_open,
        {
            "feeds": (numbers(1),),
            "graph": [
                placeholder("x", 1),
                {"name": "v", "kind": "variable", "attributes": {"value": [2.0]}},
                {"name": "a", "kind": "assign", "inputs": ["x:0"], "attributes": {"variable": "v", "shape": (1,)}},
            ],
            "fed": ["x:0"],
            "fetches": ["v:0", "a:0"],
        },
        "what one of the orders gives, not always the same one",
    ),
    Deviation(
        operation="run_graph",
        reason="max_pool2d passes over NaN in a window, as alone",
        severity=Severity.SPECIAL_VALUES,
        calls=reaches_a_fetch("max_pool2d", window_with_nan),
        smallest={**POOLED_NAN, "fetches": ["y:0"]},
        instead="the largest of the numbers: 1",
        since=SINCE,
    ),
    Deviation(
        operation="run_graph",
        reason="max_pool2d's maximum starts from the lowest finite number instead of -∞, as alone",
        severity=Severity.SPECIAL_VALUES,
        calls=reaches_a_fetch("max_pool2d", window_of_minus_infinity),
        smallest={**POOLED_INFINITY, "fetches": ["y:0"]},
        instead="the lowest finite number",
        since=SINCE,
    ),
    Deviation(
        operation="run_graph",
        reason="softmax makes 0 of some numbers in a row with NaN or +∞, as alone",
        severity=Severity.SPECIAL_VALUES,
        calls=reaches_a_fetch("softmax", partly_undefined_row),
        smallest={**SOFTMAX_OF_NAN, "fetches": ["y:0"]},
        instead="[NaN, 0, 0]",
        since=SINCE,
        **IN_SOFTMAX,
    ),
]
