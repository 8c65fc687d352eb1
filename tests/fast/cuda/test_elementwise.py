"""Kernels that do the same with every number: no number's bits depend on where it stands, or where its array begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fast.cuda import activations, adaptive_optimizers, binary_losses, elementwise, optimizers
from fast.cuda.device import SIMULATED, THREADS, to_device
from fast.cuda.elementwise import launch_over_numbers, pieces_of
from fast.cuda.layers import finished
from fast.cuda.vectors import VECTOR_BYTES

Arrays = Callable[..., np.ndarray]

SHARE = (0.9, 0.1, 0.99, 0.01)
#: Of each number of inputs and results: a kernel, its scalars, and how many arrays it reads and writes.
KERNELS = {
    "one to one": (activations.sigmoid_kernel, (), 1, 1),
    "one to one, with scalars": (activations.logistic_kernel, (2.0, 3.0, 0.5), 1, 1),
    "two to one": (activations.tanh_vjp_kernel, (), 2, 1),
    "three to one": (binary_losses.binary_logits_vjp_kernel, (), 3, 1),
    "three to two": (optimizers.roll, (0.1, 0.9, True), 3, 2),
    "four to three": (adaptive_optimizers.adam_kernel, (SHARE, 0.1, (0.5, 0.25), 0.001), 4, 3),
}
#: What a number is that nobody wrote.
UNTOUCHED = 12345


def chunk_of(inputs: int, dtype: type) -> int:
    """How many numbers a block takes at a time."""
    return THREADS * pieces_of(inputs) * (VECTOR_BYTES // np.dtype(dtype).itemsize)


def scalars_of(scalars: Any, dtype: type) -> Any:
    """Numbers of a dtype, in tuples where they are in tuples."""
    if isinstance(scalars, tuple):
        return tuple(scalars_of(scalar, dtype) for scalar in scalars)
    return scalars if isinstance(scalars, bool) else dtype(scalars)


def computed(name: str, arrays: list[np.ndarray], dtype: type, begins: list[int]) -> list[np.ndarray]:
    """What a kernel makes of arrays that begin so many numbers behind a multiple of 16 bytes, and so do its results."""
    compiled, scalars, inputs, count = KERNELS[name]
    size = arrays[0].size
    given = [
        to_device(np.concatenate([np.full(begin, np.nan, dtype), array]))[begin:]
        for array, begin in zip(arrays, begins[:inputs], strict=True)
    ]
    targets = [to_device(np.full(size + begin + 1, UNTOUCHED, dtype)) for begin in begins[inputs:]]
    parts = [target[begin : begin + size] for target, begin in zip(targets, begins[inputs:], strict=True)]
    launch_over_numbers(compiled, tuple(given), scalars_of(scalars, dtype), *parts)
    assert len(targets) == count
    for target, begin in zip(targets, begins[inputs:], strict=True):
        around = np.delete(target.copy_to_host(), np.s_[begin : begin + size])
        assert (around == UNTOUCHED).all()
    return [part.copy_to_host() for part in parts]


@pytest.mark.parametrize("name", KERNELS)
def test_bits_do_not_depend_on_the_place(name: str, dtype: type, numbers: Arrays) -> None:
    _, _, inputs, count = KERNELS[name]
    chunk, together = chunk_of(inputs, dtype), inputs + count
    arrays = [np.abs(numbers(2 * chunk + 1)) for _ in range(inputs)]
    expected = [
        [part.item() for part in computed(name, [array[place : place + 1] for array in arrays], dtype, [0] * together)]
        for place in range(arrays[0].size)
    ]
    for size in (1, chunk - 1, chunk, chunk + 1, 2 * chunk + 1):
        some = [array[:size] for array in arrays]
        shifted = [[place == one for place in range(together)] for one in range(together)]
        for begins in ([0] * together, [1] * together, *shifted):
            results = computed(name, some, dtype, list(map(int, begins)))
            assert np.column_stack(results).tolist() == expected[:size], (size, begins)


@pytest.mark.skipif(not SIMULATED, reason="looks into the kernels")
@pytest.mark.parametrize("name", KERNELS)
def test_whole_chunks_are_moved_in_pieces(
    name: str, dtype: type, numbers: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, inputs, count = KERNELS[name]
    chunk, moved, move = chunk_of(inputs, dtype), [], elementwise.move_vector
    monkeypatch.setattr(elementwise, "move_vector", lambda *pieces: moved.append(move(*pieces)))
    for size, chunks in ((chunk - 1, 0), (chunk, 1), (3 * chunk - 1, 2)):
        moved.clear()
        computed(name, [np.abs(numbers(size)) for _ in range(inputs)], dtype, [0] * (inputs + count))
        assert len(moved) == chunks * THREADS * pieces_of(inputs) * (inputs + count)


@pytest.mark.parametrize("units", [1, 2, 3, 4, 6, 8, 12, 16, 20, 64])
def test_each_number_gets_the_bias_of_its_column(units: int, dtype: type, integers: Arrays) -> None:
    for rows in (1, 3, 5, 2 * chunk_of(1, dtype) // units + 1):
        for begins in ((0, 0), (1, 0), (0, 1)):
            sums, bias = integers(rows, units), integers(units)
            given = [
                to_device(np.concatenate([np.zeros(begin, dtype), array.reshape(-1)]))[begin:].reshape(*array.shape)
                for begin, array in zip(begins, (sums, bias), strict=True)
            ]
            assert np.array_equal(finished(*given, "relu").copy_to_host(), np.maximum(sums + bias, 0))
