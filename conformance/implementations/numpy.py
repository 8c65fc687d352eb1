"""NumPy's counterparts of the reference's functions.

Each function is the formula over whole arrays: matrix products where there are any, and loops over the cells of a
window where there aren't. It is what benchmarks compare with, and the base of the wrong implementations that the suite
must catch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reference.errors import InvalidArgument, require_choice, require_pair, require_positive_integer

Array = NDArray[Any]
Arrays = tuple[Array, ...]
Pair = tuple[int, int]

DESCRIPTION = f"NumPy {np.__version__}"

# The largest errors seen, in ULPs: in float32 exp 2.49, log 3.56, tanh 1.38; in float64 exp 0.51, log 0.52, tanh 1.19,
# where processors without wide vectors take the C library's (1, 1 and 2.3). The sigmoid e/(1 + e) of e = exp(-|z|)
# takes over the exponential's error, which counts double where the quotient lies in the next lower binade, and adds at
# most one ULP each for the sum and the quotient: twice the exponential's and 2.
PROFILE = {
    "float32": {"flush_to_zero": False, "ulps": {"exp": 3, "log": 4, "tanh": 2, "sigmoid": 8}},
    "float64": {"flush_to_zero": False, "ulps": {"exp": 1, "log": 1, "tanh": 3, "sigmoid": 4}},
}


class PerceptronTrace(NamedTuple):
    final_weights: Array
    weights: Array
    examples: Array
    activations: Array
    updated: Array


class PerceptronPrediction(NamedTuple):
    scores: Array
    labels: Array


class DenseGradients(NamedTuple):
    inputs: Array
    weights: Array
    bias: Array


class Conv2DGradients(NamedTuple):
    images: Array
    filters: Array


class ForwardPass(NamedTuple):
    weighted_sums: Arrays
    activations: Arrays


class Backpropagation(NamedTuple):
    loss: Array
    weights: Arrays
    biases: Arrays


class Windows(NamedTuple):
    """Where a sliding window stands: how many cells of padding are before and behind an image, how many places."""

    padding: tuple[Pair, Pair]
    outputs: Pair
    strides: Pair


def perceptron_sgd(
    features: Array,
    labels: Array,
    *,
    epochs: int,
    learning_rate: Any = 1,
    initial_weights: Array | None = None,
) -> PerceptronTrace:
    count, width = require_array("features", features, "N D")
    require_labels(labels, count)
    rates = learning_rates(learning_rate, require_positive_integer("epochs", epochs), features.dtype)
    if initial_weights is not None:
        require_array("initial_weights", initial_weights, "D+1", (width + 1,))
    weights = np.zeros(width + 1, features.dtype) if initial_weights is None else initial_weights.copy()
    with np.errstate(all="ignore"):
        examples = fold_threshold(features) * labels.astype(features.dtype)[:, None]
        steps: list[tuple[Array, ...]] = []
        right_in_a_row = 0
        for rate in rates:
            for example in examples:
                if right_in_a_row == count:
                    break
                activation = example @ weights
                wrong = activation <= 0
                steps.append((weights, example, activation, wrong))
                right_in_a_row = 0 if wrong else right_in_a_row + 1
                weights = weights + rate * example if wrong else weights
    before, looked_at, activations, updated = map(np.array, zip(*steps, strict=True))
    return PerceptronTrace(weights, before, looked_at, activations, updated.astype(np.int64))


def perceptron_predict(features: Array, weights: Array) -> PerceptronPrediction:
    _, width = require_array("features", features, "N D")
    require_array("weights", weights, "D+1", (width + 1,))
    with np.errstate(all="ignore"):
        scores = fold_threshold(features) @ weights
    return PerceptronPrediction(scores, np.where(scores > 0, 1, -1))


def fold_threshold(features: Array) -> Array:
    return np.concatenate([features, np.full((len(features), 1), -1, features.dtype)], axis=1)


def dense(inputs: Array, weights: Array, bias: Array) -> Array:
    require_dense(inputs, weights, bias)
    with np.errstate(all="ignore"):
        return inputs @ weights + bias


def dense_vjp(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> DenseGradients:
    require_dense(inputs, weights, bias)
    require_array("cotangent", cotangent, "N H", (len(inputs), len(bias)))
    with np.errstate(all="ignore"):
        return DenseGradients(cotangent @ weights.T, inputs.T @ cotangent, cotangent.sum(axis=0))


def relu(z: Array) -> Array:
    require_array("z", z)
    return np.maximum(z, 0)


def relu_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    return np.where(z > 0, cotangent, 0)


def sigmoid(z: Array) -> Array:
    require_array("z", z)
    with np.errstate(all="ignore"):
        decay = np.exp(-np.abs(z))
        return np.where(z >= 0, 1, decay) / (1 + decay)


def sigmoid_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    with np.errstate(all="ignore"):
        f = sigmoid(z)
        return cotangent * (f * (1 - f))


def tanh(z: Array) -> Array:
    require_array("z", z)
    with np.errstate(all="ignore"):
        return np.tanh(z)


def tanh_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    with np.errstate(all="ignore"):
        f = np.tanh(z)
        return cotangent * (1 - f * f)


def softmax(z: Array) -> Array:
    require_array("z", z)
    with np.errstate(all="ignore"):
        exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)


def cross_entropy(probabilities: Array, labels: Array) -> Array:
    require_array("labels", labels, "N K", require_array("probabilities", probabilities, "N K"))
    with np.errstate(all="ignore"):
        return -np.where(labels == 0, 0, labels * np.log(probabilities)).sum(axis=-1)


def softmax_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    require_array("labels", labels, "N K", require_array("logits", logits, "N K"))
    with np.errstate(all="ignore"):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log_normalizer = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return (labels * (log_normalizer - shifted)).sum(axis=-1)


def softmax_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    examples, _ = require_array("labels", labels, "N K", require_array("logits", logits, "N K"))
    require_array("cotangent", cotangent, "N", (examples,))
    with np.errstate(all="ignore"):
        return cotangent[:, None] * (softmax(logits) * labels.sum(axis=-1, keepdims=True) - labels)


def conv2d(images: Array, filters: Array, *, strides: int | Pair = 1, padding: str = "valid") -> Array:
    where = require_convolution(images, filters, strides, padding)
    with np.errstate(all="ignore"):
        windows = window_view(pad(images, where, 0), filters.shape[:2], where)
        return np.tensordot(windows, filters, axes=((3, 4, 5), (2, 0, 1)))


def conv2d_vjp(
    images: Array, filters: Array, cotangent: Array, *, strides: int | Pair = 1, padding: str = "valid"
) -> Conv2DGradients:
    where = require_convolution(images, filters, strides, padding)
    require_array("cotangent", cotangent, "N OH OW F", (len(images), *where.outputs, filters.shape[3]))
    padded = pad(images, where, 0)
    d_padded = np.zeros_like(padded)
    with np.errstate(all="ignore"):
        windows = window_view(padded, filters.shape[:2], where)
        d_filters = np.tensordot(windows, cotangent, axes=((0, 1, 2), (0, 1, 2))).transpose(1, 2, 0, 3)
        for cell in np.ndindex(*filters.shape[:2]):
            d_padded[reached(cell, where)] += cotangent @ filters[cell].T
    return Conv2DGradients(crop(d_padded, where), d_filters)


def max_pool2d(
    images: Array, *, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: str = "valid"
) -> Array:
    where, size = require_pooling(images, pool_size, strides, padding)
    with np.errstate(all="ignore"):
        return window_view(pad(images, where, -np.inf), size, where).max(axis=(4, 5))


def max_pool2d_vjp(
    images: Array,
    cotangent: Array,
    *,
    pool_size: int | Pair = 2,
    strides: int | Pair | None = None,
    padding: str = "valid",
) -> Array:
    where, size = require_pooling(images, pool_size, strides, padding)
    require_array("cotangent", cotangent, "N OH OW C", (len(images), *where.outputs, images.shape[3]))
    padded = pad(images, where, -np.inf)
    d_padded = np.zeros_like(padded)
    with np.errstate(all="ignore"):
        windows = window_view(padded, size, where)
        inside = window_view(pad(np.ones_like(images, bool), where, False), size, where)
        largest = (windows == windows.max(axis=(4, 5), keepdims=True)) | np.isnan(windows)
        first = (largest & inside).reshape(*cotangent.shape, -1).argmax(axis=-1)
        for place, cell in enumerate(np.ndindex(*size)):
            d_padded[reached(cell, where)] += np.where(first == place, cotangent, 0)
    return crop(d_padded, where)


def forward_pass(inputs: Array, weights: Arrays, biases: Arrays) -> ForwardPass:
    require_network(inputs, weights, biases)
    weighted_sums: list[Array] = []
    activations = [inputs]
    for matrix, bias in zip(weights, biases, strict=True):
        weighted_sums.append(dense(activations[-1], matrix, bias))
        activations.append((softmax if len(weighted_sums) == len(weights) else relu)(weighted_sums[-1]))
    return ForwardPass(tuple(weighted_sums), tuple(activations[1:]))


def backpropagation(inputs: Array, weights: Arrays, biases: Arrays, labels: Array) -> Backpropagation:
    weighted_sums, activations = forward_pass(inputs, weights, biases)
    logits, count = weighted_sums[-1], len(inputs)
    require_array("labels", labels, "N K", logits.shape)
    gradients: list[DenseGradients] = []
    with np.errstate(all="ignore"):
        loss = softmax_cross_entropy_with_logits(logits, labels).sum() / inputs.dtype.type(count)
        cotangent = softmax_cross_entropy_with_logits_vjp(logits, labels, np.ones(count, inputs.dtype)) / count
        for layer in reversed(range(len(weights))):
            layer_inputs = activations[layer - 1] if layer > 0 else inputs
            gradients.insert(0, dense_vjp(layer_inputs, weights[layer], biases[layer], cotangent))
            cotangent = relu_vjp(weighted_sums[layer - 1], gradients[0].inputs) if layer > 0 else cotangent
    return Backpropagation(loss, tuple(g.weights for g in gradients), tuple(g.bias for g in gradients))


def place_windows(argument: str, size: Pair, window: Pair, strides: Any, padding: Any) -> Windows:
    """Where a window stands on an image; "same" pads until there are ⌈size/stride⌉ places, the odd cell behind."""
    steps = require_pair("strides", strides)
    same = require_choice("padding", padding, ("valid", "same")) == "same"
    places, pads = [], []
    for length, extent, step in zip(size, window, steps, strict=True):
        if not same and extent > length:
            raise InvalidArgument(argument, f"a window no larger than the image's {list(size)}", str(list(window)))
        count = -(-length // step) if same else 1 + (length - extent) // step
        missing = max(0, (count - 1) * step + extent - length) if same else 0
        places.append(count)
        pads.append((missing // 2, missing - missing // 2))
    return Windows((pads[0], pads[1]), (places[0], places[1]), steps)


def pad(images: Array, where: Windows, value: float) -> Array:
    return np.pad(images, ((0, 0), *where.padding, (0, 0)), constant_values=value)


def crop(padded: Array, where: Windows) -> Array:
    (top, bottom), (left, right) = where.padding
    return padded[:, top : padded.shape[1] - bottom, left : padded.shape[2] - right]


def window_view(padded: Array, size: Sequence[int], where: Windows) -> Array:
    """Every window of padded images: [N, OH, OW, C, window rows, window columns]."""
    rows, columns = where.strides
    return sliding_window_view(padded, tuple(size), axis=(1, 2))[:, ::rows, ::columns]


def reached(cell: Sequence[int], where: Windows) -> tuple[slice, ...]:
    """The pixels of padded images that lie under one cell of the window, at each of its places."""
    steps = zip(cell, where.outputs, where.strides, strict=True)
    return slice(None), *(slice(start, start + count * step, step) for start, count, step in steps)


def learning_rates(learning_rate: Any, epochs: int, dtype: np.dtype[Any]) -> Array:
    """One learning rate for each epoch, from a number, a sequence of them, or a function of the epoch's number."""
    if callable(learning_rate):
        learning_rate = [learning_rate(epoch) for epoch in range(1, epochs + 1)]
    rates = np.asarray(learning_rate)
    if rates.dtype.kind not in "iuf" or rates.shape not in ((), (epochs,)):
        wanted = f"a number, {epochs} numbers for as many epochs, or a function of the epoch's number"
        raise InvalidArgument("learning_rate", wanted, f"{learning_rate!r:.60}")
    return np.broadcast_to(rates.astype(dtype), (epochs,))


