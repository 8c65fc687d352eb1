"""What the tests of the reference share: Hypothesis settings, strategies, and walking through nested results."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random
from types import FrameType
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

#: The same examples on every run, and no deadline on a busy machine.
fewest = settings(derandomize=True, deadline=None, max_examples=8)
few = settings(derandomize=True, deadline=None, max_examples=20)
many = settings(derandomize=True, deadline=None, max_examples=60)

#: What is no array named z, and what is said of it.
NO_ARRAYS = [
    ([], "z: wanted a nested list of numbers, none of them empty; got an empty list"),
    ([[1.0], []], "z: wanted a nested list of numbers, none of them empty; got an empty list"),
    (
        [[1.0], [2.0, 3.0]],
        r"z: wanted a nested list of numbers, all of one length; got parts of shapes \[\[1\], \[2\]\]",
    ),
    ([1.0, [2.0]], "z: wanted a nested list of numbers; got lists and numbers side by side"),
    (["one"], "z: wanted a nested list of numbers; got 'one' inside"),
    ([None], "z: wanted a nested list of numbers; got None inside"),
    (1.0, "z: wanted a nested list of numbers; got float"),
]

seeds = st.integers(0, 2**32 - 1)
fractions = st.fractions(-8, 8, max_denominator=12)


def leaves(value: Any) -> Iterator[Any]:
    """Every number of nested lists and tuples, in order."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def convert(function: Callable[[Any], Any], value: Any) -> Any:
    """The same nested lists, tuples and dicts with each number replaced."""
    if isinstance(value, dict):
        return {key: convert(function, part) for key, part in value.items()}
    if isinstance(value, list):
        return [convert(function, part) for part in value]
    if isinstance(value, tuple):
        return tuple(convert(function, part) for part in value)
    return function(value)


def calls_of(function: Callable[..., Any], *arguments: Any) -> int:
    """How many functions of Python's a call calls: a measure of time that is the same on every machine."""
    count = 0

    def look(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    outer = sys.getprofile()
    # What others have called when garbage is collected, isn't ours.
    gc.disable()
    sys.setprofile(look)
    try:
        function(*arguments)
    finally:
        sys.setprofile(outer)
        gc.enable()
    return count


def array_of(number: Callable[[], Any], *lengths: int) -> Any:
    """An array whose numbers come from calls of a function."""
    return [array_of(number, *lengths[1:]) for _ in range(lengths[0])] if lengths else number()


def random_fractions(seed: int) -> Callable[..., Any]:
    """A maker of arrays of small fractions, some of them zero or integers."""
    random = Random(seed)

    def make(*lengths: int) -> Any:
        return array_of(lambda: Fraction(random.randint(-24, 24), random.choice((1, 2, 3, 5, 8))), *lengths)

    return make


def inner_product(left: Any, right: Any) -> Any:
    """⟨left, right⟩ over all numbers of two equally nested arrays."""
    return sum(x * y for x, y in zip(leaves(left), leaves(right), strict=True))
