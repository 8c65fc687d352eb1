"""The text of a loop over numbers: several operations of a graph at once, in vectors, each number read once.

All that a place needs is loaded before anything is stored there: so a result may take the memory of what it is made of,
and a variable may be changed in the loop that reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from llvmlite import ir

from fast.cpu.graph_data import READERS, Operation
from fast.cpu.graph_operands import Operand, Storage
from fast.cpu.graph_plan import Plan
from fast.cpu.vectors import lanewise
from reference.errors import require_number

#: y where x is 0, else z; y where x and y are equal.
where_zero = lanewise(
    3, lambda builder, x, y, z: builder.select(builder.fcmp_ordered("==", x, ir.Constant(x.type, None)), y, z)
)
where_same = lanewise(4, lambda builder, x, y, z, w: builder.select(builder.fcmp_ordered("==", x, y), z, w))

#: What each kind computes of vectors; and what else it names.
EXPRESSIONS = {
    "add": "{0} + {1}",
    "multiply": "{0} * {1}",
    "weigh": "{0} * {1}",
    "divide": "{0} / {1}",
    "negative": "-{0}",
    "exp": "elementary.exp({0})",
    "log": "elementary.log({0})",
    "sqrt": "root({0})",
    "ones_like": "{one}",
    "tanh": "elementary.tanh({0})",
    "sigmoid": "elementary.sigmoid({0})",
    "maximum": "maximum({0}, {1})",
    "where_positive": "where_negative(-{0}, {1}, {2})",
    "where_same": "where_same({0}, {1}, {2}, {3})",
    "times_log": "where_zero({0}, {0}, {0} * elementary.log({1}))",
    "over": "where_zero({0}, {0}, {0} / ({1} + {zero}))",
    "relu": "at_least({0}, {zero})",
    "relu_vjp": "where_negative(-{0}, {1}, {zero})",
    "leaky_relu": "where_negative(-{0}, {0}, {slope} * {0})",
    "leaky_relu_vjp": "where_negative(-{0}, {1}, {slope} * {1})",
    "step": "where_negative(-{0}, {one}, at_least({0}, {zero}))",
    "step_vjp": "{zero}",
    "fill": "{0}",
    "empirical_loss_vjp": "{1} / {count}",
    "assign": "{0}",
    "assign_add": "{variable} + {0}",
    **dict.fromkeys(READERS, "{variable}"),
}


class Loop:
    """Several operations over as many numbers: what is loaded before the loop and in it, computed, and stored.

    Its text names neither tensors nor their places: these are the entries of the table from `base` on, which `keys`
    says. So what is done to each of many variables is one function.
    """

    def __init__(self, operand: Callable[[int], Operand], plan: Plan, size: int) -> None:
        self.operand, self.plan, self.size = operand, plan, size
        self.keys: list[tuple[Storage, int]] = []
        self.before = ["like = array_at(table[0], (1,), F)"]
        self.loads: list[tuple[str, str]] = []
        self.lines: list[str] = []
        self.stores: list[tuple[str, str, str]] = []
        self.registers: dict[int, str] = {}
        self.names: dict[Any, str] = {}

    def add(self, operation: Operation) -> None:
        """Write down what an operation computes."""
        kind = operation.kind
        inputs = [self.value(tensor) for tensor in operation.inputs]
        if kind == "stack":
            self.registers.update({operation.outputs[0]: inputs[0]} if len(inputs) == 1 else {})
            return
        if kind == "shares_of_largest":
            self.lines += self._shares(operation, inputs)
            return
        named = {name: self.literal(number) for name, number in self._numbers(operation)}
        if operation.variable and kind != "assign":
            variable = Storage("variable", operation.variable)
            named["variable"] = self._loaded(Operand(variable, 0, (self.size,)))
        self.lines.append(f"{self._register(operation.outputs[0])} = {EXPRESSIONS[kind].format(*inputs, **named)}")

    def store(self, operand: Operand, register: str, place: str = "i") -> None:
        """Write down that a register goes to memory."""
        self.stores.append((self._array(operand), place, register))

    def value(self, tensor: int) -> str:
        """What the vector with a tensor's numbers is called."""
        root = self.plan.root[tensor]
        if root in self.registers and root not in self.plan.fed:
            return self.registers[root]
        giver = self.plan.graph.givers[root]
        if giver.kind == "constant" and self.plan.size(root) == 1 and root not in self.plan.fed:
            return self.literal(np.array(giver.attributes["value"], float).reshape(-1)[0])
        operand = self.operand(tensor)
        return self._loaded(operand) if operand.size == self.size else self._spread(operand)

    def literal(self, number: float) -> str:
        """A vector of copies of a number, as the dtype has it."""
        exact = float(self.plan.graph.dtype.type(number))
        text = f"vector_of(like, F({exact!r}))"
        return self._named(text, lambda name: self.before.append(f"{name} = {text}"))

    def function(self) -> str:
        """A function over some of the numbers, whole vectors first; "#" stands for its number."""

        def body(part: str, rest: str) -> list[str]:
            first = [f"{register} = load{part}({array}, i{rest})" for register, array in self.loads]
            last = [f"store{part}({array}, {place}{rest}, {register})" for array, place, register in self.stores]
            return [f"        {line}" for line in (*first, *self.lines, *last)]

        lines = ["@leaf", "def loop_#(table, base, first, last):", *(f"    {line}" for line in self.before)]
        lines += ["    i = first", "    while i + SIZE <= last:", *body("", ""), "        i += SIZE"]
        lines += ["    if i < last:", *body("_part", ", last - i")]
        return "\n".join(lines)

    def _numbers(self, operation: Operation) -> Iterator[tuple[str, float]]:
        """The numbers that a kind's expression names."""
        text = EXPRESSIONS[operation.kind]
        if "{zero}" in text:
            yield "zero", 0.0
        if "{one}" in text:
            yield "one", 1.0
        if "{count}" in text:
            yield "count", float(self.size)
        if "{slope}" in text:
            yield "slope", float(require_number("slope", operation.attributes.get("slope", 0.01), 0))

    def _register(self, tensor: int) -> str:
        self.registers[tensor] = f"r{len(self.registers)}"
        return self.registers[tensor]

    def _shares(self, operation: Operation, inputs: list[str]) -> Iterator[str]:
        """Which is the first of the largest is a number in a register, as in pooling."""
        *numbers, gradient = inputs
        best, winner = f"best{len(self.registers)}", f"winner{len(self.registers)}"
        yield f"{best}, {winner} = {numbers[0]}, {self.literal(0.0)}"
        for place, number in enumerate(numbers[1:], 1):
            yield f"{winner} = where_beaten({best}, {number}, {self.literal(float(place))}, {winner})"
            yield f"{best} = where_beaten({best}, {number}, {number}, {best})"
        for place, tensor in enumerate(operation.outputs):
            yield f"{self._register(tensor)} = where_equal({winner}, {self.literal(float(place))}, {gradient})"

    def _array(self, operand: Operand) -> str:
        key = operand.storage, operand.offset * self.plan.graph.dtype.itemsize
        length = "last" if operand.size == self.size else str(operand.size)

        def define(name: str) -> None:
            self.before.append(f"{name} = array_at(table[base + {len(self.keys)}], ({length},), F)")
            self.keys.append(key)

        return self._named((key, length), define)

    def _loaded(self, operand: Operand) -> str:
        array = self._array(operand)
        return self._named(("load", array), lambda name: self.loads.append((name, array)))

    def _spread(self, operand: Operand) -> str:
        """A vector of copies of what one number in memory is."""
        array = self._array(operand)
        text = f"vector_of({array}, {array}[0])"
        return self._named(text, lambda name: self.before.append(f"{name} = {text}"))

    def _named(self, key: Any, define: Callable[[str], None]) -> str:
        """The name of what is written down once, at its first use."""
        if key not in self.names:
            self.names[key] = f"v{len(self.names)}"
            define(self.names[key])
        return self.names[key]
