"""The CUDA path against the reference: exactly on integers, within bounds derived from the reference elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import reference
from conformance.comparison import compare, expected
from fast import cuda
from reference.errors import Undecidable
from reference.numbers import Arithmetic, Rounded
from tests.fast.cuda.launches import recorded
from tests.fast.drawn import drawn_calls, functions_of

Arrays = Callable[..., np.ndarray]
Compare = Callable[..., None]

# The simulator's tiles of float32 are of 8 x 8 outputs, 8 x 4 and 4 x 4, its strips 8 deep, its slices 16 or more.
DENSE_SHAPES = [
    (1, 1, 1),
    (4, 8, 4),
    (5, 9, 3),
    (3, 17, 5),
    (2, 65, 2),
    (9, 4, 9),
    (17, 12, 10),
    (10, 16, 20),
    (33, 8, 4),
]
# Images [N, H, W, C], filters [KH, KW, C, F], strides.
CONVOLUTIONS = [
    ((1, 1, 1, 1), (1, 1, 1, 1), 1),
    ((1, 5, 5, 2), (2, 2, 2, 3), 1),
    ((2, 5, 4, 1), (3, 2, 1, 5), (2, 1)),
    ((1, 7, 6, 3), (2, 3, 3, 2), (3, 2)),
    ((1, 9, 9, 1), (1, 2, 1, 1), 1),
    ((1, 4, 5, 1), (2, 1, 1, 2), (3, 4)),
    ((2, 6, 5, 4), (3, 2, 4, 4), 1),
    ((3, 5, 6, 4), (2, 2, 4, 9), (2, 1)),
]
# Images, window, strides.
POOLINGS = [
    ((1, 4, 4, 1), 2, None),
    ((2, 5, 6, 3), (2, 3), (1, 2)),
    ((1, 7, 5, 2), 3, 2),
    ((1, 6, 7, 1), (1, 2), (3, 1)),
]
#: Of float32 and float64: to be flushed to zero by nobody.
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 1000.0, -1000.0, 3e38, -3e38, 1.5, -1.5]


@pytest.mark.parametrize("values", ["moderate", "lattice"])
@pytest.mark.parametrize("name", functions_of(cuda))
def test_drawn_calls_within_bounds(dtype: type, name: str, values: str) -> None:
    """Every operation, whatever rooms there are; on the lattice, most must be exact."""
    arithmetic = claimed(np.dtype(dtype).name)
    compared = 0
    for call in drawn_calls(cuda, name, dtype, 10, values=values):
        with contextlib.suppress(Undecidable):  # which of several scores is the largest, say
            compare(expected(call.operation, call.arguments, arithmetic), call.run(), arithmetic, call.arguments)
            compared += 1
        if compared == 5:
            break
    assert compared


@pytest.mark.parametrize("lengths", DENSE_SHAPES)
def test_dense(integers: Arrays, as_the_reference: Compare, lengths: tuple[int, int, int]) -> None:
    examples, features, units = lengths
    as_the_reference(cuda.dense, integers(examples, features), integers(features, units), integers(units))


@pytest.mark.parametrize("lengths", [*DENSE_SHAPES, (65, 2, 3), (40, 8, 8)])
def test_dense_vjp(integers: Arrays, as_the_reference: Compare, lengths: tuple[int, int, int]) -> None:
    examples, features, units = lengths
    layer = integers(examples, features), integers(features, units), integers(units)
    as_the_reference(cuda.dense_vjp, *layer, integers(examples, units))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("images", "filters", "strides"), CONVOLUTIONS)
def test_conv2d_and_its_vjp(
    integers: Arrays, as_the_reference: Compare, images: Any, filters: Any, strides: Any, padding: str
) -> None:
    inputs = integers(*images), integers(*filters)
    as_the_reference(cuda.conv2d, *inputs, strides=strides, padding=padding)
    cotangent = integers(*cuda.conv2d(*inputs, strides=strides, padding=padding).shape)
    as_the_reference(cuda.conv2d_vjp, *inputs, cotangent, strides=strides, padding=padding)


def test_images_gradient_of_many_images_in_steps(
    integers: Arrays, as_the_reference: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fast.cuda.convolution_gradients.MOST_OWED", 80)
    as_the_reference(cuda.conv2d_vjp, integers(5, 3, 4, 1), integers(2, 2, 1, 1), integers(5, 2, 3, 1))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("images", "pool_size", "strides"), POOLINGS)
def test_max_pool2d_and_its_vjp_with_many_ties(
    integers: Arrays, as_the_reference: Compare, images: Any, pool_size: Any, strides: Any, padding: str
) -> None:
    where: dict[str, Any] = {"pool_size": pool_size, "strides": strides, "padding": padding}
    inputs = integers(*images)
    as_the_reference(cuda.max_pool2d, inputs, **where)
    as_the_reference(cuda.max_pool2d_vjp, inputs, integers(*cuda.max_pool2d(inputs, **where).shape), **where)


@pytest.mark.parametrize("learning_rate", [1, [3, 1, 2, 1, 1, 1, 1, 1, 1], lambda epoch: 2 * epoch])
@pytest.mark.parametrize("shape", [(2, 2), (5, 4), (40, 3)])
def test_perceptron(integers: Arrays, as_the_reference: Compare, shape: tuple[int, int], learning_rate: Any) -> None:
    features = integers(*shape)
    labels = np.where(np.arange(len(features)) % 3 == 0, 1, -1)  # which hardly any hyperplane separates
    as_the_reference(cuda.perceptron_sgd, features, labels, epochs=9, learning_rate=learning_rate)
    trace = cuda.perceptron_sgd(features, labels.astype(features.dtype), epochs=9, learning_rate=learning_rate)
    assert trace.updated.dtype == np.int64
    as_the_reference(cuda.perceptron_predict, features, trace.final_weights)
    assert cuda.perceptron_predict(features, trace.final_weights).labels.dtype == np.int64


def test_perceptron_from_given_weights(integers: Arrays, as_the_reference: Compare, dtype: type) -> None:
    features, labels, start = integers(4, 3), np.array([1, -1, 1, -1]), np.arange(4).astype(dtype)
    as_the_reference(cuda.perceptron_sgd, features, labels, epochs=2, initial_weights=start)
    assert start.tolist() == [0, 1, 2, 3]


def test_more_classes_than_shared_memory_has_room_for(integers: Arrays, as_the_reference: Compare) -> None:
    """A block gets 48 KiB of it, unless its kernel asks for more when it is loaded, which no other kernel need do."""
    features, labels, weights = integers(2, 1), np.array([6143, 6144]), integers(2, 6145)
    with recorded() as launches:
        as_the_reference(cuda.multiclass_perceptron_train, features, labels, weights, epochs=2)
    assert launches
    assert all(launch.shared_bytes <= 48 * 1024 for launch in launches)


@pytest.mark.parametrize("name", ["relu", "relu_vjp"])
def test_relu_of_special_values(as_the_reference: Compare, dtype: type, name: str) -> None:
    with np.errstate(over="ignore"):
        z = np.array(SPECIAL).astype(dtype)
    cotangents = (np.full_like(z, np.inf),) if name.endswith("vjp") else ()
    as_the_reference(getattr(cuda, name), z, *cotangents)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_squashing_within_the_claimed_ulps(dtype: type, name: str) -> None:
    z = np.concatenate([np.linspace(-120, 120, 401), np.geomspace(1e-44, 1, 60), [1000.0, -1000.0]]).astype(dtype)
    within_bounds(getattr(cuda, name), z)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "sigmoid_vjp", "tanh_vjp"])
def test_squashing_of_infinities_and_nan(as_the_reference: Compare, dtype: type, name: str) -> None:
    z = np.array([np.inf, -np.inf, np.nan, 0.0, 1000.0, -1000.0], dtype)
    as_the_reference(getattr(cuda, name), z, *([np.full_like(z, 2)] if name.endswith("vjp") else []))


@pytest.mark.parametrize("name", ["sigmoid_vjp", "tanh_vjp"])
def test_squashing_vjp_within_bounds(numbers: Arrays, name: str) -> None:
    within_bounds(getattr(cuda, name), numbers(3, 4), numbers(3, 4))


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 5), (2, 2, 3)])
def test_softmax_within_bounds(numbers: Arrays, shape: tuple[int, ...]) -> None:
    within_bounds(cuda.softmax, numbers(*shape) * 40)


@pytest.mark.parametrize("row", [[np.nan, 1], [np.inf, 1], [-np.inf, -np.inf], [-np.inf, 1], [1e38, -1e38], [7, 7]])
def test_rows_of_special_values(as_the_reference: Compare, dtype: type, row: list[float]) -> None:
    scores, labels = np.array([row], dtype), np.array([[1, 0]], dtype)
    as_the_reference(cuda.softmax, scores)
    as_the_reference(cuda.softmax_cross_entropy_with_logits_vjp, scores, labels, np.ones(1, dtype))
    if row != [7, 7]:
        as_the_reference(cuda.softmax_cross_entropy_with_logits, scores, labels)


def test_cross_entropy_of_special_values(as_the_reference: Compare, dtype: type) -> None:
    probabilities = np.array([[0, 1], [1, 0], [0, 0], [-1, 1], [np.nan, 1], [np.inf, 1], [1, 1]], dtype)
    labels = np.array([[0, 1], [0, 1], [0, 0], [1, 0], [1, 0], [1, 0], [np.nan, 0]], dtype)
    as_the_reference(cuda.cross_entropy, probabilities, labels)
    assert not np.signbit(cuda.cross_entropy(probabilities, np.zeros_like(labels))).any()


def test_losses_within_bounds(numbers: Arrays, dtype: type) -> None:
    logits, labels = numbers(5, 4), np.eye(4, dtype=dtype)[[0, 3, 1, 1, 2]]
    within_bounds(cuda.cross_entropy, np.abs(numbers(5, 4)), np.abs(numbers(5, 4)))
    within_bounds(cuda.softmax_cross_entropy_with_logits, logits, labels)
    within_bounds(cuda.softmax_cross_entropy_with_logits_vjp, logits, labels, numbers(5))


def test_network_within_bounds(numbers: Arrays, dtype: type) -> None:
    network = numbers(5, 3), (numbers(3, 6), numbers(6, 2)), (numbers(6), numbers(2))
    within_bounds(cuda.forward_pass, *network)
    within_bounds(cuda.backpropagation, *network, np.eye(2, dtype=dtype)[[0, 1, 1, 0, 1]])
    assert cuda.backpropagation(*network, np.ones((5, 2), dtype)).loss.dtype == dtype


def test_products_within_bounds(numbers: Arrays) -> None:
    within_bounds(cuda.dense, numbers(5, 9), numbers(9, 5), numbers(5))
    within_bounds(cuda.conv2d_vjp, numbers(1, 4, 4, 2), numbers(2, 2, 2, 2), numbers(1, 3, 3, 2))


@pytest.mark.parametrize("filter_value", [np.inf, np.nan])
def test_special_filters(as_the_reference: Compare, dtype: type, filter_value: float) -> None:
    """Padding takes part in products, 0·∞ is NaN; but a cell gets no share of a window that doesn't cover it."""
    images, filters = np.ones((1, 3, 3, 1), dtype), np.full((2, 2, 1, 1), filter_value, dtype)
    for padding, side in (("valid", 2), ("same", 3)):
        as_the_reference(cuda.conv2d, images, filters, padding=padding)
        as_the_reference(cuda.conv2d_vjp, images, filters, np.ones((1, side, side, 1), dtype), padding=padding)
    as_the_reference(cuda.conv2d_vjp, images, filters, np.ones((1, 1, 1, 1), dtype), strides=3)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_special_inputs_stay_in_their_row(as_the_reference: Compare, integers: Arrays, value: float) -> None:
    inputs, images = integers(5, 9), integers(1, 5, 5, 1)
    inputs[3, 8], images[0, 4, 4, 0] = value, value
    as_the_reference(cuda.dense, inputs, integers(9, 5), integers(5))
    as_the_reference(cuda.max_pool2d, images, padding="same")
    as_the_reference(cuda.max_pool2d_vjp, images, integers(1, 5, 5, 1), pool_size=2, strides=1, padding="same")
    as_the_reference(cuda.conv2d, images, integers(2, 2, 1, 5))


