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
from fast.cuda.stand_ins import limits_of, stand_in
from reference.errors import InvalidArgument
from tests.fast.drawn import Call, arrays, bits, drawn_calls, functions_of, spoilt

#: All of them, in whatever rooms there are.
OPERATIONS = functions_of(cuda)
#: The most integers that a call on device arrays copies to the host at once: how far a training came.
FEW = 2
#: What a training copies to the device: how far it came so far, the learning rate of each epoch, zeros to start from.
TRAININGS = {"multiclass_perceptron_train", "perceptron_sgd", "rosenblatt_train"}


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
def copies() -> Iterator[tuple[list[Any], list[Any]]]:
    """Collect the device arrays that are copied to the host inside the block, and what is copied to the device."""
    down: list[Any] = []
    up: list[Any] = []
    kind = type(device.cuda.to_device(np.ones(1)))
    copy_down, copy_up = kind.copy_to_host, device.cuda.to_device

    def note_down(array: Any, *arguments: Any, **named: Any) -> Any:
        down.append(array)
        return copy_down(array, *arguments, **named)

    def note_up(array: Any, *arguments: Any, **named: Any) -> Any:
        up.append(array)
        return copy_up(array, *arguments, **named)

    with patch.object(kind, "copy_to_host", note_down), patch.object(device.cuda, "to_device", note_up):
        yield down, up


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_same_bits_as_of_numpy_arrays(name: str, dtype: type) -> None:
    for call in drawn_calls(cuda, name, dtype, 4):
        wanted, given = call.run(), there(call)
        before = on_host(tuple(device_arrays_of(given)))
        came = given.run()
        assert all(map(is_on_device, leaves(came)))
        assert bits(on_host(came)) == bits(wanted)
        assert type(came) is type(wanted) or not isinstance(wanted, tuple)
        assert bits(on_host(tuple(device_arrays_of(given)))) == bits(before)


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_goes_through_the_host(name: str, dtype: type) -> None:
    for call in drawn_calls(cuda, name, dtype, 4):
        given = there(call)
        with copies() as (down, up):
            given.run()
        assert all(array.dtype == np.int64 and array.size <= FEW for array in down)
        assert not any(is_one_of(array, device_arrays_of(given)) for array in down)
        assert all(array.size <= FEW for array in up) or name in TRAININGS


def is_one_of(array: Any, others: list[Any]) -> bool:
    """Whether an array has the memory of one of the others."""
    return any(address(array) == address(other) for other in others)


