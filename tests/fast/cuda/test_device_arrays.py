"""Device arrays in, device arrays out: the same bits as of NumPy arrays, and nothing through the host unasked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from conformance.arrays import map_arrays
from fast import cuda
from fast.cuda import device
from fast.cuda.device_arrays import is_on_device
from fast.cuda.stand_ins import stand_in
from reference.errors import InvalidArgument
from tests.fast.drawn import Call, arrays, bits, drawn_calls, functions_of, spoilt

#: What was wrapped, in whatever rooms there are.
OPERATIONS = {name: function for name, function in functions_of(cuda).items() if hasattr(function, "__wrapped__")}
#: How many right answers in a row, and how many steps: what a training that goes on in launches reads.
PROGRESS = 2


def on_device(value: Any) -> Any:
    """Arguments with all arrays on the device."""
    return map_arrays(device.cuda.to_device, value)


def leaves(value: Any) -> list[Any]:
    """Whatever is in nested tuples."""
    return [leaf for part in value for leaf in leaves(part)] if isinstance(value, tuple) else [value]


def on_host(value: Any) -> Any:
    """What device arrays in nested tuples hold."""
    return tuple(map(on_host, value)) if isinstance(value, tuple) else value.copy_to_host()


def there(call: Call) -> Call:
    """The same call with all arrays on the device."""
    return Call(call.operation, call.function, on_device(call.arguments))


@contextmanager
def copies_to_host() -> Iterator[list[Any]]:
    """Collect the device arrays that are copied to the host inside the block."""
    copied: list[Any] = []
    kind = type(device.cuda.to_device(np.ones(1)))
    copy = kind.copy_to_host

    def noted(array: Any, *arguments: Any, **named: Any) -> Any:
        copied.append(array)
        return copy(array, *arguments, **named)

    with patch.object(kind, "copy_to_host", noted):
        yield copied


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_same_bits_as_of_numpy_arrays(name: str, dtype: type) -> None:
    for call in drawn_calls(cuda, name, dtype, 4):
        wanted, given = call.run(), there(call)
        before = [array.copy_to_host() for array in leaves(tuple(given.arguments.values())) if is_on_device(array)]
        came = given.run()
        assert all(map(is_on_device, leaves(came)))
        assert bits(on_host(came)) == bits(wanted)
        assert type(came) is type(wanted) or not isinstance(wanted, tuple)
        after = [array.copy_to_host() for array in leaves(tuple(given.arguments.values())) if is_on_device(array)]
        assert bits(tuple(after)) == bits(tuple(before))


@pytest.mark.parametrize("name", OPERATIONS)
def test_one_array_on_the_host_is_named(name: str) -> None:
    call = drawn_calls(cuda, name, np.float32)[0]
    data, _ = call.operation.split(call.arguments)
    given = {argument: value for argument, value in data.items() if arrays(value)}
    for argument in given if len(given) > 1 else ():
        with pytest.raises(InvalidArgument) as caught:
            there(call).run(**{argument: call.arguments[argument]})
        assert caught.value.argument.split("[")[0] == argument
        assert "copied" in caught.value.wanted


@pytest.mark.parametrize("name", OPERATIONS)
def test_bad_arguments_on_the_device_are_named(name: str) -> None:
    call = drawn_calls(cuda, name, np.float32)[0]
    for argument, changes in spoilt(call):
        with pytest.raises(InvalidArgument) as caught:
            there(call).run(**on_device(changes))
        assert caught.value.argument.split("[")[0] == argument


def test_nothing_is_computed_of_a_stand_in() -> None:
    shown = stand_in(device.cuda.to_device(np.ones((2, 3), np.float32)))
    assert shown.reshape(3, -1).array.shape == (3, 2)
    for compute in (lambda: shown + 1, lambda: shown < 0, lambda: np.hstack([shown, shown]), shown.sum, shown.any):
        with pytest.raises(TypeError, match="computed with in kernels"):
            compute()
    for made in (shown.T, shown[:1], shown.astype(np.float64), shown.copy()):
        with pytest.raises(TypeError, match="made by NumPy"):
            device.to_device(made)
    assert np.isnan(np.asarray(shown)).all()


@pytest.mark.parametrize(("kind", "number"), [("i1", -128), ("i8", -(2**63)), ("u1", 255), ("u8", 2**64 - 1)])
def test_the_number_of_a_stand_in_is_in_no_range(kind: str, number: int) -> None:
    assert np.asarray(stand_in(device.cuda.to_device(np.ones(1, kind)))).tolist() == [number]
