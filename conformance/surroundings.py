"""What every function of a process shares with all others, and what a call has therefore no business to change."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Snapshot = dict[str, Any]


@dataclass(frozen=True)
class Shared:
    """Something shared: how to read it, and how to put back what was read."""

    read: Callable[[], Any]
    put_back: Callable[[Any], object]


def _numpys_random_state() -> tuple[Any, ...]:
    name, keys, *rest = np.random.get_state()
    return (name, np.asarray(keys).tobytes(), *rest)


def _put_back_numpys_random_state(state: tuple[Any, ...]) -> None:
    name, keys, *rest = state
    np.random.set_state((name, np.frombuffer(keys, np.uint32), *rest))


SHARED: dict[str, Shared] = {
    "NumPy's random state": Shared(_numpys_random_state, _put_back_numpys_random_state),
    "Python's random state": Shared(random.getstate, random.setstate),
    "NumPy's way to treat floating-point errors": Shared(np.geterr, lambda errors: np.seterr(**errors)),
    "NumPy's way to print": Shared(np.get_printoptions, lambda options: np.set_printoptions(**options)),
    "the recursion limit": Shared(sys.getrecursionlimit, sys.setrecursionlimit),
    "the working directory": Shared(os.getcwd, os.chdir),
}
ARITHMETIC = "the processor's arithmetic"
# In variables, lest Python compute with them beforehand.
ONE, HALF, SMALL, LARGE, SMALLEST_NORMAL = 1.0, 0.5, 2.0**-52, 2.0**52, sys.float_info.min


def surroundings() -> Snapshot:
    """All that is shared, as it is now."""
    return {name: shared.read() for name, shared in SHARED.items()}


def disturbed_since(before: Snapshot) -> tuple[str, ...]:
    """The names of what is another than before. It is put back: the next call may change it anew.

    The processor's mode can't be put back from here; it is held to what it always should be.
    """
    changed = [name for name, shared in SHARED.items() if shared.read() != before[name]]
    for name in changed:
        SHARED[name].put_back(before[name])
    return (*changed, *([] if _computes_as_ieee_says() else [ARITHMETIC]))


def _computes_as_ieee_says() -> bool:
    """Whether this thread rounds to nearest, and takes and gives subnormal numbers."""
    takes, gives = SMALLEST_NORMAL * SMALL * LARGE == SMALLEST_NORMAL, SMALLEST_NORMAL * HALF != 0
    return takes and gives and ONE + SMALL * HALF == 1 and ONE - SMALL * HALF / 2 == 1
