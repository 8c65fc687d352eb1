"""What a check looks at: one operation of one implementation in one dtype."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.backend import Backend, Lost
from conformance.calls import Answer, Call
from conformance.comparison import Nonconforming, expected, expected_of_numbers
from conformance.deviations import EXCUSES
from conformance.lanes.reading import Axes
from conformance.lanes.rounded import FEWEST, TooLarge, bounded_results, can_be_read_in_lanes, lanes_know
from conformance.lanes.together import bounds_together
from conformance.operation import Arguments, Operation
from conformance.outcomes import Severity
from reference.numbers import Arithmetic

#: So many calls of each configuration are swept where each must be compiled.
VALUES_OF_EACH = 20
#: One of a backend's ways to make calls.
Make = Callable[[str, Sequence[Call]], Sequence[Answer | Lost]]


class KnownToCrash(Exception):
    """A call that lies in a set of calls known to end the process: it is not made."""


@dataclass
class Subject:
    """One operation of one implementation in one dtype, and how thoroughly to look at it.

    Args:
        operation: what the reference calls it.
        backend: makes the implementation's calls.
        arithmetic: what the implementation claims of its own.
        cases: how many cases must decide.
        seed: of everything drawn.
        largest: no axis drawn is longer.
        compiles: whether a call of shapes never met takes far longer: few configurations are drawn, with many values.
        severities: of the known deviations of this operation, by number.
        names_arguments: whether the implementation claims that its errors name arguments.
        shrink: whether to look for the smallest failing case.
        check: the name of the check that looks: each draws cases of its own.
        algorithm: the text of the algorithm that the implementation claims; none claims the reference's.
    """

    operation: Operation
    backend: Backend
    arithmetic: Arithmetic
    cases: int
    seed: int
    largest: int | None = None
    compiles: bool = False
    severities: Sequence[Severity] = ()
    names_arguments: bool = False
    shrink: bool = True
    check: str = ""
    #: whether to sweep the whole small box
    thorough: bool = False
    #: told now and then which part of the check is done, from 0 to 1
    progress: Callable[[float], None] = lambda fraction: None
    algorithm: Callable[..., Any] | None = None
    #: the known deviations, by number, in whose sets the calls since the last `begin` lie
    met: set[int] = field(default_factory=set)
    #: cases in their sets so far, by the deviation's number, and those of them that deviated
    known: Counter[int] = field(default_factory=Counter)
    deviating: Counter[int] = field(default_factory=Counter)
    #: what came of calls that were made ahead, by the identity of their arguments
    _ahead: dict[int, tuple[Arguments, Answer | Lost]] = field(default_factory=dict, init=False)
    #: bounds that were found ahead, by the identity of the arguments
    _bounds: dict[int, tuple[Arguments, Any]] = field(default_factory=dict, init=False)

    @property
    def dtype(self) -> str:
        return self.arithmetic.format

    def expected(self, arguments: Arguments) -> Any:
        """The reference's result, with the bounds of the implementation's arithmetic in the algorithm it claims."""
        return expected(self.operation, arguments, self.arithmetic, self.algorithm)

    def expected_of_numbers(self, numbers: Arguments) -> Any:
        """The same for arguments that are rounded numbers already."""
        return expected_of_numbers(self.operation, numbers, self.arithmetic, self.algorithm)

    def bounds(self, arguments: Arguments) -> Any:
        """What `expected` says, read in lanes where that is faster and tells as much."""
        if id(arguments) in self._bounds:
            return self._bounds.pop(id(arguments))[1]
        (given, rates), axes = self._in_lanes(arguments), self.axes
        if axes is not None and axes.lanes_in(given) >= FEWEST and can_be_read_in_lanes(given, self.arithmetic):
            with contextlib.suppress(TooLarge):
                return bounded_results(self.operation.reference, axes, given, rates, self.arithmetic)
        return self.expected(arguments)

    def find_bounds(self, calls: Sequence[Arguments]) -> None:
        """Find the bounds of calls that will be asked for one by one, with these very arguments: together is faster."""
        self._bounds.clear()
        if self.axes is None:
            return
        given = [self._in_lanes(arguments) for arguments in calls]
        found = bounds_together(self.operation.reference, self.axes, given, self.arithmetic)
        self._bounds.update({id(calls[place]): (calls[place], bounds) for place, bounds in found.items()})

    def _in_lanes(self, arguments: Arguments) -> tuple[list[Any], Arguments]:
        """What a call is read with in lanes: data, and hyperparameters."""
        data, hyperparameters = self.operation.split(arguments)
        return list(data.values()), {**self.operation.float_defaults, **hyperparameters}

    @cached_property
    def axes(self) -> Axes | None:
        """Those that may be lanes; None where numbers are read one after the other."""
        alone = self.algorithm is not None or not lanes_know(self.arithmetic)
        return None if alone else self.operation.case.axes

    @property
    def is_read_alone(self) -> bool:
        """Whether bounds are found one number after the other: of another algorithm or an arithmetic of its own."""
        return self.axes is None

    @property
    def values_of_each(self) -> int:
        """How often each configuration of a sweep comes, each time with other values."""
        return VALUES_OF_EACH if self.compiles else 1

    def begin(self) -> None:
        """Forget which known deviations were met: a new case begins."""
        self.met.clear()

    def excuses(self, severity: Severity) -> set[int]:
        """Those of the deviations met whose doing a failure of some severity would be."""
        return {place for place in self.met if severity in EXCUSES[self.severities[place]]}

    def judge_apart(self, deviations: set[int], deviates: bool) -> None:
        """Count a case with calls in the sets of known deviations, which deviates or doesn't, and begin another."""
        self.known.update(deviations)
        self.deviating.update(deviations if deviates else ())
        self.begin()

    def run(self, arguments: Arguments, layout: str = "as drawn") -> Any:
        """The implementation's result; an exception that it raises on good input counts as nonconforming."""
        (answer,) = self.answers([arguments], layout)
        return self.result_of(answer, arguments)

    def ask_ahead(self, calls: Sequence[Arguments]) -> None:
        """Make calls that will be asked for one by one, with these very arguments: together they take less time."""
        outcomes = self.backend.make_each(self.operation.name, self._made_of(calls, "as drawn", dared=False))
        # Of calls after a lost one nothing came.
        self._ahead = {id(call): (call, outcome) for call, outcome in zip(calls, outcomes, strict=False)}

    def answers(self, calls: Sequence[Arguments], layout: str = "as drawn", dared: bool = False) -> list[Answer]:
        """What comes of calls in a row; raises Lost, with the arguments, if one never comes back."""

        def make(name: str, made_of: Sequence[Call]) -> Sequence[Answer | Lost]:
            return self._made_ahead(calls, layout, dared) or self.backend.make_calls(name, made_of)

        try:
            return self.answers_to(self._made_of(calls, layout, dared), make)
        except Lost as lost:
            lost.arguments = calls[0]
            raise

    def answers_to(self, calls: Sequence[Call], make: Make) -> list[Answer]:
        """What comes of calls that are made in one of the backend's ways; raises Lost, with the arguments."""
        try:
            outcomes = make(self.operation.name, calls)
        except Lost as lost:
            outcomes = [lost]
        answers = []
        for call, outcome in zip(calls, outcomes, strict=False):
            if isinstance(outcome, Lost):
                outcome.arguments = call.arguments
                raise outcome
            answers.append(outcome)
        self.met.update(place for answer in answers for place in answer.deviations if place < len(self.severities))
        if not all(answer.made for answer in answers):
            raise KnownToCrash
        return answers

    def call(self, arguments: Arguments, **how: Any) -> Call:
        """A call to be made in some way of its own."""
        how = {"dared": not self.severities, **how}
        return Call(*self.operation.split(arguments), defaults=self.operation.defaults, **how)

    def _made_ahead(self, calls: Sequence[Arguments], layout: str, dared: bool) -> list[Answer]:
        if len(calls) > 1 or layout != "as drawn" or dared or id(calls[0]) not in self._ahead:
            return []
        _, outcome = self._ahead.pop(id(calls[0]))
        if isinstance(outcome, Lost):
            raise outcome
        return [outcome]

    def _made_of(self, calls: Sequence[Arguments], layout: str, dared: bool) -> list[Call]:
        dared = dared or not self.severities
        return [self.call(arguments, layout=layout, dared=dared) for arguments in calls]

    def result_of(self, answer: Answer, arguments: Arguments) -> Any:
        """The result in an answer, or Nonconforming if there is an exception in its place."""
        if answer.raised:
            came = f"{answer.raised}\n{answer.where}".strip()
            raise Nonconforming("raised an exception on good input", "a result", came, arguments=arguments)
        return answer.result
