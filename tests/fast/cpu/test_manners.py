"""What callers may rely on: any layout of inputs, `out`, special values, the same bits always, and errors that help."""

import itertools

import numba
import numpy as np
import pytest

import fast.cpu as cpu
from reference.errors import InvalidArgument

DTYPES = [np.float32, np.float64]
OPERATIONS = functions_of(cpu)
#: Those that write where the caller wants it.
WITH_OUT = [name for name, function in OPERATIONS.items() if "out" in inspect.signature(function).parameters]
#: The kernels with threads that Python calls: room, name, kernel. The matrix product is called by kernels only.
THREADED = [
    (room, name, value)
    for room in rooms_of(cpu)
    for name, value in vars(room).items()
    if isinstance(value, Dispatcher) and value.targetoptions.get("parallel")
    if value is not matrix_product.matrix_product
]
#: Examples enough for threads, with a remainder in every block.
MANY = 2**16 + 47


def numbers(dtype, *shape):
    return np.random.default_rng(shape).standard_normal(shape).astype(dtype)


def network(dtype, examples=6, sizes=(5, 4, 3)):
    weights = tuple(numbers(dtype, *pair) for pair in itertools.pairwise(sizes))
    biases = tuple(numbers(dtype, size) for size in sizes[1:])
    return numbers(dtype, examples, sizes[0]), weights, biases


def labels(dtype, examples, classes):
    return np.eye(classes, dtype=dtype)[np.arange(examples) % classes]


def calls(dtype, n=2):
    """Every function with arrays that suit it; n scales the work up to where threads are used."""
    x, k = numbers(dtype, n, 9, 8, 3), numbers(dtype, 3, 2, 3, 10)
    image_options = {"strides": (2, 1), "padding": "same"}
    z = numbers(dtype, n, 40)
    y, rows = labels(dtype, n, 40), numbers(dtype, n, 11)
    w, b = numbers(dtype, 11, 23), numbers(dtype, 23)
    signs = np.where(numbers(dtype, n) > 0, 1, -1)
    return [
        (cpu.dense, (rows, w, b), {}),
        (cpu.dense_vjp, (rows, w, b, numbers(dtype, n, 23)), {}),
        (cpu.relu, (z,), {}),
        (cpu.relu_vjp, (z, z[::-1].copy()), {}),
        (cpu.sigmoid, (z,), {}),
        (cpu.sigmoid_vjp, (z, z[::-1].copy()), {}),
        (cpu.tanh, (z,), {}),
        (cpu.tanh_vjp, (z, z[::-1].copy()), {}),
        (cpu.softmax, (z,), {}),
        (cpu.cross_entropy, (np.abs(z), y), {}),
        (cpu.softmax_cross_entropy_with_logits, (z, y), {}),
        (cpu.softmax_cross_entropy_with_logits_vjp, (z, y, z[:, 0].copy()), {}),
        (cpu.conv2d, (x, k), image_options),
        (cpu.conv2d_vjp, (x, k, numbers(dtype, n, 5, 8, 10)), image_options),
        (cpu.max_pool2d, (x,), image_options),
        (cpu.max_pool2d_vjp, (x, numbers(dtype, n, 5, 8, 3)), image_options),
        (cpu.perceptron_predict, (rows, numbers(dtype, 12)), {}),
        (cpu.perceptron_sgd, (rows, signs), {"epochs": 2, "initial_weights": numbers(dtype, 12)}),
    ]


def leaves(result):
    if isinstance(result, tuple):
        return [leaf for part in result for leaf in leaves(part)]
    return [np.asarray(result)]


def assert_same_bits(results, others):
    for result, other in zip(leaves(results), leaves(others), strict=True):
        assert result.dtype == other.dtype
        assert result.tobytes() == other.tobytes()


def reversed_storage(array):
    """The same numbers, last axis stored backwards and far apart, and not to be written to."""
    wide = np.empty((*array.shape, 3), array.dtype)
    view = wide[..., ::-1, 1]
    view[...] = array
    view.flags.writeable = False
    return view


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", range(18))
def test_layout_of_inputs_does_not_matter(dtype, case):
    function, arrays, options = calls(dtype)[case]
    before = [array.tobytes() for array in arrays]
    result = function(*arrays, **options)
    assert_same_bits(function(*arrays, **options), result)
    assert [array.tobytes() for array in arrays] == before
    assert_same_bits(function(*map(reversed_storage, arrays), **options), result)
    assert_same_bits(function(*map(np.asfortranarray, arrays), **options), result)
    frozen = [array.copy() for array in arrays]
    for array in frozen:
        array.flags.writeable = False
    assert_same_bits(function(*frozen, **options), result)
    assert not any(np.may_share_memory(leaf, array) for leaf in leaves(result) for array in arrays)


