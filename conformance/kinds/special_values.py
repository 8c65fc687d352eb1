"""Kind 6: NaN, infinities, signed zeros, subnormal and enormous numbers come out as the reference defines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from conformance.exploration import Evidence, Subject, explore
from conformance.kinds.rounding_bound import examine_call
from conformance.operations import Operation

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
    special = SPECIALS[name](np.finfo(subject.dtype))
    return explore(subject, examine_call(subject), values="moderate", share=SHARE, special=special)
