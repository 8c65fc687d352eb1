"""Sampling on the GPU: logarithms by one thread a number, then softmax, then one thread a row adds up to its draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import log_at, map_on_device
from fast.cuda.device import cuda, device_function, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.elementwise import map_kernel
from fast.cuda.softmax import softmax_on_device
from fast.results import Sample
from fast.validation.sampling import require_sampling

__all__ = ["Sample", "sample_index"]


@device_function
def score_at(probability: Any, temperature: Any) -> Any:
    """A logarithm at a temperature."""
    return log_at(probability) / temperature


score_kernel = map_kernel(score_at)


@kernel
def pick_kernel(probabilities: Any, draws: Any, indices: Any) -> None:
    """The index that each row's draw stands for."""
    last = probabilities.shape[1] - 1
    for n in range(cuda.grid(1), draws.size, cuda.gridsize(1)):
        reached, place = probabilities[n, 0], 0
        while place < last and not draws[n] < reached:
            place += 1
            reached += probabilities[n, place]
        indices[n] = place


@takes_device_arrays
def sample_index(probabilities: np.ndarray, draws: np.ndarray, *, temperature: float = 1) -> Sample:
    """As `reference.sample_index`, on the GPU: [N, K] and [N] to [N, K] and [N] of int64."""
    require_sampling(probabilities, draws, temperature)
    tempered = softmax_on_device(map_on_device(score_kernel, to_device(probabilities), temperature=temperature))
    indices = empty(draws.size, np.dtype(np.int64))
    launch_over(pick_kernel, draws.size, tempered, to_device(draws), indices)
    return Sample(tempered, indices)
