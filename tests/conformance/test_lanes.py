"""Lanes against one number after the other: the same text, read in both ways, must say the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from conformance.arrays import as_lists, flatten_result
from conformance.comparison import expected
from conformance.lanes.bounded import Bounded
from conformance.lanes.exact import exact_results
from conformance.lanes.rounded import RoundedLanes, TooLarge, bounded_results, numbers_of
from conformance.lanes.together import bounds_together
from conformance.lanes.wide import is_wide_enough
from conformance.operations import operations
from conformance.sampling import sample_calls
from conformance.sweeping import is_exact
from reference.arrays import flatten
from reference.errors import Undecidable
from reference.numbers import Arithmetic, Rounded

IN_LANES = [name for name, operation in operations().items() if operation.case.axes]
CALLS = 12
#: Calls among which some have rows of the same length.
MANY_CALLS = 60


def test_most_operations_can_be_read_in_lanes() -> None:
    assert {"conv2d", "conv2d_vjp", "max_pool2d_vjp", "dense", "softmax", "forward_pass"} <= set(IN_LANES)
    assert {"conv2d", "conv2d_vjp", "max_pool2d_vjp", "dense", "relu_vjp"} <= set(filter(_is_exact, IN_LANES))
    assert not set(filter(_is_exact, operations())) & {"softmax", "sigmoid", "forward_pass", "perceptron_sgd"}


def _is_exact(name: str) -> bool:
    return is_exact(operations()[name])


@pytest.mark.parametrize("name", list(filter(_is_exact, IN_LANES)))
def test_integers_in_lanes_are_what_integers_are(name: str) -> None:
    operation, decided, calls = operations()[name], 0, CALLS
    for arguments in sample_calls(operation, "float64", CALLS, values="swept"):
        data, hyperparameters = operation.split(arguments)
        lists = [as_lists(value, int) for value in data.values()]
        wanted = [part for _, part in flatten_result(operation.reference(*lists, **hyperparameters))]
        try:
            came, largest = exact_results(
                operation.reference, operation.case.axes, list(data.values()), hyperparameters
            )
        except Undecidable:
            continue
        except TypeError:  # of a choice that makes an exponential of integers
            calls -= 1
            continue
        decided += 1
        parts = [part for _, part in flatten_result(came)]
        assert [part.values.tolist() for part in parts] == wanted
        assert largest >= max(abs(number) for part in wanted for number in flatten(part))
    assert decided > calls // 2


def read_in_both_ways(name: str, dtype: str, values: str) -> list[tuple[Bounded, list[Rounded]]]:
    operation, arithmetic, both = operations()[name], Arithmetic(dtype), []
    for arguments in sample_calls(operation, dtype, CALLS, values=values):
        data, hyperparameters = operation.split(arguments)
        wanted = flatten_result(expected(operation, arguments, arithmetic))
        try:
            came = bounded_results(
                operation.reference, operation.case.axes, list(data.values()), hyperparameters, arithmetic
            )
        except TooLarge:
            continue
        for (_, numbers), (_, part) in zip(wanted, flatten_result(came), strict=True):
            both.append((part, [n if isinstance(n, Rounded) else Rounded(n, arithmetic) for n in flatten(numbers)]))
    return both


@pytest.mark.parametrize("values", ["rounding", "lattice", "moderate"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", IN_LANES)
def test_bounds_in_lanes_are_never_tighter(name: str, dtype: str, values: str) -> None:
    both = read_in_both_ways(name, dtype, values)
    assert both
    for part, numbers in both:
        errors, undecided = (np.broadcast_to(each, part.shape).ravel() for each in (part.errors, part.undecided))
        for error, open_, number in zip(errors.tolist(), undecided.tolist(), numbers, strict=True):
            assert open_ == bool(number.undecided)
            assert error >= number.error


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_choice_that_is_known_takes_nothing_from_the_other_number(dtype: str) -> None:
    """p - 1 in one place, p in the others: where p is tiny, its error is, too, as whoever has read them all says."""
    for part, numbers in read_in_both_ways("sparse_softmax_cross_entropy_with_logits_vjp", dtype, "rounding"):
        errors = np.broadcast_to(part.errors, part.shape).ravel().tolist()
        assert all(error <= 2 * number.error for error, number in zip(errors, numbers, strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("average_pool2d", "lattice"),
        ("mean_squared_error", "lattice"),
        ("empirical_loss_vjp", "lattice"),
        ("leaky_relu", "rounding"),
        ("gradient_descent", "rounding"),
    ],
)
def test_lanes_are_exact_where_the_format_holds_what_comes(name: str, values: str, dtype: str) -> None:
    exact = 0
    for part, numbers in read_in_both_ways(name, dtype, values):
        errors = np.broadcast_to(part.errors, part.shape).ravel().tolist()
        assert all(error == 0 for error, number in zip(errors, numbers, strict=True) if number.error == 0)
        exact += sum(number.error == 0 != number.value for number in numbers)
    assert exact


@pytest.mark.parametrize("name", IN_LANES)
def test_values_in_lanes_are_those_of_rounded_numbers(name: str) -> None:
    for part, numbers in read_in_both_ways(name, "float32", "rounding"):
        errors = np.broadcast_to(part.errors, part.shape).ravel().tolist()
        for value, error, number in zip(part.values.ravel().tolist(), errors, numbers, strict=True):
            # The value's own error is at most 2⁻²⁹ of the bound, and more for elementary functions.
            assert number.undecided or number.distance(value) <= error * 2.0**-20


@pytest.mark.parametrize("values", ["rounding", "swept"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_calls_read_together_say_what_each_says_alone(dtype: str, values: str) -> None:
    arithmetic, read_together = Arithmetic(dtype), Counter[str]()
    for name in IN_LANES:
        operation = operations()[name]
        reference, axes = operation.reference, operation.case.axes
        calls = [operation.split(each) for each in sample_calls(operation, dtype, MANY_CALLS, values=values)]
        given = [(list(data.values()), rates) for data, rates in calls]
        for place, bounds in bounds_together(reference, axes, given, arithmetic).items():
            alone = bounded_results(reference, axes, *given[place], arithmetic)
            for (_, part), (_, own) in zip(flatten_result(bounds), flatten_result(alone), strict=True):
                for said in ("values", "errors", "undecided"):
                    assert np.array_equal(getattr(part, said), np.broadcast_to(getattr(own, said), own.shape)), name
            read_together[name] += 1
    assert {"relu_vjp", "softmax", "log_softmax_vjp", "softmax_cross_entropy_with_logits_vjp"} <= set(read_together)
    assert not set(read_together) & {"dense", "conv2d", "lstm"}, "weights are shared by all rows of a call, not of two"


def test_what_may_overflow_is_left_to_rounded_numbers() -> None:
    largest = np.full(4, 3e38, np.float32)
    make = numbers_of(Arithmetic("float32"))(largest)
    with pytest.raises(TooLarge):
        make(largest) + make(largest)


def test_a_sum_of_three_terms_is_open_though_its_beginning_is_exact() -> None:
    def lane(value: Any) -> RoundedLanes:
        return RoundedLanes(np.array([float(value)]), Arithmetic("float32"))

    # In the order given nothing is rounded; in another one something is.
    total = lane(2**-20) + lane(1) + lane(2**10)
    assert total.closed().error > 0
    assert (lane(2**10) - lane(1)).closed().error == 0


def test_this_machine_has_a_format_wide_enough() -> None:
    assert is_wide_enough("float32")
