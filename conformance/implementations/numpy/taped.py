"""Arrays that remember how they were computed, and the way back through them: a tape for NumPy.

The way back is made of the same arrays, so that a gradient has gradients, too. Everything is a sum of products,
functions of single numbers, and moves: `taken` reads numbers at places of an array, and `placed` adds numbers up there,
each the other's way back. Windows, transposes, rows and maxima are all places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array

#: Who was made later can't be what an earlier one was made of.
_NUMBERS = count()


class Taped:
    """An array, and what it hands back to each of the arrays that it was made of."""

    def __init__(self, value: Array, *parents: tuple[Taped, Callable[[Taped], Taped]]) -> None:
        self.value, self.parents, self.number = value, parents, next(_NUMBERS)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def __add__(self, other: Taped) -> Taped:
        return Taped(
            self.value + other.value,
            (self, lambda g: summed_to(g, self.shape)),
            (other, lambda g: summed_to(g, other.shape)),
        )

    def __mul__(self, other: Taped) -> Taped:
        return Taped(
            self.value * other.value,
            (self, lambda g: summed_to(g * other, self.shape)),
            (other, lambda g: summed_to(g * self, other.shape)),
        )

    def __neg__(self) -> Taped:
        return Taped(-self.value, (self, lambda g: -g))

    def __sub__(self, other: Taped) -> Taped:
        return self + -other

    def __truediv__(self, other: Taped) -> Taped:
        quotient = Taped(
            self.value / other.value,
            (self, lambda g: summed_to(g / other, self.shape)),
            (other, lambda g: summed_to(g * -(quotient / other), other.shape)),
        )
        return quotient


def gradients(outputs: Sequence[Taped], inputs: Sequence[Taped]) -> list[Taped]:
    """The gradients of the sum of all outputs' numbers, themselves on the tape."""
    found: dict[Taped, Taped] = {}
    for output in outputs:
        _add_to(found, output, Taped(np.ones_like(output.value)))
    for array in sorted(made_of(outputs), key=lambda array: -array.number):
        for parent, way_back in array.parents if array in found else ():
            _add_to(found, parent, way_back(found[array]))
    return [found[array] if array in found else Taped(np.zeros_like(array.value)) for array in inputs]


def _add_to(found: dict[Taped, Taped], array: Taped, share: Taped) -> None:
    found[array] = found[array] + share if array in found else share


def made_of(outputs: Sequence[Taped]) -> set[Taped]:
    """The outputs, and all arrays that they were made of."""
    met, pending = set[Taped](), list(outputs)
    while pending:
        array = pending.pop()
        if array not in met:
            met.add(array)
            pending += [parent for parent, _ in array.parents]
    return met


def by_slope(value: Array, array: Taped, slope: Callable[[Taped], Taped]) -> Taped:
    """A function of single numbers, whose slope is a function of its value."""
    result = Taped(value, (array, lambda g: g * slope(result)))
    return result


def constant(array: Taped, value: Any) -> Taped:
    """A number, or an array, of another one's dtype."""
    return Taped(np.asarray(value, array.value.dtype))


def where(condition: Array, array: Taped, factor: float) -> Taped:
    """An array where a condition holds, and a multiple of it elsewhere."""
    if not factor:
        return Taped(np.where(condition, array.value, 0), (array, lambda g: where(condition, g, 0)))
    other = array.value.dtype.type(factor) * array.value
    return Taped(np.where(condition, array.value, other), (array, lambda g: where(condition, g, factor)))


def product(a: Taped, b: Taped) -> Taped:
    """Of matrices."""
    return Taped(
        a.value @ b.value,
        (a, lambda g: product(g, transposed(b))),
        (b, lambda g: product(transposed(a), g)),
    )


def summed_to(array: Taped, shape: Sequence[int]) -> Taped:
    """The sum over those axes that a shape doesn't have, or has once only; the way back from `spread_to`."""
    if array.shape == tuple(shape):
        return array
    front = array.value.ndim - len(shape)
    axes = tuple(front + axis for axis, length in enumerate(shape) if length == 1 < array.shape[front + axis])
    total = array.value.sum(axis=(*range(front), *axes), keepdims=True).reshape(tuple(shape))
    return Taped(total, (array, lambda g: spread_to(g, array.shape)))


def spread_to(array: Taped, shape: Sequence[int]) -> Taped:
    spread = np.broadcast_to(array.value, tuple(shape))
    return Taped(spread, (array, lambda g: summed_to(g, array.shape)))


def reshaped(array: Taped, shape: Sequence[int]) -> Taped:
    return Taped(array.value.reshape(tuple(shape)), (array, lambda g: reshaped(g, array.shape)))


def transposed(array: Taped) -> Taped:
    return Taped(array.value.T, (array, transposed))


def taken(array: Taped, places: Array) -> Taped:
    """The numbers at places of an array, counted in rows; 0 where a place is -1."""
    values = np.append(array.value.ravel(), array.value.dtype.type(0))[places]
    return Taped(np.asarray(values), (array, lambda g: placed(g, places, array.shape)))


def placed(array: Taped, places: Array, shape: Sequence[int]) -> Taped:
    """Zeros of a shape, with the numbers of an array added at places; what has no place is left out."""
    values = np.zeros(int(np.prod(shape)) + 1, array.value.dtype)
    np.add.at(values, places, array.value)
    return Taped(values[:-1].reshape(tuple(shape)), (array, lambda g: taken(g, places)))


def places_of(shape: Sequence[int]) -> Array:
    """The place of each number of an array, counted in rows."""
    return np.arange(int(np.prod(shape))).reshape(tuple(shape))
