"""Universality: one hidden layer is enough for any continuous function, at the price of exponentially many units.

What is asked for here are functions and counts: there are no arrays to hold an implementation to, and libraries have no
counterpart. The layers that the network is made of are `dense`, which implementations are held to.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from reference.arrays import Array, Number, elementwise, require_array
from reference.elementary import where_positive
from reference.errors import InvalidArgument, require_number, require_positive_integer
from reference.linear import dense

__all__ = ["StepNetwork", "count_cells", "fit_step_network", "step_network", "step_units_needed"]


class StepNetwork(NamedTuple):
    """What `fit_step_network` returns: weights and biases of two dense layers, with a step between them."""

    weights: tuple[Array, Array]
    biases: tuple[Array, Array]


def fit_step_network(function: Callable[[Fraction], Number], *, units: int) -> StepNetwork:
    """Write down the weights of a staircase that keeps close to a function on [0, 1].

    Why: "theoretically, a single layer is just enough", and no training is needed to see it. Unit i switches on half a
    step before the i-th point of a grid, and adds what the function gained since the point before.

    Formula:
        hᵢ(x) = step(2n·x - (2i - 1)), i = 1 … n;  g(x) = f(0) + Σᵢ (f(i/n) - f((i - 1)/n))·hᵢ(x)
        So g(x) = f at the point of the grid next to x, half a step away at most: |f(x) - g(x)| ≤ ω(1/(2n)), where
        ω(d) = max |f(x) - f(y)| over |x - y| ≤ d is f's modulus of continuity, which tends to 0 with d if f is
        continuous. At the points of the grid f and g are equal.

    Args:
        function: f, from fractions in [0, 1] to numbers of any kind.
        units: n, a positive integer.

    Returns:
        StepNetwork(weights: ([1, n], [n, 1]), biases: ([n], [1])); the first layer's are integers.

    Raises:
        InvalidArgument: if the function isn't one, or units isn't a positive integer.

    Source:
        goldsborough-deep, "Universal Approximation Theorem"; ruppert-ml2, "Universality"; reinert-intro, "Conclusion".

    >>> fit_step_network(lambda x: x * x, units=2)
    StepNetwork(weights=([[4, 4]], [[Fraction(1, 4)], [Fraction(3, 4)]]), biases=([-1, -3], [Fraction(0, 1)]))
    """
    count = require_positive_integer("units", units)
    if not callable(function):
        raise InvalidArgument("function", "a function of a number in [0, 1]", repr(function))
    heights = [function(Fraction(i, count)) for i in range(count + 1)]
    rises = [[after - before] for before, after in pairwise(heights)]
    return StepNetwork(
        weights=([[2 * count] * count], rises),
        biases=([1 - 2 * i for i in range(1, count + 1)], [heights[0]]),
    )


def step_network(inputs: Array, network: StepNetwork) -> Array:
    """Feed a batch through a dense layer, a step and another dense layer.

    Why: shows the staircase. The step has no gradient, so this network can be written down and not learnt.

    Formula:
        y = step(x·W₁ + b₁)·W₂ + b₂, with step(z) = 1 if z > 0 else 0

    Args:
        inputs: [N, 1]; in [0, 1] the network keeps its promise.
        network: what `fit_step_network` returns.

    Returns:
        [N, 1].

    Raises:
        InvalidArgument: if a shape doesn't fit, or an entry isn't a number.

    Source:
        goldsborough-deep, "Universal Approximation Theorem"; ruppert-ml2, "Universality".

    >>> [height] = zip(*step_network([[0], [0.2], [0.3], [0.7], [1]], fit_step_network(lambda x: 8 * x, units=2)))
    >>> [float(y) for y in height]
    [0.0, 0.0, 4.0, 4.0, 8.0]
    """
    require_array("inputs", inputs, "N D")
    (first, second), (first_bias, second_bias) = network
    hidden = elementwise(lambda z: where_positive(z, 1, 0), dense(inputs, first, first_bias))
    return dense(hidden, second, second_bias)


def step_units_needed(*, steepness: Number, tolerance: Number) -> int:
    """How many units `fit_step_network` needs for a function that is nowhere steeper than this.

    Why: the price of a single layer. Halving the error doubles it, for one input; for d inputs the cells of the grid
    are `count_cells(values=n + 1, features=d)`.

    Formula:
        n = max(1, ⌈L/(2ε)⌉), since ω(1/(2n)) ≤ L/(2n) if |f(x) - f(y)| ≤ L·|x - y|

    Args:
        steepness: L, a number ≥ 0.
        tolerance: ε, the largest error that is allowed, a number > 0.

    Returns:
        A positive integer.

    Raises:
        InvalidArgument: if the steepness isn't a finite number ≥ 0, or the tolerance isn't one > 0.

    Source:
        goldsborough-deep, "Universal Approximation Theorem": infinitely many for continuous functions.

    >>> [step_units_needed(steepness=3, tolerance=Fraction(1, n)) for n in (10, 20, 1000)]
    [15, 30, 1500]
    """
    require_number("steepness", steepness, 0)
    if not require_number("tolerance", tolerance, 0) > 0:
        raise InvalidArgument("tolerance", "a number above 0", repr(tolerance))
    return max(1, ceil(Fraction(steepness) / (2 * Fraction(tolerance))))


def count_cells(*, values: int, features: int) -> int:
    """How many different inputs there are, each of which may want an output, and an example, of its own.

    Why: the curse of dimensionality. A table with an entry for every input, "an infinitely sized hash table", or a
    layer with a unit for each, grows exponentially with the features: in high dimensions nobody has seen an example of
    each cell, and only assumptions about the function help.

    Formula:
        values^features

    Args:
        values: how many values each feature may have, a positive integer.
        features: how many features, a positive integer.

    Returns:
        A positive integer.

    Raises:
        InvalidArgument: if either isn't a positive integer.

    Source:
        goldsborough-deep, "The Curse of Dimensionality" and "Universal Approximation Theorem".

    >>> [count_cells(values=10, features=features) for features in (1, 2, 3)]
    [10, 100, 1000]
    """
    return require_positive_integer("values", values) ** require_positive_integer("features", features)
