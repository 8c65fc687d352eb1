"""Arrays as plain Python has them: nested lists of equal length, with whatever numbers inside.

A list is an axis of an array; a tuple groups several arrays (the weights of all layers, say). Nothing here looks at the
numbers themselves, so every function works for floats, fractions and each type of `reference.numbers`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any

from reference.errors import InvalidArgument, is_number, require_positive_integer

__all__ = ["reshape", "shape"]

#: Anything that adds, multiplies and divides: float, Fraction, Decimal, and the types of `reference.numbers`.
Number = Any
#: A nested list of numbers.
Array = list[Any]


def shape(values: Any) -> tuple[int, ...]:
    """The lengths of the axes of a nested list, outermost first.

    Args:
        values: a nested list, or a number (whose shape is empty).

    Returns:
        A tuple of lengths.

    Raises:
        InvalidArgument: if lists on the same level differ in length, or hold no numbers.

    Source:
        ruppert-ml2, "Getting Started with Tensorflow": tensor, a multi-dimensional table.

    >>> shape([[116, 80], [170, 194], [5, 236]])
    (3, 2)
    """
    return require_array("values", values) if isinstance(values, list) else ()


def flatten(values: Any) -> Array:
    """All entries of a nested list in one list, whatever they are; the algorithm, with its checks, is in `linear`."""
    if not isinstance(values, list):
        return [values]
    return [number for part in values for number in flatten(part)]


def reshape(values: Any, lengths: Sequence[int]) -> Any:
    """The same numbers in the same order, in another shape.

    Why: turns the matrix a slide prints into the [N, H, W, C] that a convolution wants.

    Args:
        values: a nested list.
        lengths: the new axes, positive integers; their product is the count of numbers.

    Returns:
        A nested list of that shape.

    Raises:
        InvalidArgument: if the counts differ, or a length isn't a positive integer.

    Source:
        ruppert-ml2, "Getting Started with Tensorflow": tensors of shape [28, 28], [28, 28, 3], [100, 28, 28, 3].

    >>> reshape([[0.4, 0.9], [0.7, 0.2]], (1, 2, 2, 1))
    [[[[0.4], [0.9]], [[0.7], [0.2]]]]
    """
    numbers = flatten(values)
    if not isinstance(lengths, Sequence):
        raise InvalidArgument("lengths", "a tuple of positive integers", repr(lengths))
    axes = [require_positive_integer("lengths", length) for length in lengths]
    if math.prod(axes) != len(numbers):
        raise InvalidArgument("lengths", f"a shape of {len(numbers)} numbers", repr(tuple(lengths)))
    for length in reversed(axes):
        numbers = [numbers[start : start + length] for start in range(0, len(numbers), length)]
    return numbers[0]


def total(terms: Iterable[Number]) -> Number:
    """The sum of at least one term, from left to right, with no extra zero to start from.

    Numbers that know about errors are told which is the first: a coarse accumulator rounds that one too.
    """
    first, *others = terms
    return reduce(add, others, first.begin_sum() if hasattr(first, "begin_sum") else first)


def dot(left: Iterable[Number], right: Iterable[Number]) -> Number:
    """The sum of the products of two equally long lists."""
    return total(x * y for x, y in zip(left, right, strict=True))


def transpose(matrix: Array) -> Array:
    """Rows to columns."""
    return [list(column) for column in zip(*matrix, strict=True)]


def elementwise(function: Callable[..., Number], *arrays: Any) -> Any:
    """Apply a function of numbers to every place of arrays of one shape."""
    if isinstance(arrays[0], list):
        return [elementwise(function, *parts) for parts in zip(*arrays, strict=True)]
    return function(*arrays)


class Padding(int):
    """The zero around an image: no datum, so that whoever skips it is as right as who multiplies by it.

    That differs beside an infinity or NaN only, where floats give NaN, and numbers that know about errors both.
    """


#: What images are padded with.
PADDING = Padding(0)


def zeros(lengths: Sequence[int], zero: int = 0) -> Any:
    """An array of integer zeros, which every number type can be added to."""
    return [zeros(lengths[1:], zero) for _ in range(lengths[0])] if lengths else zero


def require_array(argument: str, value: Any, axes: str = "") -> tuple[int, ...]:
    """Return the shape of a rectangular, non-empty nested list of numbers, or say what is wrong with it.

    `axes` names the axes that the array must have, as in "N H W C"; empty means any number of them, but at least one.
    """
    names = axes.split()
    wanted = f"a nested list of numbers [{', '.join(names)}]" if names else "a nested list of numbers"
    if not isinstance(value, list):
        hint = " (its .tolist() is one)" if hasattr(value, "tolist") else ""
        raise InvalidArgument(argument, wanted, f"{type(value).__name__}{hint}")
    lengths = _lengths(argument, value, wanted)
    if names and len(lengths) != len(names):
        raise InvalidArgument(argument, wanted, f"shape {list(lengths)}")
    return lengths


def _lengths(argument: str, value: Array, wanted: str) -> tuple[int, ...]:
    if not value:
        raise InvalidArgument(argument, f"{wanted}, none of them empty", "an empty list")
    if not any(isinstance(part, list) for part in value):
        for part in value:
            if not is_number(part):
                raise InvalidArgument(argument, wanted, f"{part!r} inside")
        return (len(value),)
    if not all(isinstance(part, list) for part in value):
        raise InvalidArgument(argument, wanted, "lists and numbers side by side")
    inner = {_lengths(argument, part, wanted) for part in value}
    if len(inner) > 1:
        raise InvalidArgument(argument, f"{wanted}, all of one length", f"parts of shapes {sorted(map(list, inner))}")
    return (len(value), *inner.pop())


def require_shape(argument: str, value: Any, wanted: Sequence[int], because: str) -> None:
    """Say that an array's shape does not fit another argument's."""
    came = require_array(argument, value)
    if came != tuple(wanted):
        raise InvalidArgument(argument, f"shape {list(wanted)} {because}", f"shape {list(came)}")


def require_arrays(argument: str, value: Any, axes: str) -> list[tuple[int, ...]]:
    """Return the shapes of a non-empty tuple of arrays, one for each layer."""
    if not isinstance(value, tuple) or not value:
        raise InvalidArgument(
            argument, "a tuple of arrays, one for each layer", f"{type(value).__name__} {value!r:.40}"
        )
    return [require_array(f"{argument}[{layer}]", part, axes) for layer, part in enumerate(value)]
