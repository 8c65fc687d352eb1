"""What callers may rely on: any layout of inputs, special values, the same bits always, and errors that help."""

from functools import partial

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import fast.cpu as cpu
from conformance.operations import operations
from fast.cpu.graph_calls import in_threads
from fast.cpu.matrix_product import matrix_product as multiply
from fast.cpu.small_products import SMALL_PARALLEL_WORK, small_product
from fast.cpu.threads import PARALLEL_WORK
from reference.errors import InvalidArgument
from tests.fast.drawn import (
    LAYOUTS,
    arrays,
    at_places,
    bits,
    drawn_calls,
    functions_of,
    has_examples,
    rooms_of,
    spoilt,
    stretched,
)

DTYPES = [np.float32, np.float64]
OPERATIONS = functions_of(cpu)
#: The kernels with threads that Python calls: room, name, kernel. The matrix product is called by kernels only, and the
#: loops of graphs by what graphs are compiled to.
THREADED = [
    (room, name, value)
    for room in rooms_of(cpu)
    for name, value in vars(room).items()
    if isinstance(value, Dispatcher) and value.targetoptions.get("parallel")
    if value not in (multiply, small_product, in_threads)
]
#: Examples enough for threads, with a remainder in every block.
MANY = 2**16 + 47


def numbers(dtype, *shape):
    return np.random.default_rng(shape).standard_normal(shape).astype(dtype)


def test_every_operation_is_one_of_the_suites():
    """Otherwise no call of it could be drawn, and it would be left out below."""
    assert OPERATIONS.keys() <= operations().keys()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_layout_of_inputs_does_not_matter(dtype, name):
    for call in drawn_calls(cpu, name, dtype, 6):
        before, given = bits(tuple(call.arguments.values())), arrays(tuple(call.arguments.values()))
        result = call.run()
        assert bits(call.run()) == bits(result)
        assert bits(tuple(call.arguments.values())) == before
        for layout in LAYOUTS:
            assert bits(call.rearranged(layout).run()) == bits(result)
        assert not any(np.may_share_memory(leaf, array) for leaf in arrays(result) for array in given)


@pytest.fixture
def threaded_calls(monkeypatch):
    """The names of the kernels with threads that Python calls, as they are called."""
    called = set()

    def recording(kernel):
        def call(*arguments):
            called.add(kernel.py_func.__name__)
            return kernel(*arguments)

        return call

    for room, name, kernel in THREADED:
        monkeypatch.setattr(room, name, recording(kernel))
    return called


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_depend_neither_on_threads_nor_on_other_examples(dtype, threaded_calls):
    """And every kernel with threads gets work for them."""
    most = numba.get_num_threads()
    for name in filter(partial(has_examples, cpu), OPERATIONS):
        few, many, places = stretched(cpu, name, dtype, MANY)
        result = many.run()
        try:
            numba.set_num_threads(1)
            assert bits(many.run()) == bits(result), name
        finally:
            numba.set_num_threads(most)
        for leaf, small in zip(arrays(result), arrays(few.run()), strict=True):
            # What has an entry for each example has the same one whatever other examples there are. A trace has one for
            # each step, and every step depends on those before it.
            if MANY in leaf.shape and not type(result).__name__.endswith("Trace"):
                assert bits(leaf) == bits(at_places(small, places)), name
    # The matrix product decides in compiled code whether threads are worth it.
    _, many, _ = stretched(cpu, "dense", dtype, MANY)
    assert many.arguments["inputs"].size * many.arguments["weights"].shape[1] > PARALLEL_WORK
    assert threaded_calls == {kernel.py_func.__name__ for _, _, kernel in THREADED}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("examples", [1, 5])
