"""What the CUDA path does besides computing: to its inputs, twice in a row, under bad scheduling, with bad input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fast import cuda
from fast.cuda.device import to_device
from fast.cuda.losses import mean_loss_on_device
from reference.errors import InvalidArgument

Arrays = Callable[..., np.ndarray]

#: Runs with a lowered switch interval. A race in the simulator's own shared.array shows in one run of 200 to 1700.
RUNS = 200


@pytest.fixture
def hasty_scheduler() -> Iterator[None]:
    """Let Python change threads as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def calls(array: Arrays) -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Every function with arguments for it, which cross a tile's edge where there are tiles."""
    one_hot = np.eye(2, dtype=array(1).dtype)[[0, 1, 1]]
    images, layer = array(1, 3, 5, 2), (array(3, 9), array(9, 2), array(2))
    network = (array(3, 2), (array(2, 3), array(3, 2)), (array(3), array(2)))
    return {
        "perceptron_sgd": (lambda *data: cuda.perceptron_sgd(*data, epochs=2), (array(4, 3), np.array([1, -1, 1, -1]))),
        "perceptron_predict": (cuda.perceptron_predict, (array(4, 3), array(4))),
        "dense": (cuda.dense, layer),
        "dense_vjp": (cuda.dense_vjp, (*layer, array(3, 2))),
        **{name: (getattr(cuda, name), (array(3, 4),)) for name in ("relu", "sigmoid", "tanh", "softmax")},
        "relu_vjp": (cuda.relu_vjp, (array(3, 4), array(3, 4))),
        "sigmoid_vjp": (cuda.sigmoid_vjp, (array(3, 4), array(3, 4))),
        "tanh_vjp": (cuda.tanh_vjp, (array(3, 4), array(3, 4))),
        "cross_entropy": (cuda.cross_entropy, (np.abs(array(3, 2)), one_hot)),
        "softmax_cross_entropy_with_logits": (cuda.softmax_cross_entropy_with_logits, (array(3, 2), one_hot)),
        "softmax_cross_entropy_with_logits_vjp": (
            cuda.softmax_cross_entropy_with_logits_vjp,
            (array(3, 2), one_hot, array(3)),
        ),
        "conv2d": (cuda.conv2d, (images, array(3, 2, 2, 1))),
        "conv2d_vjp": (cuda.conv2d_vjp, (images, array(3, 2, 2, 1), array(1, 1, 4, 1))),
        "max_pool2d": (cuda.max_pool2d, (images,)),
        "max_pool2d_vjp": (cuda.max_pool2d_vjp, (images, array(1, 1, 2, 2))),
        "forward_pass": (cuda.forward_pass, network),
        "backpropagation": (cuda.backpropagation, (*network, one_hot)),
    }


def test_every_operation_is_listed_here(numbers: Arrays) -> None:
    rooms = ("activations", "backpropagation", "convolution", "linear", "losses", "perceptron", "pooling")
    assert {name for room in rooms for name in sys.modules[f"fast.cuda.{room}"].__all__} == calls(numbers).keys()


def test_any_layout_gives_the_same_bits_and_inputs_stay_as_they_were(numbers: Arrays) -> None:
    for name, (operation, arguments) in calls(numbers).items():
        expected = bits(operation(*arguments))
        for layout in (spread_out, column_major, read_only):
            rearranged = arranged(arguments, layout)
            before = bits(rearranged)
            assert bits(operation(*rearranged)) == expected, f"{name}, {layout.__name__}"
            assert bits(rearranged) == before, f"{name}, {layout.__name__}"


def test_results_are_fresh_and_can_be_written(numbers: Arrays) -> None:
    for name, (operation, arguments) in calls(numbers).items():
        first, second = operation(*arguments), operation(*arguments)
        for one, other in zip(arrays(first), arrays(second), strict=True):
            assert not np.shares_memory(one, other), name
            assert not any(np.shares_memory(one, argument) for argument in arrays(arguments)), name
            assert isinstance(one, np.generic) or one.flags.writeable, name


@pytest.mark.usefixtures("hasty_scheduler")
@pytest.mark.parametrize("name", ["dense", "conv2d", "conv2d_vjp", "perceptron_sgd", "mean_loss"])
def test_no_race(name: str) -> None:
    """Every kernel with a barrier, in blocks that reach it more than once where there is a loop around it."""
    generator = np.random.default_rng(22)

    def array(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape).astype(np.float32)

    small = {
        "dense": (array(2, 9), array(9, 3), array(3)),
        "conv2d": (array(1, 3, 3, 1), array(3, 3, 1, 4)),
        "conv2d_vjp": (array(1, 3, 3, 1), array(2, 2, 1, 1), array(1, 2, 2, 1)),
        "perceptron_sgd": (array(3, 3), np.array([1, -1, 1])),
        "mean_loss": (array(3, 2), array(3, 2)),
    }
    operation, arguments = {**calls(array), "mean_loss": (mean_loss, ())}[name][0], small[name]
    expected = bits(operation(*arguments))
    for run in range(RUNS):
        assert bits(operation(*arguments)) == expected, f"run {run}"


def mean_loss(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The first half of `backpropagation`'s backward pass, whose mean is the one kernel with a barrier left."""
    return mean_loss_on_device(to_device(logits), to_device(labels)).copy_to_host()


def test_launches_leave_the_switch_interval_alone() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.003)
    try:
        before = sys.getswitchinterval()
        cuda.relu(np.ones(3))
        assert sys.getswitchinterval() == before
    finally:
        sys.setswitchinterval(interval)


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


@pytest.mark.parametrize(("argument", "call"), BAD_CALLS)
def test_bad_input_is_named(argument: str, call: Callable[[], Any]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument == argument


def arrays(value: Any) -> list[Any]:
    """All arrays in nested tuples."""
    return [array for part in value for array in arrays(part)] if isinstance(value, tuple) else [value]


def bits(value: Any) -> list[tuple[Any, ...]]:
    """What arrays hold, to be compared bit for bit."""
    return [(array.shape, array.dtype, array.tobytes()) for array in arrays(value)]


def arranged(value: Any, layout: Callable[[np.ndarray], np.ndarray]) -> Any:
    """The same arrays, laid out otherwise in memory."""
    return tuple(arranged(part, layout) for part in value) if isinstance(value, tuple) else layout(value)


def spread_out(array: np.ndarray) -> np.ndarray:
    """A view that skips every other number of a larger array, backwards."""
    spread = np.zeros([2 * length for length in array.shape], array.dtype)[tuple([slice(None, None, -2)] * array.ndim)]
    spread[...] = array
    return spread


def column_major(array: np.ndarray) -> np.ndarray:
    """Fortran's order."""
    return np.asfortranarray(array)


def read_only(array: np.ndarray) -> np.ndarray:
    """A copy that nobody may write to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy
