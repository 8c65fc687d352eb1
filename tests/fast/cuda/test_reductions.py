"""Sums and maxima of several threads: by shuffles and by shared memory, in bands and in runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fast import cuda as path
from fast.cuda import losses, reductions, rows
from fast.cuda.column_sums import column_sums
from fast.cuda.device import to_device
from tests.fast.cuda.launches import recorded
from tests.fast.drawn import bits, drawn_calls, functions_of


@pytest.mark.parametrize("name", functions_of(path))
def test_the_same_bits_without_shuffles_and_for_any_number_of_blocks(
    name: str, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [*drawn_calls(path, name, dtype, 4), *drawn_calls(path, name, dtype, batch=10)]
    with recorded() as launches:
        expected = [bits(call.run()) for call in calls]
    if not any(launch.shuffles for launch in launches):
        return  # whose threads sum nothing together
    monkeypatch.setattr(rows, "MOST_BLOCKS", 3)
    assert [bits(call.run()) for call in calls] == expected
    monkeypatch.setattr(reductions, "SHUFFLED", 1)
    assert [bits(call.run()) for call in calls] == expected


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (6, 2), (7, 1), (16, 5), (17, 4), (100, 2), (700, 3)])
def test_sums_of_columns(integers: Callable[..., np.ndarray], shape: tuple[int, int]) -> None:
    matrix = integers(*shape)
    assert np.array_equal(column_sums(to_device(matrix)).copy_to_host(), matrix.sum(0))


@pytest.mark.parametrize("length", [1, 2, 4, 8, 16, 64, 512])
def test_means_of_powers_of_two(integers: Callable[..., np.ndarray], length: int) -> None:
    numbers = integers(length)
    assert losses.mean_on_device(to_device(numbers)).copy_to_host() == numbers.mean()


@pytest.mark.parametrize("columns", range(1, 14))
def test_rows_of_equal_scores(columns: int, dtype: type) -> None:
    """Each column once, whatever the layout: their count is exact, and so is its reciprocal's rounding."""
    uniform = path.softmax(np.full((7, columns), 5, dtype))
    assert np.array_equal(uniform, np.full((7, columns), dtype(1) / dtype(columns)))
