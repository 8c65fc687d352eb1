"""What wrong and right implementations of several rooms are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import right


def rounded_to(bits: int, values: Array) -> Array:
    """Values to so many significant bits, to nearest."""
    fractions, exponents = np.frexp(values)
    return np.ldexp(np.rint(fractions * 2.0**bits) / 2.0**bits, exponents).astype(values.dtype)


def one_by_one(terms: Array) -> Array:
    """The sum over the first axis, from the first to the last."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def compensated_sum(terms: Array) -> Array:
    """The sum over the first axis with the roundings of all additions added in the end, where everything is finite.

    Not Kahan's: his compensation assumes that the sum so far is larger than the next term. Where it isn't, a sum of two
    terms and zeros is rounded twice, which no order of summation does.
    """
    total, lost = terms[0], np.zeros_like(terms[0])
    for term in terms[1:]:
        raised = total + term
        part = raised - total
        lost = lost + ((total - (raised - part)) + (term - part))
        total = raised
    return np.where(np.isfinite(total + lost), total + lost, one_by_one(terms))


def wider(dtype: np.dtype[Any]) -> type[np.floating[Any]]:
    """The next precision: float64 for float32, and what the processor has beyond for float64."""
    return np.float64 if dtype == np.float32 else np.longdouble


def through_a_wider_format(operation: str) -> None:
    """The whole operation computed in the next wider format, and rounded in the end.

    Not for whole networks: where a hidden layer overflows in the format claimed, the reference says NaN.
    """

    def convert(value: Any, dtype: Any) -> Any:
        if isinstance(value, tuple):
            parts = [convert(part, dtype) for part in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        return value.astype(dtype) if hasattr(value, "dtype") and value.dtype.kind == "f" else value

    def function(*arguments: Any, **how: Any) -> Any:
        floats = arguments[0].dtype
        wide, keywords = convert(arguments, wider(floats)), {name: convert(v, wider(floats)) for name, v in how.items()}
        return convert(getattr(base, operation)(*wide, **keywords), floats)

    function.__name__ = f"{operation}_through_a_wider_format"
    right(operation)(function)


def raw_memory(array: Array) -> Array:
    """The first numbers of the memory that an array lives in, taken as if it were contiguous."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return owner.ravel(order="K")[: array.size].reshape(array.shape)


def zeroed(array: Array, *places: Any) -> Array:
    """A copy with zeros in some places: left unwritten in a result, left out of a sum in an input."""
    copy = array.copy()
    for place in places:
        copy[place] = 0
    return copy


def copied(array: Array, to: Any, start: Any) -> Array:
    """A copy with one part in the place of another too."""
    copy = array.copy()
    copy[to] = array[start]
    return copy


def last_of(array: Array) -> tuple[int, ...]:
    """The place of the last number of an array."""
    return (-1,) * array.ndim
