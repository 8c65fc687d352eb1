"""Sampling: which class a drawn number stands for, where a network says how likely each of them is."""

from __future__ import annotations

from typing import NamedTuple

from reference.arrays import Array, Number, require_array, require_shape, total
from reference.elementary import log
from reference.errors import require_number
from reference.softmax import softmax_of_row

__all__ = ["Sample", "sample_index"]


class Sample(NamedTuple):
    """What `sample_index` returns: the probabilities [N, K] at that temperature, and the index drawn [N]."""

    probabilities: Array
    indices: Array


def sample_index(probabilities: Array, draws: Array, *, temperature: Number = 1) -> Sample:
    """Draw a class for each row of probabilities: the next character of a text, say.

    Why: who always takes the most probable character repeats himself. A temperature below 1 makes what is probable more
    so, one above 1 makes all more alike. The random numbers are given, so that everybody draws the same.

    Formula:
        q = softmax(log(probabilities[n])/T), which is qᵢ = pᵢ^(1/T)/Σⱼ pⱼ^(1/T), and p itself at a temperature T of 1
        the index is the first i with draws[n] < q₁ + … + qᵢ, or the last of all; no number is less than NaN

    Args:
        probabilities: [N, K], a distribution over the classes in each row.
        draws: [N], uniform in [0, 1).
        temperature: T, a number above 0.

    Returns:
        Sample(probabilities [N, K], indices [N], each from 0 to K - 1).

    Raises:
        InvalidArgument: if there isn't a draw for each row, an entry isn't a number, or the temperature isn't a finite
            number above 0.

    Source:
        ruppert-ml2, "LSTM to generate Code", where each character was drawn so; the temperature is that of Karpathy,
        The Unreasonable Effectiveness of Recurrent Neural Networks.

    >>> sample_index([[0.25, 0.75], [0.25, 0.75]], [0.125, 0.5], temperature=1.0).indices
    [0, 1]
    """
    (rows, _) = require_array("probabilities", probabilities, "N K")
    require_shape("draws", draws, (rows,), "of one draw a row")
    require_number("temperature", temperature, above=0)
    tempered = [softmax_of_row([log(p) / temperature for p in row]) for row in probabilities]
    return Sample(tempered, [index_of_draw(row, draw) for row, draw in zip(tempered, draws, strict=True)])


def index_of_draw(probabilities: Array, draw: Number) -> int:
    """The first index up to which the probabilities add up to more than a draw; else the last."""
    last = len(probabilities) - 1
    return next((i for i in range(last) if draw < total(probabilities[: i + 1])), last)