def test_the_first_nan_of_a_window_gets_its_gradient(as_the_reference: Compare, dtype: type) -> None:
    images = np.array([1, np.nan, 5, np.nan, 2, np.nan], dtype).reshape(1, 2, 3, 1)
    as_the_reference(cuda.max_pool2d_vjp, images, np.ones((1, 1, 2, 1), dtype), pool_size=2, strides=1)


def claimed(dtype: str) -> Arithmetic:
    """The arithmetic that the CUDA path claims."""
    return Arithmetic(dtype, **cuda.PROFILE[dtype])


def within_bounds(operation: Callable[..., Any], *arguments: Any) -> None:
    """Check every number against the exact one and the largest error that the claimed arithmetic may make."""
    arithmetic = claimed(np.asarray(arguments[0]).dtype.name)
    expected = getattr(reference, operation.__name__)(*(rounded(argument, arithmetic) for argument in arguments))
    pairs = list(pairs_of(operation(*arguments), expected))
    assert pairs
    for computed, exact in pairs:
        assert abs(Rounded(float(computed), arithmetic).value - exact.value) <= exact.error, (computed, exact)


def rounded(value: Any, arithmetic: Arithmetic) -> Any:
    """Arrays as nested lists of rounded numbers."""
    if isinstance(value, (tuple, list)):
        return type(value)(rounded(part, arithmetic) for part in value)
    return rounded(value.tolist(), arithmetic) if isinstance(value, np.ndarray) else Rounded(value, arithmetic)


def pairs_of(computed: Any, exact: Any) -> Any:
    """Every number that was computed, with its exact value."""
    if not isinstance(exact, (tuple, list)):
        yield computed, exact
        return
    assert len(computed) == len(exact)
    for part, exact_part in zip(computed, exact, strict=True):
        yield from pairs_of(part, exact_part)
