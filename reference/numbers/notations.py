"""Notations: how an expression is written, on a line as slides print it, and in TeX as notebooks show it."""

from __future__ import annotations

import re
from typing import NamedTuple

#: How tightly an expression binds: a sum inside a product needs parentheses.
CHOICE, SUM, PRODUCT, ATOM = range(4)

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ᵢⱼ", "0123456789ij")
_POWER_OF_TEN = re.compile(r"(-?[\d.]+)[eE]([+-]?\d+)")
_QUOTIENT = re.compile(r"(-?)(\d+)/(\d+)")
_NAME = re.compile(r"([^\W\d_]\w*?)([₀-₉ᵢⱼ]*)")


class Written(NamedTuple):
    """A part of an expression in one of the notations, and how tightly it binds."""

    text: str
    binding: int = ATOM

    def inside(self, binding: int) -> str:
        """The text, in parentheses if it binds less tightly than its surroundings, or starts with a sign."""
        return f"({self.text})" if self.binding < binding or self.text.startswith("-") else self.text

    def first(self, binding: int) -> str:
        """The text where nothing stands before it: there a sign may."""
        return self.text if self.binding >= binding else self.inside(binding)


def on_a_line(operation: str, *parts: Written) -> Written:
    """An operation and its operands on one line: `5.7·0.4 + 1`, `max(x, 0)`, `g if z > 0 else 0`."""
    match operation, parts:
        case "+", (left, right):
            return Written(f"{left.first(SUM)} + {right.inside(SUM)}", SUM)
        case "-", (left, right):
            return Written(f"{left.first(SUM)} - {right.inside(PRODUCT)}", SUM)
        case "-", (number,):
            return Written(f"-{number.inside(PRODUCT)}", SUM)
        case "·", (left, right):
            return Written(f"{left.inside(PRODUCT)}·{right.inside(PRODUCT)}", PRODUCT)
        case "/", (left, right):  # a divisor that is itself a product needs parentheses, a factor doesn't
            return Written(f"{left.inside(PRODUCT)}/{right.inside(ATOM)}", PRODUCT)
        case "where_positive", (number, yes, no):
            return Written(f"{yes.first(SUM)} if {number.first(SUM)} > 0 else {no.first(SUM)}", CHOICE)
    return Written(f"{operation}({', '.join(part.text for part in parts)})")


def in_tex(operation: str, *parts: Written) -> Written:
    """The same as TeX writes it: quotients as fractions, `exp` as a power of e."""
    match operation, parts:
        case "·", (left, right):
            return Written(rf"{left.inside(PRODUCT)} \cdot {right.inside(PRODUCT)}", PRODUCT)
        case "/", (left, right):
            return Written(rf"\frac{{{left.text}}}{{{right.text}}}")
        case "where_positive", (number, yes, no):
            cases = rf"{yes.text} & \text{{if }} {number.text} > 0 \\ {no.text} & \text{{otherwise}}"
            return Written(rf"\begin{{cases}} {cases} \end{{cases}}")
        case "exp", (number,):
            return Written(f"e^{{{number.text}}}")
        case "sqrt", (number,):
            return Written(rf"\sqrt{{{number.text}}}")
        case (("+" | "-"), _):
            return on_a_line(operation, *parts)
    name = {"log": r"\ln", "sigmoid": r"\sigma"}.get(operation, f"\\{operation}")
    return Written(rf"{name}\left({', '.join(part.text for part in parts)}\right)")


def number_in_tex(text: str) -> Written:
    """A number or a name as TeX writes it: 1e-05, 1/3, w₁ and learning_rate can't stay as they are."""
    if power := _POWER_OF_TEN.fullmatch(text):
        return Written(rf"{power[1]} \cdot 10^{{{int(power[2])}}}", PRODUCT)
    if quotient := _QUOTIENT.fullmatch(text):
        return Written(rf"{quotient[1]}\frac{{{quotient[2]}}}{{{quotient[3]}}}", SUM if quotient[1] else ATOM)
    if name := _NAME.fullmatch(text):
        letters = name[1] if len(name[1]) == 1 else rf"\mathrm{{{name[1]}}}".replace("_", r"\_")
        return Written(f"{letters}_{{{name[2].translate(_SUBSCRIPTS)}}}" if name[2] else letters)
    return Written(text)
