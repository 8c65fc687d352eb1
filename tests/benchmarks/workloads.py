"""What is timed: the slides' five algorithms, on the slides' own examples and at the sizes of its networks.

The large ones compute with integers that float32 holds exactly whatever the order of summation, so that all contestants
must return the same numbers. A processor takes the same time for them as for any others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.choices import Chance
from conformance.drawing import Draw
from conformance.fixtures import exact, worked_examples
from conformance.operations import operations
from conformance.pools import Budget, pool
from reference.arrays import elementwise

BATCH = 100
#: Multiplications and additions of a call with odd lengths.
MOST_ODD_WORK = 1e8

#: Logits that differ by no less than this have a softmax of exactly 0 and 1 in float32, since e⁻¹²⁸ is less than half
#: of its smallest number.
SATURATION = 128


@dataclass(frozen=True)
class Workload:
    """One call of an operation, with what it costs."""

    name: str
    operation: str
    arguments: dict[str, Any]
    #: Multiplications and additions of the formula, those with padding included. On a slide's own example, where the
    #: call itself takes the time, neither this nor the next.
    flops: int = 0
    #: Bytes read and written, for an operation that hardly computes.
    traffic: int = 0
    #: How many examples of the batch have exact results; 0 if results are held to the reference's error bounds instead.
    exact: int = 0

    def first(self, count: int) -> dict[str, Any]:
        """The arguments with only so many examples of the batch."""
        batched = ("images", "inputs", "labels")
        return {name: value[:count] if name in batched else value for name, value in self.arguments.items()}


def workloads() -> list[Workload]:
    """All of them, by algorithm."""
    by_foot = slide_example("by-foot")
    labels = floats(
        next(example for example in worked_examples() if example.name == "by-foot-labels").printed["labels"]
    )
    network = integer_network(784, 200, 10)
    layers = network_flops(network)
    return [
        Workload("perceptron, 5 examples of the slide", "perceptron_sgd", slide_example("trace")),
        Workload("forward pass, by foot", "forward_pass", by_foot),
        Workload("forward pass, 784-200-10", "forward_pass", without_labels(network), sum(layers), exact=BATCH),
        Workload("conv2d, 3×3 with 2×2 of the slide", "conv2d", slide_example("mechanics")),
        integer_convolution((28, 28, 1), (3, 3, 1, 12), 1),
        integer_convolution((28, 28, 12), (6, 6, 12, 24), 2),
        integer_convolution((14, 14, 24), (6, 6, 24, 32), 2),
        odd_convolution(),
        Workload("max pool, 6×6 with 2×2 of the slide", "max_pool2d", slide_example("max-pooling-example")),
        integer_pooling((28, 28, 12), 2),
        Workload("backpropagation, by foot", "backpropagation", {**by_foot, "labels": labels}),
        # The mean over 64 examples is exact, the one over 100 isn't. The first layer passes no gradient on.
        Workload("backpropagation, 784-200-10", "backpropagation", network, 3 * sum(layers) - layers[0], exact=64),
    ]


def slide_example(name: str) -> dict[str, Any]:
    """The arguments of a slide's worked example as arrays."""
    arguments = next(example for example in worked_examples() if example.name == name).arguments
    arrays = {key: floats(value) if isinstance(value, (list, tuple)) else value for key, value in arguments.items()}
    if "labels" in arrays:
        arrays["labels"] = arrays["labels"].astype(np.int64)
    return arrays


def floats(value: Any) -> Any:
    """A fixture's array in float32, or a tuple of them."""
    if isinstance(value, tuple):
        return tuple(map(floats, value))
    return np.array(elementwise(lambda cell: float(exact(cell)), value), np.float32)


def integers(low: int, high: int, *shape: int) -> np.ndarray:
    """The same integers from low to high in every run."""
    return np.random.default_rng(math.prod(shape)).integers(low, high, shape, endpoint=True).astype(np.float32)


def integer_convolution(image: tuple[int, int, int], filters: tuple[int, int, int, int], stride: int) -> Workload:
    """A batch of images convolved with padding "same"."""
    arguments = {"images": integers(-8, 8, BATCH, *image), "filters": integers(-4, 4, *filters)}
    outputs = math.prod(-(-length // stride) for length in image[:2])
    name = f"conv2d, {times(image)} * {times(filters)}, stride {stride}"
    settings = {"strides": stride, "padding": "same"}
    return Workload(name, "conv2d", arguments | settings, 2 * BATCH * outputs * math.prod(filters), exact=BATCH)


def odd_convolution() -> Workload:
    """The configuration at the edges of tiles that costs most, with no length that a tile or a vector divides."""
    operation = operations()["conv2d"]
    edges = pool(operation.space, Budget(MOST_ODD_WORK, math.inf), 0).edges
    odd = [c for c in edges if all(c[name] % 2 for name in operation.space.sizes)]
    largest = max(odd, key=operation.space.work)
    arguments = operation.draw_call(Draw(Chance(0, largest), "float32", "swept"))
    shapes = [times(arguments[name].shape[start:]) for name, start in (("images", 1), ("filters", 0))]
    name = f"conv2d, {' * '.join(shapes)}, stride {largest.SH}×{largest.SW}, batch of {largest.N}"
    return Workload(name, "conv2d", arguments, int(operation.space.work(largest)), exact=largest.N)


def integer_pooling(image: tuple[int, int, int], size: int) -> Workload:
    """A batch of images pooled."""
    images = integers(-99, 99, BATCH, *image)
    traffic = images.nbytes + images.nbytes // size**2
    arguments = {"images": images, "pool_size": size}
    return Workload(f"max pool, {times(image)}, {size}×{size}", "max_pool2d", arguments, traffic=traffic, exact=BATCH)


def integer_network(features: int, hidden: int, classes: int) -> dict[str, Any]:
    """A batch, and a network whose logits are so far apart that its softmax is exactly 0 and 1."""
    weights = integers(-1, 1, features, hidden), SATURATION * integers(-1, 1, hidden, classes)
    biases = integers(-9, 9, hidden), SATURATION * integers(-9, 9, classes)
    labels = np.eye(classes, dtype=np.float32)[np.arange(BATCH) % classes]
    return {"inputs": integers(0, 3, BATCH, features), "weights": weights, "biases": biases, "labels": labels}


def without_labels(network: dict[str, Any]) -> dict[str, Any]:
    """What a forward pass needs."""
    return {name: value for name, value in network.items() if name != "labels"}


def network_flops(network: dict[str, Any]) -> list[int]:
    """Multiplications and additions of the matrix product of each layer."""
    return [2 * len(network["inputs"]) * matrix.size for matrix in network["weights"]]


def times(lengths: tuple[int, ...]) -> str:
    """A shape as it is spoken: 28×28×12."""
    return "×".join(map(str, lengths))
