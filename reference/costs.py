"""What an operation costs: the bytes of its tensors and the time that it takes, estimated from shapes or measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from reference.arrays import Number
from reference.devices import Device
from reference.errors import require_number, require_pair
from reference.operation_shapes import Shape
from reference.tensors import Operation, Tensor

__all__ = ["Costs"]

#: Who takes nothing of a device's time: what they carry is on its way by itself.
FREE = ("send", "receive")


def _first_rows(inputs: Sequence[Shape], attributes: Mapping[str, Any]) -> int:
    return inputs[0][-1]


def _filter(inputs: Sequence[Shape], attributes: Mapping[str, Any]) -> int:
    return math.prod(inputs[1][:3])


def _window(inputs: Sequence[Shape], attributes: Mapping[str, Any]) -> int:
    return math.prod(require_pair("pool_size", attributes.get("pool_size", 2)))


def _step(inputs: Sequence[Shape], attributes: Mapping[str, Any]) -> int:
    return sum(inputs[1])


#: Of kinds that add up products: how many of them each number of the output is the sum of.
TERMS: dict[str, Callable[[Sequence[Shape], Mapping[str, Any]], int]] = {
    **dict.fromkeys(("matrix_product", "dense", "dense_layer"), _first_rows),
    **dict.fromkeys(("conv2d", "convolutional_layer"), _filter),
    **dict.fromkeys(("max_pool2d", "average_pool2d"), _window),
    **dict.fromkeys(("simple_rnn_step", "simple_rnn"), _step),
}


def multiply_adds(kind: str, inputs: Sequence[Shape], outputs: Sequence[Shape], attributes: Mapping[str, Any]) -> int:
    """How many multiply-adds an operation is estimated to cost, from its shapes."""
    if kind == "gradient":
        count = attributes["inputs"]
        # Once forward, and twice as much back.
        return 3 * multiply_adds(attributes["of"], inputs[:count], inputs[count:], attributes["attributes"])
    forward = kind.removesuffix("_vjp")
    if forward not in TERMS:
        return sum(map(math.prod, inputs)) + sum(map(math.prod, outputs))
    if forward == kind:
        return math.prod(outputs[0]) * TERMS[kind](inputs, attributes)
    # The cotangent, which comes last, has the forward output's shape: a product for each of two factors.
    return 2 * math.prod(inputs[-1]) * TERMS[forward](inputs[:-1], attributes)


class Costs(NamedTuple):
    """The cost model: how large tensors are, and how long operations take on a device.

    Why: "this cost model is either statically estimated based on heuristics associated with different operation types,
    or is measured". The estimate: a product or a convolution takes a multiply-add for each term of its sums, its
    gradient twice as many, and a gradient by the computational graph three times as many; everything else one for each
    number that goes in or comes out.

    Args:
        bytes_per_number: 4, as for float32.
        measured: seconds, by the names of an operation and a device, which count instead of the estimate; those of an
            earlier step are in its `Trace`.

    Source:
        goldsborough-tensorflow, "Execution Model"; TensorFlow's white paper of 2015, section 3.2.1.

    >>> from reference import Graph
    >>> graph = Graph()
    >>> y = graph.apply("dense", graph.placeholder("x", (2, 3)), graph.variable("w", [[1] * 5] * 3), [0] * 5)
    >>> Costs().work(y.operation), Costs().bytes(y)
    (30, 40)
    >>> Costs(measured={("dense", "cpu:0"): 7}).seconds(y.operation, Device("cpu:0"))
    7
    """

    bytes_per_number: int = 4
    measured: Mapping[tuple[str, str], Number] = {}

    def bytes(self, given: Tensor | Operation) -> int:
        """How large a tensor is; of an operation, only the word that it ran has to go anywhere."""
        return self.bytes_per_number * math.prod(given.shape) if isinstance(given, Tensor) else 0

    def work(self, operation: Operation) -> int:
        """How many multiply-adds an operation is estimated to cost."""
        inputs, outputs = ([tensor.shape for tensor in side] for side in (operation.inputs, operation.outputs))
        return 0 if operation.kind in FREE else multiply_adds(operation.kind, inputs, outputs, operation.attributes)

    def seconds(self, operation: Operation, device: Device) -> Number:
        """How long an operation takes on a device."""
        key = operation.name, device.name
        if not self.measured or key not in self.measured:
            return self.work(operation) / device.speed
        return require_number(f"measured seconds of '{operation.name}' on '{device.name}'", self.measured[key], 0)


#: The estimate from shapes alone.
ESTIMATED = Costs()
