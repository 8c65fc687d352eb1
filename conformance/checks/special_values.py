"""Kind 6: NaN, infinities, signed zeros, subnormal and enormous numbers come out as the reference defines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from conformance.arrays import arrays_in
from conformance.checks.rounding_bound import explore_calls
from conformance.exploration import Evidence, NotApplicable
from conformance.operation import Operation
from conformance.outcomes import Severity
from conformance.sampling import sample_call
from conformance.subject import Subject

SEVERITY = Severity.SPECIAL_VALUES
SHARE = 0.03

#: What is put into the arrays, from the limits of the dtype.
SPECIALS: dict[str, Callable[[np.finfo], float]] = {
    "NaN": lambda limits: math.nan,
    "+infinity": lambda limits: math.inf,
    "-infinity": lambda limits: -math.inf,
    "-0": lambda limits: -0.0,
    "subnormal": lambda limits: 3 * float(limits.smallest_subnormal),
    "largest finite": lambda limits: float(limits.max),
}


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for each special value."""
    for name in SPECIALS:
        yield name, partial(sprinkle, name)


def sprinkle(name: str, subject: Subject) -> Evidence:
    """Explore cases with a special value in some places of each array of floats."""
    if not any(array.dtype.kind == "f" for array in arrays_in(sample_call(subject.operation, subject.dtype))):
        raise NotApplicable("no floats go in")
    special = SPECIALS[name](np.finfo(subject.dtype))
    return explore_calls(subject, "moderate", SHARE, special=special, severity=SEVERITY)
