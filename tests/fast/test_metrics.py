"""What no drawn call of a metric does, or hardly one: counting without weights, and a single class."""

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


@pytest.mark.parametrize("path", [cpu, cuda])
@pytest.mark.parametrize("average", ["none", "macro", "micro"])
def test_of_a_single_class_everything_is_right(path: ModuleType, average: str) -> None:
    """Its mean has as many numbers as there are scores."""
    for function in (path.precision, path.recall, path.f_score):
        # Several times, since what lies in new memory may be a 1.
        assert all(function(np.full((1, 1), 7.0), average=average) == 1 for _ in range(5))
