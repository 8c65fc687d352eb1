"""What the CUDA path does besides computing: to its inputs, twice in a row, to shared memory, with bad input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance.operations import operations
from fast import cuda
from fast.cuda.device import SIMULATED
from reference.errors import InvalidArgument
from tests.fast.cuda.launches import Launch, in_tf32, kernels, launches_of_drawn_calls, recorded
from tests.fast.drawn import LAYOUTS, Call, arrays, bits, drawn_calls, functions_of, spoilt

OPERATIONS = functions_of(cuda)
#: Dense layers (examples, features, units) that between them take three strips or more of every tile of every product.
LONG = [(20, 20, 20), (20, 20, 2), (20, 2, 20), (4, 20, 4), (4, 4, 20), (40, 4, 4)]
#: The same by tensor cores, which have one tile.
LONG_IN_TF32 = (17, 20), (20, 33), (33,)
#: The same of networks: examples, and hidden units.
LONG_NETWORKS = [(20, 20), (20, 2), (4, 4)]
#: Launches of each kernel whose memory is watched: its largest ones that have no more numbers than that.
LOOKED_AT, MOST_NUMBERS = 3, 2000


def test_every_operation_is_one_of_the_suites() -> None:
    """Otherwise no call of it could be drawn, and it would be left out below."""
    assert OPERATIONS.keys() <= operations().keys()


@pytest.mark.parametrize("name", OPERATIONS)
def test_any_layout_gives_the_same_bits_and_inputs_stay_as_they_were(name: str, dtype: type) -> None:
    for call in drawn_calls(cuda, name, dtype, 4):
        expected = bits(call.run())
        for layout in LAYOUTS:
            rearranged = call.rearranged(layout)
            before = given_bits(rearranged)
            assert bits(rearranged.run()) == expected, layout.__name__
            assert given_bits(rearranged) == before, layout.__name__


@pytest.mark.parametrize("name", OPERATIONS)
def test_results_are_fresh_and_can_be_written(name: str, dtype: type) -> None:
    call = drawn_calls(cuda, name, dtype)[0]
    first, second = call.run(), call.run()
    for one, other in zip(arrays(first), arrays(second), strict=True):
        assert not np.shares_memory(one, other)
        assert not any(np.shares_memory(one, given) for given in arrays(tuple(call.arguments.values())))
        assert one.ndim == 0 or one.flags.writeable


def given_bits(call: Call) -> Any:
    """What the arrays among a call's arguments hold."""
    return bits(tuple(call.arguments.values()))


@pytest.fixture(scope="module")
def launches() -> list[Launch]:
    """What is launched for calls of all operations."""
    return launches_of_drawn_calls(np.float32, 12)


def test_every_kernel_is_launched(launches: list[Launch]) -> None:
    assert {launch.kernel for launch in launches} == kernels().keys()


@pytest.mark.skipif(not SIMULATED, reason="on a GPU, memory is watched by compute-sanitizer")
def test_no_race(launches: list[Launch]) -> None:
    """Every kernel, in a launch whose threads meet more than once where they do so in a loop; and without shuffles."""
    from tests.fast.cuda.races import Watch, watched

    def look(launch: Launch) -> Watch:
        with watched() as watch:
            launch.run()
        return watch

    with recorded() as more:
        for examples, features, units in LONG:
            layer = np.ones((examples, features)), np.ones((features, units)), np.ones(units)
            cuda.dense_vjp(*layer, cuda.dense(*layer))
        for examples, units in LONG_NETWORKS:
            layers = (np.ones((20, units)), np.ones((units, 20))), (np.ones(units), np.ones(20))
            cuda.backpropagation(np.ones((examples, 20)), *layers, np.ones((examples, 20)))
        with in_tf32():
            inputs, weights, bias = (np.ones(shape, np.float32) for shape in LONG_IN_TF32)
            cuda.dense_vjp(inputs, weights, bias, cuda.dense(inputs, weights, bias))
            cuda.matrix_product(inputs, weights)
        # A row of so many numbers is shared.
        cuda.cross_entropy(np.ones((4, 40)), np.ones((4, 40)))
    meetings = Counter[str]()
    for kernel in kernels():
        for launch in largest_of(launches + more, kernel):
            for watch in (look(launch), look(launch.without_shuffles())):
                assert not watch.races(), kernel
                meetings[kernel] = max(meetings[kernel], watch.meetings)
    assert all(meetings[launch.kernel] for launch in launches if launch.shares_memory)
    assert all(meetings[kernel] > 2 for kernel in kernels() if kernel.startswith("matrix_product.product"))


def largest_of(launches: list[Launch], kernel: str) -> list[Launch]:
    """The largest of one kernel that can be looked at."""
    return sorted((launch for launch in launches if launch.kernel == kernel), key=size_of)[-LOOKED_AT:]


