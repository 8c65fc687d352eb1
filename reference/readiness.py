"""Which operations of a graph a run needs, and which of them can run next."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from reference.errors import InvalidArgument, is_integer
from reference.tensors import Operation, Tensor, operation_of

NOTHING: Mapping[Tensor, Any] = {}
#: The kinds that look at a variable, and those that change one.
READERS, WRITERS = ("variable", "read"), ("assign", "assign_add")


def pruned(fetches: Iterable[Tensor | Operation], fed: Mapping[Tensor, Any] = NOTHING) -> list[Operation]:
    """The operations that fetches need, each after all that it needs; a fed tensor needs nothing.

    An operation that several need is there once, and nobody recurses: a graph may be as deep as it likes.
    """
    needed: set[Operation] = set()
    pending = [operation_of(fetch) for fetch in fetches if not is_given(fetch, fed)]
    while pending:
        operation = pending.pop()
        if operation not in needed:
            needed.add(operation)
            pending += before(operation, fed)
    return in_order(needed)


def in_order(operations: Iterable[Operation]) -> list[Operation]:
    """Operations as they were added to their graph, which is an order in which they can run."""
    return sorted(operations, key=lambda operation: operation.place)


def before(operation: Operation, fed: Mapping[Tensor, Any] = NOTHING) -> list[Operation]:
    """The operations that one waits for, each once: those that give it an input, and its control inputs."""
    givers = [tensor.operation for tensor in operation.inputs if tensor not in fed]
    return list(dict.fromkeys([*givers, *controls(operation, fed)]))


def controls(operation: Operation, fed: Mapping[Tensor, Any] = NOTHING) -> list[Operation]:
    """The control inputs that one waits for; a placeholder that is fed has nothing to do."""
    return [earlier for earlier in operation.control_inputs if not is_given(earlier, fed)]


def is_given(fetch: Tensor | Operation, fed: Mapping[Tensor, Any]) -> bool:
    """Whether a tensor is fed, or an operation is a placeholder that is: nothing has to run for it."""
    if isinstance(fetch, Tensor):
        return fetch in fed
    return fetch.kind == "placeholder" and fetch.outputs[0] in fed


class ReadyQueue:
    """Operations that can run, because all that they wait for did: each has a count of what it still waits for.

    Source:
        TensorFlow's white paper of 2015, section 3.1: "a count per node of the number of dependencies of that node that
        have not yet been executed".
    """

    def __init__(self, operations: Sequence[Operation], fed: Mapping[Tensor, Any] = NOTHING) -> None:
        wanted = set(operations)
        self.missing: dict[Operation, int] = {}
        self.waiting: dict[Operation, list[Operation]] = {operation: [] for operation in operations}
        for operation in operations:
            waits_for = [earlier for earlier in before(operation, fed) if earlier in wanted]
            self.missing[operation] = len(waits_for)
            for earlier in waits_for:
                self.waiting[earlier].append(operation)
        self.ready = deque(operation for operation in operations if not self.missing[operation])

    def take(self, choose: Callable[[Sequence[Operation]], int] | None = None) -> Operation:
        """Take one that is ready out of the queue: the first, or the one that is chosen."""
        place = choose(self.ready) if choose else 0
        if not is_integer(place) or not 0 <= place < len(self.ready):
            raise InvalidArgument("choose", f"a place in a list of {len(self.ready)}", repr(place))
        self.ready.rotate(-place)
        operation = self.ready.popleft()
        self.ready.rotate(place)
        return operation

    def finished(self, operation: Operation) -> None:
        """Count an operation as done, which may make others ready."""
        for later in self.waiting[operation]:
            self.missing[later] -= 1
            if not self.missing[later]:
                self.ready.append(later)


def require_no_race(operations: Sequence[Operation], fed: Mapping[Tensor, Any] = NOTHING) -> None:
    """Say which two operations use a variable in an order that nothing fixes, if one of them changes it.

    Every order in which the operations can run then gives the same bits.
    """
    accesses: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        if variable_of(operation):
            accesses[variable_of(operation)].append(operation)
    changed = [uses for uses in accesses.values() if any(use.kind in WRITERS for use in uses)]
    bits = {use: 1 << place for place, use in enumerate(use for uses in changed for use in uses)}
    # For each operation, which of these run before it or are it, as the bits of an integer.
    earlier: dict[Operation, int] = {}
    for operation in operations if bits else ():
        earlier[operation] = reduce(
            or_, (earlier.get(giver, 0) for giver in before(operation, fed)), bits.get(operation, 0)
        )
    for use, later in (pair for uses in changed for pair in _neighbours(uses)):
        if not earlier[later] & bits[use]:
            raise InvalidArgument(
                "fetches",
                "operations on a variable in an order that inputs or control dependencies fix",
                f"'{use.name}' and '{later.name}' on '{variable_of(use)}' in either order",
            )


def _neighbours(uses: Iterable[Operation]) -> Iterator[tuple[Operation, Operation]]:
    """The pairs of a variable's uses that must be in order, for all others to be.

    Each change with the next one, and what looks at the variable with the change before it and the one after it: with
    those it is in order with all changes.
    """
    change, looks = None, list[Operation]()
    for use in uses:
        if change is not None:
            yield change, use
        if use.kind in WRITERS:
            yield from ((look, use) for look in looks)
            change, looks = use, []
        else:
            looks.append(use)


def variable_of(operation: Operation) -> str:
    """The name of the variable that an operation reads or changes; empty for others."""
    if operation.kind == "variable":
        return operation.name
    return operation.attributes["variable"] if operation.kind in (*READERS, *WRITERS) else ""
