"""On small integers every partial sum is exact, so the fast path and the reference agree to the last bit."""

import itertools

import numpy as np
import pytest

import fast.cpu as cpu
import reference

DTYPES = [np.float32, np.float64]
#: Sizes on both sides of every tile's, panel's and vector's edge.
EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 16, 17, 23, 24, 25, 33, 40, 49, 65, 81, 97]


def integers(dtype, *shape):
    return np.random.default_rng(shape).integers(-3, 4, shape).astype(dtype)


def assert_same(result, expected, dtype):
    assert result.dtype == dtype
    wanted = np.array(expected, dtype)
    assert result.shape == wanted.shape
    assert np.array_equal(result, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", EDGES)
def test_dense_on_every_tail(dtype, size):
    for examples, features, units in [(size, 3, 5), (5, size, 3), (3, 5, size), (9, 7, size), (size, size, 25)]:
        x, w, b = integers(dtype, examples, features), integers(dtype, features, units), integers(dtype, units)
        assert_same(cpu.dense(x, w, b), reference.dense(x.tolist(), w.tolist(), b.tolist()), dtype)
        g = integers(dtype, examples, units)
        gradients = reference.dense_vjp(x.tolist(), w.tolist(), b.tolist(), g.tolist())
        for field, result in cpu.dense_vjp(x, w, b, g)._asdict().items():
            assert_same(result, getattr(gradients, field), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape", [(100, 784, 200), (97, 641, 50), (193, 320, 17), (200, 321, 1), (9, 513, 97), (9, 1025, 81)]
)
def test_dense_over_blocks_and_threads(dtype, shape):
    examples, features, units = shape
    x, w, b = integers(dtype, examples, features), integers(dtype, features, units), integers(dtype, units)
    product = x.astype(np.int64) @ w.astype(np.int64) + b.astype(np.int64)
    assert_same(cpu.dense(x, w, b), product, dtype)
    g = integers(dtype, examples, units)
    gradients = cpu.dense_vjp(x, w, b, g)
    assert_same(gradients.inputs, g.astype(np.int64) @ w.T.astype(np.int64), dtype)
    assert_same(gradients.weights, x.T.astype(np.int64) @ g.astype(np.int64), dtype)
    assert_same(gradients.bias, g.astype(np.int64).sum(0), dtype)


IMAGES = [(1, 1, 1, 1), (1, 3, 3, 1), (2, 7, 5, 3), (5, 4, 6, 2), (9, 3, 4, 1)]
FILTERS = [(1, 1, 1), (2, 2, 1), (3, 1, 5), (3, 3, 9), (1, 2, 25), (4, 3, 13)]
STRIDES = [1, 2, (1, 3), (3, 2)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", STRIDES)
def test_convolution(dtype, padding, strides):
    options = {"strides": strides, "padding": padding}
    for (n, h, w, c), (kh, kw, f) in itertools.product(IMAGES, FILTERS):
        if padding == "valid" and (kh > h or kw > w):
            continue
        x, k = integers(dtype, n, h, w, c), integers(dtype, kh, kw, c, f)
        result = cpu.conv2d(x, k, **options)
        assert_same(result, reference.conv2d(x.tolist(), k.tolist(), **options), dtype)
        g = integers(dtype, *result.shape)
        expected = reference.conv2d_vjp(x.tolist(), k.tolist(), g.tolist(), **options)
        gradients = cpu.conv2d_vjp(x, k, g, **options)
        assert_same(gradients.images, expected.images, dtype)
        assert_same(gradients.filters, expected.filters, dtype)


def windows(x, rows, columns, strides, places):
    """For each place in a window, the pixels that it meets: [KH, KW, N, OH, OW, C]."""
    (sh, sw), (oh, ow) = strides, places
    return np.array(
        [[x[:, a : a + sh * oh : sh, b : b + sw * ow : sw][:, :oh, :ow] for b in range(columns)] for a in range(rows)]
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("image", "kernel", "stride"),
    [((21, 28, 28, 1), (3, 3, 1, 12), 1), ((9, 14, 14, 24), (6, 6, 24, 32), 2), ((1, 50, 40, 3), (5, 5, 3, 7), 1)],
)
def test_convolution_over_blocks_and_threads(dtype, image, kernel, stride):
    x, k = integers(dtype, *image), integers(dtype, *kernel)
    result = cpu.conv2d(x, k, strides=stride, padding="same")
    places = result.shape[1:3]
    missing = [max(0, (p - 1) * stride + e - s) for p, e, s in zip(places, kernel, image[1:3], strict=False)]
    border = [(0, 0), *((m // 2, m - m // 2) for m in missing), (0, 0)]
    patches = windows(np.pad(x, border).astype(np.float64), *kernel[:2], (stride, stride), places)
    assert_same(result, np.einsum("abnijc,abcf->nijf", patches, k.astype(np.float64), optimize=True), dtype)
    g = integers(dtype, *result.shape)
    gradients = cpu.conv2d_vjp(x, k, g, strides=stride, padding="same")
    expected = np.einsum("abnijc,nijf->abcf", patches, g.astype(np.float64), optimize=True)
    assert_same(gradients.filters, expected, dtype)
    # <g, conv(e)> = <vjp(g), e> for an arbitrary image e: what goes forward comes back by the same coefficients.
    e = integers(dtype, *image)[:, ::-1].copy()
    forward = cpu.conv2d(e, k, strides=stride, padding="same").astype(np.int64)
    assert (g.astype(np.int64) * forward).sum() == (gradients.images.astype(np.int64) * e.astype(np.int64)).sum()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [None, 1, (1, 3)])
@pytest.mark.parametrize("pool_size", [1, 2, (3, 2)])
def test_pooling(dtype, padding, strides, pool_size):
    options = {"pool_size": pool_size, "strides": strides, "padding": padding}
    for shape in [(1, 6, 6, 1), (2, 7, 5, 3), (1, 4, 6, 8), (2, 5, 5, 13), (1, 3, 4, 33)]:
        x = integers(dtype, *shape)
        result = cpu.max_pool2d(x, **options)
        assert_same(result, reference.max_pool2d(x.tolist(), **options), dtype)
        g = integers(dtype, *result.shape)
        expected = reference.max_pool2d_vjp(x.tolist(), g.tolist(), **options)
        assert_same(cpu.max_pool2d_vjp(x, g, **options), expected, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_pooling_of_many_images(dtype):
    x = integers(dtype, 100, 28, 28, 12)
    cells = x.reshape(100, 14, 2, 14, 2, 12)
    result = cpu.max_pool2d(x)
    assert_same(result, cells.max((2, 4)), dtype)
    gradients = cpu.max_pool2d_vjp(x, result)
    assert_same(gradients.reshape(cells.shape).sum((2, 4)), result, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("labels_dtype", [np.int64, np.float32, np.float64])
def test_perceptron(dtype, labels_dtype):
    for count, width, epochs in [(1, 1, 1), (5, 2, 20), (9, 3, 4), (30, 5, 25)]:
        x = integers(dtype, count, width)
        y = np.where(integers(dtype, count) > 0, 1, -1).astype(labels_dtype)
        w = integers(dtype, width + 1)
        for rate in (1, 2, [*range(1, epochs + 1)], lambda epoch: epoch % 3):
            for start in (None, w):
                options = {"epochs": epochs, "learning_rate": rate}
                given = None if start is None else start.tolist()
                expected = reference.perceptron_sgd(x.tolist(), y.tolist(), **options, initial_weights=given)
                trace = cpu.perceptron_sgd(x, y, **options, initial_weights=start)
                for field in trace._fields:
                    wanted = np.int64 if field == "updated" else dtype
                    assert_same(getattr(trace, field), getattr(expected, field), wanted)
        prediction = reference.perceptron_predict(x.tolist(), w.tolist())
        assert_same(cpu.perceptron_predict(x, w).scores, prediction.scores, dtype)
        assert_same(cpu.perceptron_predict(x, w).labels, prediction.labels, np.int64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_relu_and_its_gradient(dtype):
    for shape in [(1,), (7,), (3, 5), (300, 400)]:
        z, g = integers(dtype, *shape), integers(dtype, *shape[::-1]).reshape(shape)
        assert_same(cpu.relu(z), reference.relu(z.tolist()), dtype)
        assert_same(cpu.relu_vjp(z, g), reference.relu_vjp(z.tolist(), g.tolist()), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("units", [(2,), (3, 2), (17, 9, 4)])
def test_network_equals_its_parts(dtype, units):
    """A network is nothing but its layers: the fused kernels give the bits of the public functions one by one."""
    sizes = (5, *units)
    x, y = integers(dtype, 8, 5), np.eye(units[-1], dtype=dtype)[np.arange(8) % units[-1]]
    weights = tuple(integers(dtype, *pair) for pair in itertools.pairwise(sizes))
    biases = tuple(integers(dtype, size) for size in units)
    forward = cpu.forward_pass(x, weights, biases)
    given = [x]
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True), 1):
        sums = cpu.dense(given[-1], w, b)
        given.append(cpu.softmax(sums) if layer == len(weights) else cpu.relu(sums))
        assert_same(forward.weighted_sums[layer - 1], sums, dtype)
        assert_same(forward.activations[layer - 1], given[-1], dtype)
    result = cpu.backpropagation(x, weights, biases, y)
    losses = cpu.softmax_cross_entropy_with_logits(sums, y)
    assert result.loss.dtype == dtype
    assert result.loss == np.array(losses.astype(np.float64).sum() / 8, dtype)
    cotangent = cpu.softmax_cross_entropy_with_logits_vjp(sums, y, np.ones(8, dtype)) / dtype(8)
    for layer in reversed(range(len(weights))):
        gradients = cpu.dense_vjp(given[layer], weights[layer], biases[layer], cotangent)
        assert_same(result.weights[layer], gradients.weights, dtype)
        assert_same(result.biases[layer], gradients.bias, dtype)
        if layer > 0:
            cotangent = cpu.relu_vjp(forward.weighted_sums[layer - 1], gradients.inputs)


ACTIVATIONS = ["identity", "relu", "sigmoid", "tanh"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(1, 5, 3), (40, 7, 1), (300, 7, 5), (97, 31, 33), (33, 8, 200), (3000, 20, 13)])
def test_a_dense_layer_equals_its_parts(dtype, activation, shape):
    """Rows are finished one by one or sixteen at a time, in tasks or not: always with the bits of separate calls."""
    examples, features, units = shape
    x, w, b = integers(dtype, examples, features), integers(dtype, features, units) / 64, integers(dtype, units)
    sums, g = cpu.dense(x, w, b), integers(dtype, units, examples).T.copy()
    assert_same(cpu.dense_layer(x, w, b, activation=activation), getattr(cpu, activation)(sums), dtype)
    slopes = getattr(cpu, f"{activation}_vjp")(sums, g)
    came, parts = cpu.dense_layer_vjp(x, w, b, g, activation=activation), cpu.dense_vjp(x, w, b, slopes)
    assert_same(came.inputs, parts.inputs, dtype)
    assert_same(came.weights, parts.weights, dtype)
    if activation in ("identity", "relu"):  # whose slopes are integers, and have but one sum
        assert_same(came.bias, parts.bias, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    ("image", "kernel"),
    [((2, 5, 5, 2), (2, 2, 2, 3)), ((21, 28, 28, 1), (3, 3, 1, 12)), ((5, 9, 9, 2), (3, 3, 2, 16))],
)
def test_a_convolutional_layer_equals_its_parts(dtype, activation, image, kernel):
    x, w, b = integers(dtype, *image), integers(dtype, *kernel) / 64, integers(dtype, kernel[3])
    sums = cpu.conv2d(x, w, padding="same") + b
    came = cpu.convolutional_layer(x, w, b, activation=activation, padding="same")
    assert_same(came, getattr(cpu, activation)(sums), dtype)
    g = integers(dtype, *sums.shape)
    slopes = getattr(cpu, f"{activation}_vjp")(sums, g)
    gradients = cpu.convolutional_layer_vjp(x, w, b, g, activation=activation, padding="same")
    parts = cpu.conv2d_vjp(x, w, slopes, padding="same")
    assert_same(gradients.images, parts.images, dtype)
    assert_same(gradients.filters, parts.filters, dtype)
    if activation in ("identity", "relu"):
        assert_same(gradients.bias, slopes.sum(axis=(0, 1, 2)), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [(1, 5, 3), (5, 1, 3), (3, 4, 1), (9, 7, 97), (6, 300, 33), (130, 513, 65)])
def test_products_of_transposes_have_the_same_bits(dtype, sizes):
    rows, depth, columns = sizes
    rng = np.random.default_rng(sizes)
    a, b = rng.standard_normal((rows, depth)).astype(dtype), rng.standard_normal((depth, columns)).astype(dtype)
    product, out = cpu.matrix_product(a, b), np.empty((rows, columns), dtype)
    for left, right in itertools.product((a, np.asfortranarray(a)), (b, np.asfortranarray(b))):
        assert cpu.matrix_product(left, right, out=out) is out
        assert out.tobytes() == product.tobytes()