def size_of(launch: Launch) -> int:
    """How many numbers a launch works on, if they are few enough to look at each."""
    return launch.size if launch.size < MOST_NUMBERS else 0


def test_overflow_passes_without_a_warning(dtype: type) -> None:
    largest = np.full((1, 2), np.finfo(dtype).max, dtype)
    assert cuda.dense(largest, largest.T, np.zeros(1, dtype)) == np.inf


ONE, ROW, SQUARE = np.ones(1), np.ones((1, 2)), np.ones((2, 2))
IMAGE, KERNEL = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
BAD_CALLS: list[tuple[str, Callable[[], Any]]] = [
    ("inputs", lambda: cuda.dense(SQUARE.tolist(), SQUARE, np.ones(2))),
    ("inputs", lambda: cuda.dense(SQUARE.astype(np.int64), SQUARE, np.ones(2))),
    ("weights", lambda: cuda.dense(SQUARE, np.ones((3, 2)), np.ones(2))),
    ("weights", lambda: cuda.dense(SQUARE, SQUARE.astype(np.float32), np.ones(2))),
    ("bias", lambda: cuda.dense(SQUARE, SQUARE, np.ones(3))),
    ("cotangent", lambda: cuda.dense_vjp(SQUARE, SQUARE, np.ones(2), np.ones((3, 2)))),
    ("z", lambda: cuda.relu(np.ones((0, 2)))),
    ("z", lambda: cuda.softmax(np.float64(1))),
    ("cotangent", lambda: cuda.tanh_vjp(SQUARE, ROW)),
    ("labels", lambda: cuda.cross_entropy(SQUARE, ROW)),
    ("labels", lambda: cuda.softmax_cross_entropy_with_logits(SQUARE, ROW)),
    ("cotangent", lambda: cuda.softmax_cross_entropy_with_logits_vjp(SQUARE, SQUARE, ONE)),
    ("images", lambda: cuda.conv2d(SQUARE, KERNEL)),
    ("filters", lambda: cuda.conv2d(IMAGE, np.ones((4, 1, 1, 1)))),
    ("filters", lambda: cuda.conv2d(IMAGE, np.ones((2, 2, 2, 1)))),
    ("strides", lambda: cuda.conv2d(IMAGE, KERNEL, strides=0)),
    ("padding", lambda: cuda.conv2d(IMAGE, KERNEL, padding="full")),
    ("cotangent", lambda: cuda.conv2d_vjp(IMAGE, KERNEL, IMAGE)),
    ("pool_size", lambda: cuda.max_pool2d(IMAGE, pool_size=4)),
    ("pool_size", lambda: cuda.max_pool2d(IMAGE, pool_size=(2, 0))),
    ("cotangent", lambda: cuda.max_pool2d_vjp(IMAGE, IMAGE)),
    ("labels", lambda: cuda.perceptron_sgd(SQUARE, np.array([1, 2]), epochs=1)),
    ("labels", lambda: cuda.perceptron_sgd(SQUARE, np.array([1]), epochs=1)),
    ("epochs", lambda: cuda.perceptron_sgd(SQUARE, np.array([1, -1]), epochs=0)),
    ("learning_rate", lambda: cuda.perceptron_sgd(SQUARE, np.array([1, -1]), epochs=2, learning_rate=[1])),
    ("initial_weights", lambda: cuda.perceptron_sgd(SQUARE, np.array([1, -1]), epochs=1, initial_weights=ONE)),
    ("weights", lambda: cuda.perceptron_predict(SQUARE, np.ones(2))),
    ("weights", lambda: cuda.forward_pass(SQUARE, [SQUARE], (np.ones(2),))),
    ("biases", lambda: cuda.forward_pass(SQUARE, (SQUARE,), (np.ones(2), np.ones(2)))),
    ("weights[1]", lambda: cuda.forward_pass(SQUARE, (SQUARE, np.ones((3, 2))), (np.ones(2), np.ones(2)))),
    ("biases[1]", lambda: cuda.forward_pass(SQUARE, (SQUARE, SQUARE), (np.ones(2), ONE))),
    ("labels", lambda: cuda.backpropagation(SQUARE, (SQUARE,), (np.ones(2),), ROW)),
]


@pytest.mark.parametrize("name", OPERATIONS)
def test_bad_arguments_are_named(name: str) -> None:
    call = drawn_calls(cuda, name, np.float32)[0]
    for argument, changes in spoilt(call):
        with pytest.raises(InvalidArgument) as caught:
            call.run(**changes)
        assert caught.value.argument.split("[")[0] == argument


@pytest.mark.parametrize(("argument", "call"), BAD_CALLS)
def test_bad_input_is_named(argument: str, call: Callable[[], Any]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument == argument
