"""Making failing cases small: no length, choice or number is left that could be simpler."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.backend import LocalBackend
from conformance.checks.lattice_probes import sweep_integers
from conformance.checks.rounding_bound import explore_calls
from conformance.comparison import Nonconforming
from conformance.implementations import numpy as base
from conformance.operations import operations
from conformance.shrinking import _simpler
from conformance.subject import Subject
from reference.numbers import Arithmetic


def smallest_of(operation: str, function: Any, look: Any, dtype: str = "float32") -> dict[str, Any]:
    subject = Subject(operations()[operation], LocalBackend(function), Arithmetic(dtype), 200, 0)
    with pytest.raises(Nonconforming) as caught:
        look(subject)
    assert caught.value.arguments is not None
    return caught.value.arguments


def drawn(subject: Subject) -> Any:
    return explore_calls(subject, "rounding", 1.0)


@pytest.mark.parametrize("look", [sweep_integers, drawn])
def test_a_tail_of_a_tile_comes_down_to_the_tile_and_one(look: Any) -> None:
    def without_a_tail(inputs: Any, weights: Any, bias: Any) -> Any:
        whole = inputs.shape[1] // 16 * 16 or inputs.shape[1]
        return base.dense(inputs[:, :whole].copy(), weights[:whole].copy(), bias)

    arguments = smallest_of("dense", without_a_tail, look)
    assert arguments["inputs"].shape == (1, 17)
    assert arguments["weights"].shape == (17, 1)
    # One product is enough to miss.
    assert np.count_nonzero(arguments["inputs"]) <= 17


def test_seven_conditions_come_down_to_the_smallest_call_of_the_region() -> None:
    def unwritten(images: Any, filters: Any, *, strides: Any = 1, padding: str = "valid") -> Any:
        result = base.conv2d(images, filters, strides=strides, padding=padding).copy()
        rows, columns = strides if isinstance(strides, tuple) else (strides, strides)
        wide = filters.shape[1] >= 2 and columns >= 2 and rows == 1
        if len(images) >= 2 and images.shape[3] == 1 and result.shape[2] == 1 and wide:
            result[:, 1:] = 0
        return result

    arguments = smallest_of("conv2d", unwritten, sweep_integers)
    assert arguments["images"].shape[0] == 2
    assert arguments["images"].size * arguments["filters"].size <= 16
    assert arguments["filters"].shape[1] == 2


def test_needless_numbers_become_zero() -> None:
    def wrong_beyond_a_hundred(z: Any) -> Any:
        return np.where(z > 100, -z, np.maximum(z, 0))

    z = smallest_of("relu", wrong_beyond_a_hundred, drawn)["z"]
    assert z.shape == (1,)


def test_a_choice_among_a_great_many_is_made_simpler_at_once() -> None:
    assert list(_simpler([2**50], 0)) == [[0], [1], [2**49], [2**50 - 1]]
    assert list(_simpler([1], 0)) == [[0]]
    assert list(_simpler([0], 0)) == []
