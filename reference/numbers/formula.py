"""Formulas: numbers that print how they were computed, as a slide would."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from reference import elementary
from reference.arrays import Number
from reference.numbers.mixing import divide, minus, multiply, plus

#: How tightly an expression binds: a sum inside a product needs parentheses.
SUM, PRODUCT, ATOM = range(3)


class Formula:
    """A number written out: every operation extends the text, and the value goes along.

    Why: teaching. A reference function called with formulas returns the expressions that the slides print.

    Args:
        value: a number, or its text as printed ("0.40" keeps its zero; its value is exact).
        text: what to print for it, the value itself when not given; a name such as "w₁" prints symbolically.

    Source:
        goldsborough-deep, "Convolutional Neural Network: Mechanics", which prints 5.7 · 0.4 in the image's cells.

    >>> x, w = Formula("0.4"), Formula("5.7")
    >>> w * x + 1
    5.7·0.4 + 1
    >>> float((w * x + 1).value)
    3.28
    >>> (Formula(2, "x") - Formula(3, "y")) * 4
    (x - y)·4
    """

    __slots__ = ("binding", "text", "value")

    def __init__(self, value: Number | str, text: str | None = None, binding: int = ATOM) -> None:
        self.value = Fraction(value) if isinstance(value, str) else value
        self.text = str(value) if text is None else text
        # A fraction's own text is a quotient, and binds like one.
        self.binding = PRODUCT if text is None and "/" in self.text else binding

    def __repr__(self) -> str:
        return self.text

    def __add__(self, other: Number) -> Formula:
        return _sum("+", self, _formula(other))

    def __radd__(self, other: Number) -> Formula:
        return _sum("+", _formula(other), self)

    def __sub__(self, other: Number) -> Formula:
        return _sum("-", self, _formula(other))

    def __rsub__(self, other: Number) -> Formula:
        return _sum("-", _formula(other), self)

    def __mul__(self, other: Number) -> Formula:
        return _product("·", self, _formula(other))

    def __rmul__(self, other: Number) -> Formula:
        return _product("·", _formula(other), self)

    def __truediv__(self, other: Number) -> Formula:
        return _product("/", self, _formula(other))

    def __rtruediv__(self, other: Number) -> Formula:
        return _product("/", _formula(other), self)

    def __neg__(self) -> Formula:
        return Formula(-self.value, f"-{self.inside(PRODUCT)}", SUM)

    def __lt__(self, other: Number) -> bool:
        return bool(self.value < _formula(other).value)

    def __le__(self, other: Number) -> bool:
        return bool(self.value <= _formula(other).value)

    def __gt__(self, other: Number) -> bool:
        return bool(self.value > _formula(other).value)

    def __ge__(self, other: Number) -> bool:
        return bool(self.value >= _formula(other).value)

    def __eq__(self, other: object) -> bool:
        return bool(self.value == _formula(other).value)

    __hash__ = None  # type: ignore[assignment]

    def exp(self) -> Formula:
        return _call(elementary.exp, self)

    def log(self) -> Formula:
        return _call(elementary.log, self)

    def sqrt(self) -> Formula:
        return _call(elementary.sqrt, self)

    def tanh(self) -> Formula:
        return _call(elementary.tanh, self)

    def sigmoid(self) -> Formula:
        return _call(elementary.sigmoid, self)

    def maximum(self, other: Number) -> Formula:
        """Written max(a, b); the larger one stays a formula inside."""
        other = _formula(other)
        return Formula(elementary.maximum(self.value, other.value), f"max({self.text}, {other.text})")

    def where_positive(self, yes: Number, no: Number) -> Formula:
        """The branch that is taken: a formula describes one computation, with its decisions made."""
        return _formula(elementary.where_positive(self.value, yes, no))

    def inside(self, binding: int) -> str:
        """The text, in parentheses if it binds less tightly than its surroundings, or starts with a sign."""
        return f"({self.text})" if self.binding < binding or self.text.startswith("-") else self.text


def _formula(value: Number) -> Formula:
    return value if isinstance(value, Formula) else Formula(value)


def _sum(sign: str, left: Formula, right: Formula) -> Formula:
    value = (plus if sign == "+" else minus)(left.value, right.value)
    right_text = right.inside(SUM if sign == "+" else PRODUCT)
    return Formula(value, f"{left.text} {sign} {right_text}", SUM)


def _product(sign: str, left: Formula, right: Formula) -> Formula:
    value = (multiply if sign == "·" else divide)(left.value, right.value)
    # A divisor that is itself a product needs parentheses, a factor doesn't.
    right_text = right.inside(PRODUCT if sign == "·" else ATOM)
    return Formula(value, f"{left.inside(PRODUCT)}{sign}{right_text}", PRODUCT)


def _call(function: Callable[[Number], Number], argument: Formula) -> Formula:
    value = argument.value
    return Formula(
        function(float(value) if isinstance(value, Fraction) else value), f"{function.__name__}({argument.text})"
    )
