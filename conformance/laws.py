"""Laws: equations between results of an implementation, judged by the bounds of their two sides.

Every number that an implementation returns comes with its bound, as the interval in which the exact result must lie.
Arithmetic on these intervals is exact, so a law holds as far as anyone can tell if its two sides overlap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.arrays import Array
from conformance.comparison import Comparison, Nonconforming, matched
from conformance.operation import Arguments
from conformance.reproduction import of_calls
from conformance.subject import Subject
from reference.arrays import flatten
from reference.numbers import Interval, Rounded


@dataclass
class Trial:
    """One trial of a law: runs the operation, remembers how it was called, and compares sides."""

    subject: Subject
    comparison: Comparison = field(default_factory=Comparison)
    #: the arguments of every call so far
    calls: list[Arguments] = field(default_factory=list)
    #: what came back in the last call itself, without bounds: an array of fractions each
    returned: list[Any] = field(default_factory=list)

    def run(self, *data: Any, **hyperparameters: Any) -> Any:
        """The operation's result: object arrays of intervals, each of which contains the exact number."""
        arguments = {**dict(zip(self.subject.operation.parameters, data, strict=False)), **hyperparameters}
        self.calls.append(arguments)
        wanted = self.subject.expected(arguments)
        came = [values for _, _, values in matched(wanted, self.subject.run(arguments), arguments)]
        self.returned = [exact(values) for values in came]
        return self._bounded(wanted, iter(came))

    def agree(self, left: Any, right: Any) -> None:
        """Say that two sides, arrays or numbers, exact or intervals, must be equal."""
        for one, other in np.broadcast(np.asarray(left, object), np.asarray(right, object)):
            a, b = _interval(one), _interval(other)
            if not a.overlaps(b):
                gap, slack = max(a.low - b.high, b.low - a.high), a.high - a.low + b.high - b.low
                excess = float(2 * gap / slack) + 1 if slack else math.inf
                sides = "the law's two sides differ by more than their bounds"
                raise self._broken(sides, f"one side: {_shown(a)}", f"the other: {_shown(b)}", excess)
            self.comparison.deciding += 1

    def holds(self, condition: bool, wanted: str, came: object) -> None:
        """Say that something must be so."""
        if not condition:
            raise self._broken("the law is broken", wanted, str(came))
        self.comparison.deciding += 1

    def _broken(self, summary: str, wanted: str, came: str, excess: float = math.nan) -> Nonconforming:
        script = of_calls(self.subject.operation, self.calls)
        return Nonconforming(summary, wanted, came, excess, self.calls[-1], script)

    def _bounded(self, wanted: Any, came: Any) -> Any:
        if isinstance(wanted, tuple):
            parts = [self._bounded(part, came) for part in wanted]
            return type(wanted)(*parts) if hasattr(wanted, "_fields") else tuple(parts)
        values: Array = next(came)
        bounded = np.empty(values.size, object)
        for place, (number, value) in enumerate(zip(flatten(wanted), values.ravel().tolist(), strict=True)):
            bounded[place] = self._around(number, float(value))
        return bounded.reshape(values.shape)

    def _around(self, number: Any, value: float) -> Interval:
        """The interval around a number with the exact one inside; NaN where a number was wanted breaks any law."""
        wanted = number if isinstance(number, Rounded) else Rounded(number, self.subject.arithmetic)
        if wanted.error == math.inf or (wanted.special is not None and wanted.distance(value) == 0):
            return Interval(-math.inf, math.inf)
        if wanted.special is not None or not math.isfinite(value):
            raise self._broken("NaN or an infinity in a wrong place", repr(wanted), repr(value))
        error = Fraction(wanted.error)
        return Interval(Fraction(value) - error, Fraction(value) + error)


def exact(values: Any) -> Any:
    """An array's numbers as fractions, so that arithmetic on them is exact; NaN and infinities stay as they are."""
    return np.vectorize(lambda value: Fraction(value) if math.isfinite(value) else float(value), otypes=[object])(
        values
    )


def total_of(values: Any) -> Any:
    """The exact sum of all numbers of an array."""
    return sum(np.asarray(values, object).ravel().tolist(), start=Interval(0))


def _interval(value: Any) -> Interval:
    return value if isinstance(value, Interval) else Interval(value.item() if hasattr(value, "item") else value)


def _shown(side: Interval) -> str:
    """A side of a law: a number, or between which numbers it lies."""
    low, high = float(side.low), float(side.high)
    return repr(low) if side.low == side.high else f"between {low!r} and {high!r}"