@pytest.mark.parametrize("dtype", DTYPES)
def test_layout_of_networks_does_not_matter(dtype):
    x, weights, biases = network(dtype)
    turned = reversed_storage(x), tuple(map(reversed_storage, weights)), tuple(map(reversed_storage, biases))
    assert_same_bits(cpu.forward_pass(*turned), cpu.forward_pass(x, weights, biases))
    y = labels(dtype, 6, 3)
    assert_same_bits(cpu.backpropagation(*turned, y), cpu.backpropagation(x, weights, biases, y))


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_do_not_change_bits(dtype):
    x, weights, biases = network(dtype, 100, (300, 200, 10))
    everything = [*calls(dtype, 1700), (cpu.backpropagation, (x, weights, biases, labels(dtype, 100, 10)), {})]
    most = numba.get_num_threads()
    for name in OPERATIONS:
        few, many, places = stretched(cpu, name, dtype, MANY)
        result = many.run()
        try:
            numba.set_num_threads(1)
            assert bits(many.run()) == bits(result), name
        finally:
            numba.set_num_threads(most)
        for leaf, small in zip(arrays(result), arrays(few.run()), strict=True):
            # What has an entry for each example has the same one whatever other examples there are.
            if MANY in leaf.shape:
                assert bits(leaf) == bits(at_places(small, places)), name
    # The matrix product decides in compiled code whether threads are worth it.
    _, many, _ = stretched(cpu, "dense", dtype, MANY)
    assert many.arguments["inputs"].size * many.arguments["weights"].shape[1] > matrix_product.PARALLEL_WORK
    assert threaded_calls == {kernel.py_func.__name__ for _, _, kernel in THREADED}


@pytest.mark.parametrize("dtype", DTYPES)
def test_threaded_and_plain_kernels_agree(dtype):
    """A row's result doesn't depend on how many other rows come with it, although other kernels may compute it."""
    for function, arrays, options in calls(dtype, 1700):
        if function in (cpu.relu, cpu.sigmoid, cpu.tanh, cpu.softmax, cpu.conv2d, cpu.max_pool2d, cpu.dense):
            first = [arrays[0][:3], *arrays[1:]]
            assert_same_bits(function(*arrays, **options)[:3].copy(), function(*first, **options))


@pytest.mark.parametrize("dtype", DTYPES)
def test_out_is_written_and_returned(dtype):
    for function, arrays, options in calls(dtype):
        if function not in (cpu.dense, cpu.relu, cpu.sigmoid, cpu.tanh, cpu.softmax, cpu.conv2d, cpu.max_pool2d):
            continue
        expected = function(*arrays, **options)
        out = np.full_like(expected, np.nan)
        assert function(*arrays, out=out, **options) is out
        assert_same_bits(out, expected)
        for wrong in (out[:1], out.astype(np.int32), out[..., ::-1], [0]):
            with pytest.raises(InvalidArgument, match="out"):
                function(*arrays, out=wrong, **options)


@pytest.mark.parametrize("function", [cpu.relu, cpu.sigmoid, cpu.tanh, cpu.softmax])
def test_out_may_overlap_the_input(function):
    z = numbers(np.float32, 5, 8)
    expected = function(z)
    assert_same_bits(function(z, out=z), expected)
    memory = numbers(np.float32, 6, 8)
    expected = function(memory[:5])
    assert_same_bits(function(memory[:5], out=memory[1:]).copy(), expected)


def test_out_may_overlap_in_products():
    x, w, b = (numbers(np.float32, *shape) for shape in [(6, 6), (6, 6), (6,)])
    expected = cpu.dense(x, w, b)
    assert_same_bits(cpu.dense(x, w, b, out=x), expected)
    images = numbers(np.float32, 2, 5, 5, 3)
    filters = numbers(np.float32, 3, 3, 3, 3)
    expected = cpu.conv2d(images, filters, padding="same")
    assert_same_bits(cpu.conv2d(images, filters, padding="same", out=images), expected)


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


def test_errors_name_the_argument():
    x, k = numbers(np.float32, 1, 3, 3, 1), numbers(np.float32, 2, 2, 1, 1)
    z = numbers(np.float32, 2, 3)
    signs = np.array([1, -1])
    for argument, function, arrays, options in [
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
            function(*arrays, **options)
        assert error.value.argument.split("[")[0] == argument