def require_array(
    argument: str, value: Any, axes: str = "", shape: Sequence[int] | None = None, kinds: str = "f"
) -> tuple[int, ...]:
    """Return the shape of an array that isn't empty and has the kind, the axes and the shape wanted."""
    wanted = f"a non-empty array [{axes.replace(' ', ', ')}]" + (f" of shape {list(shape)}" if shape else "")
    if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds:
        raise InvalidArgument(argument, f"{wanted} of numbers", f"{getattr(value, 'dtype', type(value).__name__)}")
    fits = value.ndim == len(axes.split()) if axes else value.ndim > 0
    if value.size == 0 or not fits or (shape is not None and value.shape != tuple(shape)):
        raise InvalidArgument(argument, wanted, f"shape {list(value.shape)}")
    return tuple(value.shape)


def require_cotangent(z: Array, cotangent: Array) -> None:
    shape = require_array("z", z)
    require_array("cotangent", cotangent, " ".join(map(str, shape)), shape)


def require_labels(labels: Array, count: int) -> None:
    require_array("labels", labels, "N", (count,), kinds="iuf")
    if not np.isin(labels, (1, -1)).all():
        raise InvalidArgument("labels", "+1 or -1 for each example", f"{np.unique(labels)}")


def require_dense(inputs: Array, weights: Array, bias: Array) -> None:
    _, features = require_array("inputs", inputs, "N D")
    _, units = require_array("weights", weights, "D H")
    require_array("weights", weights, "D H", (features, units))
    require_array("bias", bias, "H", (units,))


