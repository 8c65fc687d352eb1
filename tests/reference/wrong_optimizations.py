"""Optimizations that are wrong in one named way: the right ones, with something of them replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from reference import optimization, rewriting
from reference.operation_kinds import KINDS
from reference.rewriting import Rewriting
from reference.tensors import Operation


@contextmanager
def instead(module: Any, name: str, wrong: Any) -> Iterator[None]:
    right = getattr(module, name)
    setattr(module, name, wrong)
    try:
        yield
    finally:
        setattr(module, name, right)


def merges_also(kind: str) -> Any:
    right = optimization._may_be_merged
    return instead(optimization, "_may_be_merged", lambda op, cut: right(op, cut) or (op.kind == kind))


def told_apart_by(change: Callable[[Any, Operation, Rewriting], Any]) -> Any:
    """Operations are equal if what this makes of the right key is."""
    right = optimization._what_it_computes
    return instead(
        optimization,
        "_what_it_computes",
        lambda operation, rewriting: change(right(operation, rewriting), operation, rewriting),
    )


@contextmanager
def assignments_merged() -> Iterator[None]:
    with merges_also("assign_add"), told_apart_by(lambda key, op, _: key[:2] if op.kind == "assign_add" else key):
        yield


def in_another_order(right: Any) -> Any:
    def goes(self: Rewriting, operation: Operation, outputs: Any) -> None:
        self.operations[operation] = outputs[0].operation
        self.tensors.update(zip(operation.outputs, reversed(outputs), strict=True))

    return goes


def folds_in_place_of(right: Any) -> Any:
    """As `_outputs_if_constant`, which lets an error out."""

    def outputs(operation: Operation, rewriting: Rewriting, cut: Any, largest: int) -> Any:
        givers = [rewriting.tensors[tensor].operation for tensor in operation.inputs]
        if operation.inputs and all(giver.kind == "constant" for giver in givers):
            KINDS[operation.kind].compute(*(giver.attributes["value"] for giver in givers), **operation.attributes)
        return right(operation, rewriting, cut, largest)

    return outputs


def keeps_under_new_names(self: Rewriting, operation: Operation) -> None:
    inputs = [self.tensors[tensor] for tensor in operation.inputs]
    name = f"kept/{operation.name}" if operation.kind == "random_uniform" else operation.name
    self._add(operation, name, operation.kind, inputs, operation.attributes, self.controls(operation))
    self._goes(operation, self.graph.operations[name].outputs)


def forgets_devices(
    self: Rewriting, old: Operation, name: str, kind: str, inputs: Any, values: Any, waits: Any
) -> None:
    with self.graph.control_dependencies(waits):
        self.graph.apply(kind, *inputs, name=name, **values)


def constants_of_what_waits(self: Rewriting, operation: Operation, values: Any) -> None:
    """The constants wait for what the operation waited for, not for what its inputs waited for."""
    names = [operation.name] if len(values) == 1 else self._names_of_outputs(operation)
    for name, value in zip(names, values, strict=True):
        self._add(operation, name, "constant", (), {"value": value}, self.controls(operation))
    self._goes(operation, [self.graph.operations[name].outputs[0] for name in names])


def by_equality(value: Any) -> Any:
    """As `exactly`, but numbers that are equal are the same."""
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(by_equality, value))
    if isinstance(value, dict):
        return frozenset((key, by_equality(part)) for key, part in value.items())
    return value


def zeros_without_sign(value: Any) -> Any:
    return RIGHT_EXACTLY(abs(value) if type(value) is float and value == 0 else value)


RIGHT_EXACTLY = rewriting.exactly


def everywhere(wrong: Any) -> Any:
    """In the place of `exactly`, which calls itself for the parts."""

    def deep(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value), tuple(map(deep, value))
        if isinstance(value, dict):
            return frozenset((key, deep(part)) for key, part in value.items())
        return wrong(value)

    return instead(optimization, "exactly", deep)


def reads_of_any(key: Any, operation: Operation, rewriting: Rewriting) -> Any:
    return ("read", *operation.outputs[0].shape) if operation.kind in ("read", "variable") else key


WRONG: dict[str, Callable[[], Any]] = {
    "a read merged across an assignment": lambda: told_apart_by(
        lambda key, op, _: key[:2] if op.kind in ("read", "variable") else key
    ),
    "any subexpression merged whatever it waits for": lambda: told_apart_by(lambda key, *_: (*key[:2], key[3])),
    "a random node merged": lambda: merges_also("random_uniform"),
    "a placeholder merged with another of its shape": lambda: merges_also("placeholder"),
    "an assignment merged with the next": lambda: assignments_merged(),
    "reads of different variables merged": lambda: told_apart_by(reads_of_any),
    "different attributes merged": lambda: told_apart_by(
        lambda key, op, _: ((op.kind, tuple(op.attributes)), *key[1:]) if op.kind not in ("read", "variable") else key
    ),
    "different kinds merged": lambda: told_apart_by(
        lambda key, op, _: ("any", *key[1:]) if op.kind in ("add", "maximum") else key
    ),
    "x·y merged with y·x": lambda: told_apart_by(lambda key, *_: (key[0], tuple(sorted(key[1])), *key[2:])),
    "devices merged": lambda: told_apart_by(lambda key, *_: key[:3]),
    "only operations of the old inputs merged": lambda: told_apart_by(
        lambda key, op, _: (key[0], tuple(tensor.name for tensor in op.inputs), *key[2:])
    ),
    "-0.0 merged with 0.0": lambda: everywhere(zeros_without_sign),
    "1 merged with 1.0 and True": lambda: everywhere(by_equality),
    "a fed tensor folded or merged": lambda: instead(optimization, "_is_cut", lambda operation, cut: False),
    "folded across a feed": lambda: instead(
        optimization,
        "_outputs_if_constant",
        (lambda right: lambda op, r, cut, most: () if {*op.outputs} & cut else right(op, r, (), most))(
            optimization._outputs_if_constant
        ),
    ),
    "a control dependency dropped": lambda: instead(Rewriting, "controls", lambda self, operation: []),
    "what a folded input waited for dropped": lambda: instead(
        Rewriting, "replace_by_constants", constants_of_what_waits
    ),
    "only one control dependency kept": lambda: instead(
        Rewriting,
        "controls",
        (lambda right: lambda self, operation: right(self, operation)[:1])(Rewriting.controls),
    ),
    "outputs 0 and 1 confused": lambda: instead(Rewriting, "_goes", in_another_order(Rewriting._goes)),
    "a device forgotten": lambda: instead(Rewriting, "_add", forgets_devices),
    "a random node renamed": lambda: instead(Rewriting, "keep", keeps_under_new_names),
    "the definition of a variable dropped": lambda: instead(optimization, "_definition", lambda operation: []),
    "an error raised while folding": lambda: instead(
        optimization, "_outputs_if_constant", folds_in_place_of(optimization._outputs_if_constant)
    ),
    "a variable's first value folded": lambda: instead(
        optimization,
        "_outputs_if_constant",
        (lambda right: lambda op, *rest: (op.attributes["value"],) if op.kind == "variable" else right(op, *rest))(
            optimization._outputs_if_constant
        ),
    ),
    "what is fed dropped": lambda: instead(
        optimization,
        "dead_nodes_dropped",
        (lambda right: lambda graph, fetches, fed=(): right(graph, fetches))(optimization.dead_nodes_dropped),
    ),
    "nothing folded": lambda: instead(optimization, "_outputs_if_constant", lambda *_: ()),
}
