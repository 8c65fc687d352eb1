"""Sampling: the logarithms are divided as one flat, vectorised run, and softmax takes them as it takes scores.

Of a row's running sum only so much is computed as the draw needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from fast.cpu import elementary
from fast.cpu.arguments import INDEX, Form, contiguous, deliver, destinations, flat
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_SIZE, block_count, block_slice
from fast.cpu.softmax import softmax
from fast.results import Sample
from fast.validation.sampling import require_sampling

__all__ = ["Sample", "sample_index"]


def sample_index(
    probabilities: np.ndarray, draws: np.ndarray, *, temperature: float = 1, out: Sample | None = None
) -> Sample:
    """Draw a class for each row of probabilities, after a temperature has made them more or less alike.

    Args: probabilities [N, K]; draws [N], uniform in [0, 1); temperature, a number above 0; out, the two arrays to
        write into.
    Returns: Sample(probabilities [N, K], indices [N] as int64).
    Raises: InvalidArgument, as `reference.sample_index`.
    """
    divisor = require_sampling(probabilities, draws, temperature)
    like: Any = Sample(probabilities, Form(draws.shape, INDEX))
    targets = destinations(out, like, probabilities, draws)
    scores, indices = targets
    kernel = _scores_loop if scores.size < PARALLEL_SIZE else _scores_threads
    kernel(flat(probabilities), divisor, scores.ravel())
    softmax(scores, out=scores)
    _pick(scores, contiguous(draws), indices)
    return deliver(targets, out)


@leaf
def _scores_loop(probabilities, temperature, scores):
    for i in range(scores.size):
        scores[i] = elementary.log(probabilities[i]) / temperature


@compiled(parallel=True)
def _scores_threads(probabilities, temperature, scores):
    for block in prange(block_count(scores.size)):
        part = block_slice(block, scores.size)
        _scores_loop(probabilities[part], temperature, scores[part])


@leaf
def _pick(probabilities, draws, indices):
    last = probabilities.shape[1] - 1
    for n in range(draws.size):
        reached, place = probabilities[n, 0], 0
        while place < last and not draws[n] < reached:
            place += 1
            reached += probabilities[n, place]
        indices[n] = place
