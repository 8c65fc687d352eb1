"""Sampling."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from conformance.implementations.numpy.softmax import softmax
from reference.errors import require_number

__all__ = ["Sample", "sample_index"]


class Sample(NamedTuple):
    probabilities: Array
    indices: Array


def sample_index(probabilities: Array, draws: Array, *, temperature: Any = 1) -> Sample:
    rows, _ = require_array("probabilities", probabilities, "N K")
    require_array("draws", draws, "N", (rows,))
    require_number("temperature", temperature, above=0)
    with np.errstate(all="ignore"):
        tempered = softmax(np.log(probabilities) / probabilities.dtype.type(temperature))
        reached = draws[:, None] < tempered.cumsum(axis=1)
    reached[:, -1] = True
    return Sample(tempered, reached.argmax(axis=1))
