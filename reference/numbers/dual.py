"""Dual numbers: a value and its derivative in one direction, carried through any algorithm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference import elementary
from reference.arrays import Number
from reference.numbers.mixing import divide, minus, multiply, plus


class Dual:
    """A number x + ε·x', with ε² = 0, which computes a directional derivative along with every value.

    Why: the gradient oracle. Over Fraction it is exact, so a hand-written gradient must equal it to the last bit; no
    finite difference, no step size.

    Formula:
        (x + ε·x')·(y + ε·y') = x·y + ε·(x·y' + x'·y);  f(x + ε·x') = f(x) + ε·f'(x)·x'

    Args:
        value: any number.
        derivative: its derivative in the chosen direction: 1 for the variable itself, 0 for constants.

    Source:
        ruppert-ml2, "Stochastic Gradient Descent": partial derivatives.

    >>> x = Dual(3, 1)
    >>> x * x + 2 * x
    Dual(15, 8)
    """

    __slots__ = ("derivative", "value")

    def __init__(self, value: Number, derivative: Number = 0) -> None:
        self.value, self.derivative = value, derivative

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.derivative!r})"

    def __add__(self, other: Number) -> Dual:
        other = _dual(other)
        return Dual(plus(self.value, other.value), plus(self.derivative, other.derivative))

    def __mul__(self, other: Number) -> Dual:
        other = _dual(other)
        slope = plus(multiply(self.value, other.derivative), multiply(self.derivative, other.value))
        return Dual(multiply(self.value, other.value), slope)

    def __truediv__(self, other: Number) -> Dual:
        other = _dual(other)
        quotient = divide(self.value, other.value)
        return Dual(quotient, divide(minus(self.derivative, multiply(quotient, other.derivative)), other.value))

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.derivative)

    def __sub__(self, other: Number) -> Dual:
        return self + -_dual(other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Number) -> Dual:
        return -self + other

    def __rtruediv__(self, other: Number) -> Dual:
        return _dual(other) / self

    def __lt__(self, other: Number) -> bool:
        return bool(self.value < _dual(other).value)

    def __le__(self, other: Number) -> bool:
        return bool(self.value <= _dual(other).value)

    def __gt__(self, other: Number) -> bool:
        return bool(self.value > _dual(other).value)

    def __ge__(self, other: Number) -> bool:
        return bool(self.value >= _dual(other).value)

    def __eq__(self, other: object) -> bool:
        return bool(self.value == _dual(other).value)

    __hash__ = None  # type: ignore[assignment]

    def exp(self) -> Dual:
        value = elementary.exp(self.value)
        return Dual(value, multiply(self.derivative, value))

    def log(self) -> Dual:
        return Dual(elementary.log(self.value), divide(self.derivative, self.value))

    def sqrt(self) -> Dual:
        root = elementary.sqrt(self.value)
        return Dual(root, divide(self.derivative, multiply(2, root)))

    def tanh(self) -> Dual:
        value = elementary.tanh(self.value)
        return Dual(value, multiply(self.derivative, 1 - value * value))

    def sigmoid(self) -> Dual:
        value = elementary.sigmoid(self.value)
        return Dual(value, multiply(self.derivative, value * (1 - value)))

    def maximum(self, other: Number) -> Dual:
        other = _dual(other)
        slope = elementary.where_positive(minus(other.value, self.value), other.derivative, self.derivative)
        return Dual(elementary.maximum(self.value, other.value), slope)

    def where_positive(self, yes: Number, no: Number) -> Number:
        return elementary.where_positive(self.value, yes, no)


def derivative(function: Callable[..., Number], *arguments: Number, along: int = 0) -> Number:
    """The exact partial derivative of a function of numbers.

    Args:
        function: takes numbers, returns a number.
        arguments: where to differentiate, each an int, Fraction or other number.
        along: which argument to differentiate for.

    Returns:
        The derivative, in the arguments' arithmetic.

    >>> derivative(lambda x, y: x * y + x, 3, 5)
    6
    """
    duals = [Dual(value, int(place == along)) for place, value in enumerate(arguments)]
    return _dual(function(*duals)).derivative


def _dual(value: Any) -> Dual:
    return value if isinstance(value, Dual) else Dual(value)
