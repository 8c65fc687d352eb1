"""Pieces of 16 bytes: where they begin, and what moving one touches."""

from __future__ import annotations

import numpy as np
import pytest

from fast.cuda.device import SIMULATED, to_device
from fast.cuda.vectors import in_vectors, lanes_of, move_vector


@pytest.mark.skipif(not SIMULATED, reason="outside a kernel, only the simulator can move a piece")
def test_a_piece_is_moved_and_nothing_else(dtype: type) -> None:
    source, target = np.arange(12, dtype=dtype), np.zeros(12, dtype)
    lanes = lanes_of(source)
    move_vector(source, 2 * lanes, target, lanes)
    assert lanes == 16 // np.dtype(dtype).itemsize
    assert target.tolist() == [0] * lanes + list(range(2 * lanes, 3 * lanes)) + [0] * (12 - 2 * lanes)


@pytest.mark.skipif(not SIMULATED, reason="outside a kernel, only the simulator can move a piece")
def test_a_piece_elsewhere_than_at_a_multiple_of_16_bytes_is_an_error(dtype: type) -> None:
    numbers = np.zeros(12, dtype)
    for source, target, place in ((numbers, numbers[1:], 0), (numbers[1:], numbers, 0), (numbers, numbers, 1)):
        with pytest.raises(ValueError, match="misaligned"):
            move_vector(source, place, target, 0)


def test_rows_begin_at_multiples_of_16_bytes_or_are_not_in_vectors(dtype: type) -> None:
    lanes = 16 // np.dtype(dtype).itemsize
    array = to_device(np.zeros(64, dtype))
    assert in_vectors(array, 3 * lanes)
    assert not in_vectors(array, 3 * lanes + 1)
    assert not in_vectors(array[1:], 3 * lanes)
    assert in_vectors(array[lanes:], lanes)
