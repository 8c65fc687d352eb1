"""What the tests of the CUDA path share: inputs, the reference over arrays, and comparison without a tolerance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import reference


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> type:
    """Both dtypes that the kernels compute in."""
    return request.param


@pytest.fixture
def integers(dtype: type) -> Callable[..., np.ndarray]:
    """Arrays of small integers, which every order of summation adds up to the same bits."""
    generator = np.random.default_rng(20)
    return lambda *shape: generator.integers(-4, 5, shape).astype(dtype)


@pytest.fixture
def numbers(dtype: type) -> Callable[..., np.ndarray]:
    """Arrays of numbers that have to be rounded."""
    generator = np.random.default_rng(21)
    return lambda *shape: generator.standard_normal(shape).astype(dtype)


def nested(value: Any) -> Any:
    """Arrays as the reference takes them: nested lists, in tuples where they are in tuples."""
    if isinstance(value, tuple):
        return tuple(map(nested, value))
    return value.tolist() if isinstance(value, np.ndarray) else value


def flat(value: Any) -> list[Any]:
    """All arrays of a result, one after the other."""
    if isinstance(value, tuple):
        return [array for part in value for array in flat(part)]
    return [value]


def same_numbers(results: Any, expected: Any, dtype: type) -> bool:
    """Whether arrays and nested lists have the same shapes and the same numbers, NaN where the other has NaN."""
    for result, wanted in zip(flat(results), flat(expected), strict=True):
        if np.asarray(result).dtype not in (dtype, np.int64):
            return False
        if not np.array_equal(result, np.asarray(wanted, dtype), equal_nan=True):
            return False
    return True


@pytest.fixture
def as_the_reference(dtype: type) -> Callable[..., None]:
    """A function that runs an operation here and in the reference, and compares every number exactly."""

    def compare(operation: Callable[..., Any], *arguments: Any, **hyperparameters: Any) -> None:
        settings = {name: nested(value) for name, value in hyperparameters.items()}
        expected = getattr(reference, operation.__name__)(*nested(arguments), **settings)
        assert same_numbers(operation(*arguments, **hyperparameters), expected, dtype)

    return compare
