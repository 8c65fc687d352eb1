"""The code of a run: its text, the table that it reads, and the memory that it needs.

The text is a function for each loop, and one that does what the table lists: calls of loops and kernels, each of some
form, with its addresses from some entry on. Forms know shapes and numbers, and no address: so what one process has
compiled, all can load; and of a graph that repeats itself, as an unrolled network does, each form is compiled once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from fast.cpu.elementwise import PARALLEL_SIZE
from fast.cpu.graph_calls import TABLE, array_type, in_threads
from fast.cpu.graph_data import READERS, WRITERS, Operation
from fast.cpu.graph_kernels import KERNELS, Job
from fast.cpu.graph_loops import Loop
from fast.cpu.graph_operands import Address, Operand, Storage
from fast.cpu.graph_plan import Arena, Plan, Step

HEAD = """\
from math import inf, nan

from numba import {dtype} as F

from fast.cpu import elementary
from fast.cpu.compilation import leaf
from fast.cpu.graph_calls import array_at, call
from fast.cpu.graph_loops import where_same, where_zero
from fast.cpu.vectors import (
    VECTOR_BYTES, at_least, load, load_part, maximum, root, store, store_part, vector_of, where_beaten, where_equal,
    where_negative,
)

SIZE = VECTOR_BYTES // {item}
"""
#: What large loops are called by, with the table, which of them, its entries, and from where to where; and what makes
#: the calls of a part, with the table, and from where to where.
LOOPS = (TABLE, types.intp, types.intp, types.intp, types.intp)
RUN = (TABLE, types.intp, types.intp)


class Calls(NamedTuple):
    """Some of the calls that a table lists, from where to where."""

    first: int
    last: int


class PythonCall(NamedTuple):
    """An operation between the compiled parts of a step: its function looks at numbers, or is several calls."""

    operation: Operation
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]


class Code:
    """Writes a plan's text; then `table` has its entries in order, `parts` what to run, `results` what is fetched."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.graph, self.arena = plan, plan.graph, Arena()
        self.item = self.graph.dtype.itemsize
        #: What the table has: whose addresses, and at its end the calls of all parts, as forms and their first entries.
        self.table: list[Any] = []
        self.calls: list[int] = []
        self.storages: dict[int, Storage] = {}
        self.loops: dict[str, int] = {}
        self.large: set[int] = set()
        self.forms: dict[str, int] = {}
        #: What to do in order.
        self.parts: list[Calls | PythonCall] = []
        self.temporary: list[tuple[int, int]] = []
        #: Of a step, the tensors whose memory another one has got.
        self.inherited: set[int] = set()
        for place, step in enumerate(plan.steps):
            self._write(place, step)
        self.first_call = len(self.table)
        self.table += self.calls
        self.results = {tensor: self.operand(tensor) for tensor in plan.run.fetched}

    @property
    def text(self) -> str:
        """All of the module."""
        branches = [
            f"    if which == {which}:\n        loop_{which}(table, base, first, last)" for which in sorted(self.large)
        ]
        loops = [text.replace("#", str(number)) for text, number in self.loops.items()]
        loops.append("\n".join(["@leaf", "def loops(table, which, base, first, last):", *branches, "    return"]))
        head = HEAD.format(dtype=self.graph.dtype.name, item=self.item)
        return "\n\n".join([head, *loops, self._run_of_forms()]) + "\n"

    def _run_of_forms(self) -> str:
        """The function that makes the calls from some entry of the table to another."""
        forms = [f"        if which == {number}:\n            {text}" for text, number in self.forms.items()]
        lines = ["@leaf", "def run(table, first, last):", "    for place in range(first, last, 2):"]
        return "\n".join([*lines, "        which, base = table[place], table[place + 1]", *forms])

    def operand(self, tensor: int) -> Operand:
        """A tensor's array."""
        root = self.plan.root[tensor]
        return Operand(self._storage(root), self.plan.offset[tensor], self.graph.shapes[tensor])

    def call(self, kernel: Any, *arguments: Any) -> None:
        """Write the call of a kernel down: arrays, integers, truth values and addresses."""
        kinds, texts, keys = [], [], list[Any]()
        for argument in arguments:
            entry = f"table[base + {len(keys) + 1}]"
            if isinstance(argument, Operand):
                kinds.append(array_type(self.graph.dtype, len(argument.shape)))
                lengths = ", ".join(map(str, argument.shape))
                texts.append(f"array_at({entry}, ({lengths},), F)")
                keys.append((argument.storage, argument.offset * self.item))
            elif isinstance(argument, Address):
                kinds.append(types.intp)
                texts.append(entry)
                keys.append(argument)
            else:
                kinds.append(types.boolean if isinstance(argument, bool) else types.intp)
                texts.append(repr(argument))
        form = f"call(table[base], ({', '.join(texts)},))  # {kernel.__name__}, {', '.join(map(str, kinds))}"
        self._list(form, [(kernel, tuple(kinds)), *keys])

    def _list(self, form: str, keys: list[Any]) -> None:
        """Have the table list a call of some form, with entries of its own."""
        goes_on = self.parts and isinstance(self.parts[-1], Calls)
        first = self.parts.pop()[0] if goes_on else len(self.calls)
        self.calls += [self.forms.setdefault(form, len(self.forms)), len(self.table)]
        self.table += keys
        self.parts.append(Calls(first, len(self.calls)))

    def scratch(self, shape: tuple[int, ...]) -> Operand:
        """Memory for the length of a step."""
        count = int(np.prod(shape)) * self.item
        start = self.arena.take(count)
        self.temporary.append((start, count))
        return Operand(Storage("arena", start), 0, shape)

    def nothing(self) -> Operand:
        """An array of no numbers."""
        return Operand(Storage("arena", 0), 0, (0,))

    def _storage(self, root: int) -> Storage:
        giver = self.graph.givers[root]
        if root in self.plan.fed:
            return Storage("feed", root)
        if root in self.storages:
            return self.storages[root]
        if giver.kind in READERS:
            return Storage("variable", giver.variable)
        return Storage({"constant": "constant", "random_uniform": "random"}[giver.kind], root)

    def _write(self, place: int, step: Step) -> None:
        first = step.operations[0]
        if step.size or first.kind in READERS:
            if step.size or first.outputs[0] in self.plan.copied:
                self._write_loop(place, step)
        else:
            self._write_operation(place, first)
        self._release(place, step)

    def _write_operation(self, place: int, operation: Operation) -> None:
        """An operation by itself: a kernel's call, or one of Python's."""
        inputs = tuple(self.operand(tensor) for tensor in operation.inputs)
        for tensor in operation.outputs:
            if self.plan.root.get(tensor) == tensor and tensor not in self.plan.fed:
                self._produce(tensor, [])
        outputs = tuple(self._target(tensor) for tensor in operation.outputs)
        if operation.kind not in KERNELS:
            self.parts.append(PythonCall(operation, inputs, outputs))
            return
        wanted = tuple(bool(self.plan.uses.get(t)) and t not in self.plan.fed for t in operation.outputs)
        known = self.plan.known.get(operation.number)
        job = Job(inputs, outputs, wanted, self.operand(known[0]) if known else None)
        KERNELS[operation.kind](self, job, **operation.attributes)

    def _target(self, tensor: int) -> Operand:
        """Where an output goes; what was fed in its place stays as it is."""
        return self.scratch(self.graph.shapes[tensor]) if tensor in self.plan.fed else self.operand(tensor)

    def _produce(self, root: int, dying: list[int]) -> None:
        """Find memory for a tensor: the caller's for what is fetched, or that of one that nobody needs any longer."""
        if root in self.plan.run.fetched:
            self.storages[root] = Storage("result", root)
        elif dying:
            self.storages[root] = self.storages[dying.pop()]
        else:
            self.storages[root] = Storage("arena", self.arena.take(self.plan.size(root) * self.item))

    def _release(self, place: int, step: Step) -> None:
        """Give back what no later step uses."""
        for start, count in self.temporary:
            self.arena.give(start, count)
        self.temporary.clear()
        for root in self._last_used(place, step):
            if self.storages[root].kind == "arena" and root not in self.inherited:
                self.arena.give(self.storages[root].key, self.plan.size(root) * self.item)
        self.inherited = set()

    def _last_used(self, place: int, step: Step) -> list[int]:
        """The tensors with memory that are used here, or given and never used, and not later."""
        taken = [self.plan.root[t] for operation in step.operations for t in self.plan.needs(operation)]
        given = [tensor for operation in step.operations for tensor in operation.outputs]
        return [
            root
            for root in dict.fromkeys((*taken, *given))
            if root in self.storages and max(self.plan.uses.get(root) or [place]) <= place
        ]

    def _write_loop(self, place: int, step: Step) -> None:
        size = step.size or self.plan.size(step.operations[0].outputs[0])
        loop = Loop(self.operand, self.plan, size)
        for operation in step.operations:
            loop.add(operation)
        dying = [
            root
            for root in self._last_used(place, step)
            if self.storages[root].kind == "arena" and self.plan.size(root) == size and root not in step.gives
        ]
        before = list(dying)
        for operation in step.operations:
            self._store(place, operation, loop, dying)
        self.inherited = set(before) - set(dying)
        if loop.stores:
            self._put(loop, size)

    def _store(self, place: int, operation: Operation, loop: Loop, dying: list[int]) -> None:
        """Registers that others need go to memory."""
        if operation.kind in WRITERS:
            register = loop.registers[operation.outputs[0]]
            loop.store(Operand(Storage("variable", operation.variable), 0, (loop.size,)), register)
        for tensor in operation.outputs:
            if tensor in self.plan.fed or not any(use != place for use in self.plan.uses.get(tensor, ())):
                continue
            self._produce(tensor, dying if operation.kind != "stack" else [])
            if operation.kind != "stack":
                loop.store(self.operand(tensor), loop.registers[tensor])
                continue
            for number, part in enumerate(operation.inputs):
                loop.store(self.operand(tensor), loop.value(part), str(number))

    def _put(self, loop: Loop, size: int) -> None:
        """Write a loop's function, unless there is one like it, and its call."""
        number = self.loops.setdefault(loop.function(), len(self.loops))
        if size < PARALLEL_SIZE:
            self._list(f"loop_{number}(table, base, 0, {size})", loop.keys)
            return
        self.large.add(number)
        shared = in_threads, (types.intp, TABLE, types.intp, types.intp, types.intp)
        form = f"call(table[base], (table[base + 1], table, {number}, base + 2, {size}))"
        self._list(form, [shared, "loops", *loop.keys])
