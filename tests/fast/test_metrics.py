"""Counting without weights, which no drawn call does: its results are integers."""

from types import ModuleType

import numpy as np
import pytest

from fast import cpu, cuda


@pytest.mark.parametrize("path", [cpu, cuda])
def test_examples_count_one_each_without_weights(path: ModuleType) -> None:
    predictions, labels = np.array([0, 0, 1, 0, 1]), np.array([0, 1, 1, 0, 0])
    counts = path.confusion_matrix(predictions, labels, classes=2)
    assert counts.tolist() == [[2, 1], [1, 1]]
    assert counts.dtype == np.int64