def test_few_rows_have_the_same_bits_for_any_number_of_threads(dtype, examples):
    rng, most = np.random.default_rng(0), numba.get_num_threads()
    x, w, b, g = (
        rng.standard_normal(shape).astype(dtype) for shape in ((examples, 790), (790, 203), (203,), (examples, 203))
    )
    shared = cpu.dense_vjp(x, w, b, g)
    assert x.size * w.shape[1] > SMALL_PARALLEL_WORK
    assert bits(shared.inputs[:1]) == bits(cpu.dense_vjp(np.repeat(x, 9, 0), w, b, np.repeat(g, 9, 0)).inputs[:1])
    try:
        numba.set_num_threads(1)
        assert bits(cpu.dense_vjp(x, w, b, g)) == bits(shared)
    finally:
        numba.set_num_threads(most)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_example_has_the_same_bits_in_any_batch(dtype):
    """Few rows are multiplied in another way than many, and with more of the depth than one piece has."""
    rng = np.random.default_rng(0)
    examples, weights, bias, cotangent = (
        rng.standard_normal(shape).astype(dtype) for shape in ((300, 700), (700, 50), (50,), (300, 50))
    )
    together, back = cpu.dense(examples, weights, bias), cpu.dense_vjp(examples, weights, bias, cotangent).inputs
    for count in (1, 2, 6, 7, 60):
        assert bits(cpu.dense(examples[:count], weights, bias)) == bits(together[:count])
        gradients = cpu.dense_vjp(examples[:count], weights, bias, cotangent[:count])
        assert bits(gradients.inputs) == bits(back[:count])


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_and_infinity(dtype):
    z = np.array([[np.nan, 1.0, -2.0, -0.0], [np.inf, 1.0, -np.inf, 0.0]], dtype)
    assert np.array_equal(cpu.relu(z), np.array([[np.nan, 1, 0, 0], [np.inf, 1, 0, 0]], dtype), equal_nan=True)
    ones = np.full_like(z, np.inf)
    assert np.array_equal(cpu.relu_vjp(z, ones), np.array([[0, np.inf, 0, 0], [np.inf, np.inf, 0, 0]], dtype))
    assert np.isnan(cpu.softmax(z)).all()
    assert np.array_equal(cpu.softmax(np.array([1000.0, -1000.0, -np.inf], dtype)), [1, 0, 0])
    images = np.ones((1, 4, 4, 9), dtype)
    images[0, 1, 1, 4], images[0, 2, 2, 8], images[0, 0, 0, :] = np.nan, np.inf, -np.inf
    pooled = cpu.max_pool2d(images)
    assert np.isnan(pooled[0, 0, 0, 4])
    assert np.isnan(pooled).sum() == 1
    assert pooled[0, 1, 1, 8] == np.inf
    assert (cpu.max_pool2d(np.full((1, 3, 3, 1), -5, dtype), padding="same") == -5).all()
    gradients = cpu.max_pool2d_vjp(images, np.ones_like(pooled))
    assert gradients[0, 1, 1, 4] == 1
    filters = np.full((3, 3, 1, 1), np.inf, dtype)
    assert np.isnan(cpu.conv2d(np.ones((1, 1, 1, 1), dtype), filters, padding="same")).all()
    assert np.isnan(cpu.dense(np.zeros((1, 2), dtype), np.array([[np.inf], [1]], dtype), np.ones(1, dtype))).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_losses_at_the_edges(dtype):
    p = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], dtype)
    y = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 0.0]], dtype)
    assert np.array_equal(cpu.cross_entropy(p, y), np.array([0, np.inf, 0], dtype))
    assert not np.signbit(cpu.cross_entropy(p, y)).any()
    logits = np.array([[1000.0, 0.0]], dtype)
    assert cpu.softmax_cross_entropy_with_logits(logits, np.array([[0.0, 1.0]], dtype))[0] == 1000
    assert np.isnan(cpu.softmax_cross_entropy_with_logits(np.array([[-np.inf, 0]], dtype), np.array([[0.0, 1]], dtype)))


@pytest.mark.parametrize("name", OPERATIONS)
def test_errors_name_the_argument(name):
    call = drawn_calls(cpu, name, np.float32)[0]
    for argument, changes in spoilt(call):
        with pytest.raises(InvalidArgument) as error:
            call.run(**changes)
        assert error.value.argument.split("[")[0] == argument


def test_errors_name_the_argument_that_does_not_fit():
    x, k = numbers(np.float32, 1, 3, 3, 1), numbers(np.float32, 2, 2, 1, 1)
    z = numbers(np.float32, 2, 3)
    signs = np.array([1, -1])
    for argument, function, data, options in [
        ("z", cpu.relu, ([1.0],), {}),
        ("z", cpu.softmax, (np.zeros(0, np.float32),), {}),
        ("z", cpu.tanh, (np.zeros(3, np.int32),), {}),
        ("cotangent", cpu.tanh_vjp, (z, z[0]), {}),
        ("cotangent", cpu.sigmoid_vjp, (z, z.astype(np.float64)), {}),
        ("weights", cpu.dense, (z, z, z[0]), {}),
        ("bias", cpu.dense, (z, z.T, z[0]), {}),
        ("filters", cpu.conv2d, (x, numbers(np.float32, 4, 2, 1, 1)), {}),
        ("strides", cpu.conv2d, (x, k), {"strides": 0}),
        ("padding", cpu.conv2d, (x, k), {"padding": "full"}),
        ("cotangent", cpu.conv2d_vjp, (x, k, x), {}),
        ("pool_size", cpu.max_pool2d, (x,), {"pool_size": 4}),
        ("images", cpu.max_pool2d, (z,), {}),
        ("labels", cpu.perceptron_sgd, (z, np.array([1, 0])), {"epochs": 1}),
        ("epochs", cpu.perceptron_sgd, (z, signs), {"epochs": 0}),
        ("learning_rate", cpu.perceptron_sgd, (z, signs), {"epochs": 2, "learning_rate": [1]}),
        ("weights", cpu.perceptron_predict, (z, z[0]), {}),
        ("labels", cpu.cross_entropy, (z, z[:1]), {}),
        ("biases", cpu.forward_pass, (z, (z.T,), (z[0, :2], z[0])), {}),
        ("labels", cpu.backpropagation, (z, (z.T.copy(),), (z[0, :2].copy(),), z), {}),
    ]:
        with pytest.raises(InvalidArgument) as error:
            function(*data, **options)
        assert error.value.argument.split("[")[0] == argument