def address(array: Any) -> Any:
    """Where an array on the device, or in the simulator, begins."""
    interface = "__array_interface__" if device.SIMULATED else "__cuda_array_interface__"
    return getattr(array, interface)["data"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_results_have_memory_of_their_own(name: str) -> None:
    given = there(drawn_calls(cuda, name, np.float32)[0])
    results = [leaf for leaf in leaves(given.run()) if leaf.size]
    assert len({address(result) for result in results}) == len(results)
    assert not any(is_one_of(result, device_arrays_of(given)) for result in results)


def device_arrays_of(call: Call) -> list[Any]:
    """The arrays on the device among a call's arguments."""
    return [value for value in leaves(tuple(call.arguments.values())) if is_on_device(value)]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_array_that_is_not_contiguous_is_named(name: str) -> None:
    call = max(drawn_calls(cuda, name, np.float32, 6), key=lambda call: call.size)
    data, _ = call.operation.split(call.arguments)
    long = {argument: value for argument, value in data.items() if any(array.size > 1 for array in arrays(value))}
    assert long
    for argument, value in long.items():
        with pytest.raises(InvalidArgument) as caught:
            there(call).run(**{argument: map_arrays(every_other_entry, value)})
        assert caught.value.argument.split("[")[0] == argument
        assert "C-contiguous" in caught.value.wanted
        assert "strides" in caught.value.got


def every_other_entry(array: np.ndarray) -> Any:
    """An array on the device with room between its entries."""
    twice = device.cuda.to_device(np.zeros((*array.shape, 2), array.dtype))
    return twice[(..., 0)] if device.SIMULATED else twice[(*(slice(None),) * array.ndim, 0)]


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


def test_learning_rates_may_be_on_either_side() -> None:
    features, labels, rates = np.array([[1.0, 2], [2, 1], [3, 3]]), np.array([1, -1, 1]), np.array([1.0, 2, 0.5])
    wanted = cuda.perceptron_sgd(features, labels, epochs=3, learning_rate=rates)
    given = on_device((features, labels))
    for some in (rates, on_device(rates), rates.tolist()):
        assert bits(on_host(cuda.perceptron_sgd(*given, epochs=3, learning_rate=some))) == bits(wanted)


def test_a_number_need_not_be_an_array() -> None:
    slope = cuda.empirical_loss_vjp(on_device(np.ones(4, np.float32)), np.float32(2))
    assert on_host(slope).tolist() == [0.5] * 4


@pytest.mark.parametrize("number", [77, -1, 0.5])
def test_the_same_numbers_are_refused_in_the_same_words(number: float) -> None:
    """Of every argument in turn, in its last place."""
    refused: dict[str, set[str]] = {}
    for name in OPERATIONS:
        for call in drawn_calls(cuda, name, np.float32, 3):
            data, _ = call.operation.split(call.arguments)
            for argument in (argument for argument, value in data.items() if arrays(value)):
                changed = {argument: map_arrays(lambda array: with_last(array, number), data[argument])}
                said = [refusal(call, changed), refusal(there(call), on_device(changed))]
                assert said[0] == said[1]
                if said[0]:
                    refused.setdefault(name, set()).add(argument)
    assert refused == LOOKED_AT or number != 77


#: The arguments whose numbers are looked at, and which 77 is no number for.
LOOKED_AT = {
    "confusion_matrix": {"predictions", "labels"},
    "convolutional_backpropagation": {"mask"},
    "dropout": {"mask"},
    "dropout_vjp": {"mask"},
    "hinge_loss": {"labels"},
    "hinge_loss_vjp": {"labels"},
    "mcculloch_pitts": {"inputs", "connections"},
    "multiclass_perceptron_train": {"labels"},
    "nearest_neighbors": {"labels"},
    "negative_log_likelihood": {"labels"},
    "negative_log_likelihood_vjp": {"labels"},
    "one_hot": {"indices"},
    "perceptron_sgd": {"labels"},
    "rosenblatt_train": {"inputs", "labels"},
    "sparse_softmax_cross_entropy_with_logits": {"labels"},
    "sparse_softmax_cross_entropy_with_logits_vjp": {"labels"},
}


def with_last(array: np.ndarray, number: float) -> np.ndarray:
    """An array with another number at the end, as far as the dtype has it."""
    changed = array.copy()
    changed.flat[-1] = number
    return changed


def refusal(call: Call, changed: dict[str, Any]) -> str:
    """What is wrong with a call, if anything is."""
    try:
        call.run(**changed)
    except InvalidArgument as error:
        return str(error)
    return ""


def test_nothing_is_computed_of_a_stand_in() -> None:
    shown = stand_in(device.cuda.to_device(np.ones((2, 3), np.float32)))
    assert shown.reshape(3, -1).on_device.shape == (3, 2)
    for compute in (lambda: shown + 1, lambda: shown < 0, lambda: np.hstack([shown, shown]), shown.sum, shown.any):
        with pytest.raises(TypeError, match="computed with in kernels"):
            compute()
    for made in (shown.T, shown[:1], shown.copy()):
        with pytest.raises(TypeError, match="made by NumPy"):
            device.to_device(made)
    assert np.isnan(np.asarray(shown)).all()


@pytest.mark.parametrize(("kind", "number"), [("i1", -128), ("i8", -(2**63)), ("u1", 255), ("u8", 2**64 - 1)])
def test_the_number_of_a_stand_in_is_in_no_range(kind: str, number: int) -> None:
    assert np.asarray(stand_in(device.cuda.to_device(np.ones(1, kind)))).tolist() == [number]


NUMBERS = [0, 1, 2, 4, 5, 127, 128, 255, -1, -2, -128, 0.5, -0.5, 2**24 + 2, 2**24 + 4, np.inf, -np.inf, np.nan, 2**63]
RANGES = [range(1), range(2), range(5), range(-1, 2), range(-1, 2, 2), range(128), range(256), range(2**24 + 4)]


@pytest.mark.parametrize("kind", ["bool", "i1", "u1", "i8", "u8", "f4", "f8"])
def test_the_device_looks_at_numbers_as_python_does(kind: str) -> None:
    exact = [number for number in NUMBERS if np.isfinite(number) and can_hold(kind, number)]
    numbers = np.array(exact + ([np.inf, -np.inf, np.nan] if kind[0] == "f" else []), kind)
    for allowed in RANGES:
        for place in range(numbers.size):
            number = numbers[place : place + 1]
            found = stand_in(device.cuda.to_device(number)).outside(allowed)
            inside = number[0] in exact and int(number[0]) == number[0] and int(number[0]) in allowed
            assert bits(found) == bits(number[:0] if inside else number), (number, allowed)


@pytest.mark.parametrize("length", [1, 4, 11])
def test_the_first_wrong_number_is_found_in_every_place(length: int) -> None:
    """Also where threads look at several, and where several are wrong."""
    for place in range(length):
        values = np.arange(length)
        values[place:] += 100
        assert stand_in(device.cuda.to_device(values)).outside(range(length)).tolist() == [place + 100]
    assert stand_in(device.cuda.to_device(np.arange(length))).outside(range(length)).tolist() == []


def can_hold(kind: str, number: float) -> bool:
    """Whether a dtype has a number."""
    if kind[0] == "f":
        return np.array(number, kind).item() == number
    limits = (0, 1) if kind == "bool" else (np.iinfo(kind).min, np.iinfo(kind).max)
    return number == int(number) and limits[0] <= number <= limits[1]


@pytest.mark.parametrize("to", ["i1", "i8", "f4", "f8"])
@pytest.mark.parametrize("kind", ["bool", "i1", "u1", "i8", "f4", "f8"])
def test_a_stand_in_in_another_dtype(kind: str, to: str) -> None:
    values = np.array([[0, 1, 1], [1, 0, 1]], kind)
    converted = stand_in(device.cuda.to_device(values)).astype(np.dtype(to))
    assert (converted.shape, converted.dtype) == (values.shape, np.dtype(to))
    assert bits(device.to_device(converted).copy_to_host()) == bits(values.astype(to))


@pytest.mark.parametrize(("past", "largest"), [(70_000, 65_504), (2050, 2048), (2049, 2048)])
def test_the_largest_number_of_a_range_that_float16_has(past: int, largest: int) -> None:
    with np.errstate(all="raise"):
        assert limits_of(np.dtype(np.float16), range(past)) == (0, largest)
