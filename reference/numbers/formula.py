"""Formulas: numbers that print how they were computed, as a slide would."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from operator import eq, ge, gt, le, lt, neg
from typing import Any

from reference import elementary
from reference.arrays import Number
from reference.errors import InvalidArgument, Undecidable, is_number
from reference.numbers.mixing import divide, minus, multiply, plus
from reference.numbers.notations import ATOM, PRODUCT, Written, in_tex, number_in_tex, on_a_line


class Formula:
    """A number written out: every operation extends the text, and the value, where it is known, goes along.

    Why: teaching. A reference function called with formulas returns the expressions that the slides print. A notebook
    shows them typeset.

    Args:
        value: a number; its text as printed ("0.40" keeps its zero; its value is exact); or a name, such as "w₁", of a
            number that isn't known: whatever depends on it is known no more.
        text: what to print for it, the value itself when not given; a name prints symbolically.

    Raises:
        InvalidArgument: if the value is neither a number nor the text of one, nor a name.

    Source:
        goldsborough-deep, "Convolutional Neural Network: Mechanics", which prints 5.7 · 0.4 in the image's cells.

    >>> x, w = Formula("0.4"), Formula("5.7")
    >>> w * x + 1
    5.7·0.4 + 1
    >>> float((w * x + 1).value)
    3.28
    >>> (Formula("x") - Formula("y")) * 4
    (x - y)·4
    """

    __slots__ = ("tex", "value", "written")

    def __init__(self, value: Number | str, text: str | None = None) -> None:
        self.value = _value_of(value)
        shown = str(value) if text is None else text
        # A fraction's own text is a quotient, and binds like one.
        self.written = Written(shown, PRODUCT if text is None and "/" in shown else ATOM)
        self.tex = number_in_tex(shown)

    @property
    def text(self) -> str:
        """The expression on a line."""
        return self.written.text

    def _repr_latex_(self) -> str:
        return f"${self.tex.text}$"

    def __repr__(self) -> str:
        return self.text

    def __add__(self, other: Number) -> Formula:
        return _operate("+", plus, self, other)

    def __radd__(self, other: Number) -> Formula:
        return _operate("+", plus, other, self)

    def __sub__(self, other: Number) -> Formula:
        return _operate("-", minus, self, other)

    def __rsub__(self, other: Number) -> Formula:
        return _operate("-", minus, other, self)

    def __mul__(self, other: Number) -> Formula:
        return _operate("·", multiply, self, other)

    def __rmul__(self, other: Number) -> Formula:
        return _operate("·", multiply, other, self)

    def __truediv__(self, other: Number) -> Formula:
        return _operate("/", divide, self, other)

    def __rtruediv__(self, other: Number) -> Formula:
        return _operate("/", divide, other, self)

    def __neg__(self) -> Formula:
        return _operate("-", neg, self)

    def __lt__(self, other: Number) -> bool:
        return _compare(lt, self, other)

    def __le__(self, other: Number) -> bool:
        return _compare(le, self, other)

    def __gt__(self, other: Number) -> bool:
        return _compare(gt, self, other)

    def __ge__(self, other: Number) -> bool:
        return _compare(ge, self, other)

    def __eq__(self, other: object) -> bool:
        """Whether the values are equal; of unknown ones, whether they are written alike, or else undecidable."""
        if not isinstance(other, Formula) and not is_number(other):
            return NotImplemented
        formula = _formula(other)
        unknown = self.value is None or formula.value is None
        return (unknown and self.text == formula.text) or _compare(eq, self, formula)

    __hash__ = None  # type: ignore[assignment]

    def exp(self) -> Formula:
        return _operate("exp", _as_floats(elementary.exp), self)

    def log(self) -> Formula:
        return _operate("log", _as_floats(elementary.log), self)

    def sqrt(self) -> Formula:
        return _operate("sqrt", _as_floats(elementary.sqrt), self)

    def tanh(self) -> Formula:
        return _operate("tanh", _as_floats(elementary.tanh), self)

    def sigmoid(self) -> Formula:
        return _operate("sigmoid", _as_floats(elementary.sigmoid), self)

    def maximum(self, other: Number) -> Formula:
        """Written max(a, b); the larger one stays a formula inside."""
        return _operate("max", elementary.maximum, self, other)

    def where_positive(self, yes: Number, no: Number) -> Formula:
        """The branch that is taken; both, where the value isn't known."""
        if self.value is None:
            return _operate("where_positive", elementary.where_positive, self, yes, no)
        return _formula(elementary.where_positive(self.value, yes, no))


def _value_of(value: Number | str) -> Number:
    """A number as it is, a printed one exactly, and None for a name."""
    if not isinstance(value, str):
        if not is_number(value):
            raise InvalidArgument("value", "a number, its text, or a name", repr(value))
        return value
    try:
        return Fraction(value)
    except ValueError:
        if not value[:1].isalpha() or value.lower() in ("inf", "infinity", "nan"):
            raise InvalidArgument("value", "a number, its text, or a name", repr(value)) from None
        return None


def _formula(value: Any) -> Formula:
    return value if isinstance(value, Formula) else Formula(value)


def _operate(operation: str, function: Callable[..., Number], *operands: Number) -> Formula:
    formulas = [_formula(operand) for operand in operands]
    values = [formula.value for formula in formulas]
    result = Formula.__new__(Formula)
    result.value = None if any(value is None for value in values) else function(*values)
    result.written = on_a_line(operation, *(formula.written for formula in formulas))
    result.tex = in_tex(operation, *(formula.tex for formula in formulas))
    return result


def _compare(relation: Callable[[Number, Number], bool], left: Formula, right: Number) -> bool:
    right = _formula(right)
    if left.value is None or right.value is None:
        raise Undecidable(f"whether {relation.__name__}({left}, {right}): no value is known of names")
    return bool(relation(left.value, right.value))


def _as_floats(function: Callable[[Number], Number]) -> Callable[[Number], Number]:
    """Fractions have no exponential: they are rounded first."""
    return lambda value: function(float(value) if isinstance(value, Fraction) else value)