def require_network(inputs: Array, weights: Arrays, biases: Arrays) -> None:
    for argument, layers in (("weights", weights), ("biases", biases)):
        if not isinstance(layers, tuple) or not layers:
            raise InvalidArgument(argument, "a tuple of arrays, one for each layer", type(layers).__name__)
    if len(weights) != len(biases):
        raise InvalidArgument("biases", f"{len(weights)} vectors for as many weight matrices", str(len(biases)))
    _, features = require_array("inputs", inputs, "N D")
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        _, units = require_array(f"weights[{layer}]", matrix, "D H")
        require_array(f"weights[{layer}]", matrix, "D H", (features, units))
        require_array(f"biases[{layer}]", bias, "H", (units,))
        features = units


def require_convolution(images: Array, filters: Array, strides: Any, padding: Any) -> Windows:
    _, rows, columns, channels = require_array("images", images, "N H W C")
    kernel_rows, kernel_columns, _, count = require_array("filters", filters, "KH KW C F")
    require_array("filters", filters, "KH KW C F", (kernel_rows, kernel_columns, channels, count))
    return place_windows("filters", (rows, columns), (kernel_rows, kernel_columns), strides, padding)


def require_pooling(images: Array, pool_size: Any, strides: Any, padding: Any) -> tuple[Windows, Pair]:
    _, rows, columns, _ = require_array("images", images, "N H W C")
    size = require_pair("pool_size", pool_size)
    return place_windows("pool_size", (rows, columns), size, size if strides is None else strides, padding), size
