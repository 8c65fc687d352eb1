"""Five kinds of numbers to read a reference function with, beside Python's own float, Fraction and Decimal.

>>> from reference import dense
>>> from reference.numbers import Formula, Interval
>>> weights = [["0.04"], ["0.52"]]
>>> dense([[2, 3]], [[Interval.printed(text) for text in row] for row in weights], [0])
[[Interval(1.615, 1.665)]]
>>> dense([[2, 3]], [[Formula(text) for text in row] for row in weights], [1])
[[2·0.04 + 3·0.52 + 1]]
"""

from reference.numbers.arithmetic import Arithmetic
from reference.numbers.dual import Dual, derivative
from reference.numbers.formula import Formula
from reference.numbers.interval import Interval
from reference.numbers.node import Node, dot_of, evaluate, gradients
from reference.numbers.rounded import Rounded

__all__ = [
    "Arithmetic",
    "Dual",
    "Formula",
    "Interval",
    "Node",
    "Rounded",
    "derivative",
    "dot_of",
    "evaluate",
    "gradients",
]
