"""The slides' networks for handwritten digits, and the numbers that training starts from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from fast.cpu.convolutional_network import Parameters
from fast.training.digits import CLASSES, SIDE
from fast.validation.convolution import Geometry, slide


class Network(NamedTuple):
    """Convolutions with relu, padding "same", then dense layers with relu, dropout, and the output layer.

    Args:
        name: what the slides call it.
        kernels: the side of each convolution's square filters, and how many there are.
        strides: the step of each convolution.
        hidden: the units of each hidden dense layer.
        rate: with which probability dropout drops a unit before the output layer.
    """

    name: str
    kernels: tuple[tuple[int, int], ...]
    strides: tuple[int, ...]
    hidden: tuple[int, ...]
    rate: float = 0.0

    @property
    def geometries(self) -> list[Geometry]:
        """Where the windows of each convolution stand."""
        size, found = (SIDE, SIDE), []
        for (side, _), stride in zip(self.kernels, self.strides, strict=True):
            found.append(slide("filters", size, (side, side), stride, "same"))
            size = found[-1].output_rows, found[-1].output_columns
        return found

    @property
    def shapes(self) -> list[list[tuple[int, ...]]]:
        """The shapes of the arrays in each of the groups of `Parameters`."""
        channels, size, filters = 1, SIDE * SIDE, []
        for (side, count), where in zip(self.kernels, self.geometries, strict=True):
            filters.append((side, side, channels, count))
            channels, size = count, where.output_rows * where.output_columns
        units = (size * channels, *self.hidden, CLASSES)
        weights: list[tuple[int, ...]] = [*pairwise(units)]
        return [filters, [shape[-1:] for shape in filters], weights, [shape[-1:] for shape in weights]]


CONVOLUTIONS = ((3, 12), (6, 24), (6, 32))
#: ruppert-ml2: "MNIST Results" (Dense, Deep Network, Convolutional Network), "CNN" and "Dropout".
NETWORKS = {
    "dense": Network("one dense layer, 784-10", (), (), ()),
    "deep": Network("deep network, 784-200-100-60-30-10", (), (), (200, 100, 60, 30)),
    "cnn": Network("convolutional network", CONVOLUTIONS, (1, 2, 2), (200,)),
    "cnn-dropout": Network("convolutional network with dropout", CONVOLUTIONS, (1, 2, 2), (200,), 0.5),
}


def count_parameters(network: Network) -> int:
    """How many numbers a network learns."""
    return sum(math.prod(shape) for group in network.shapes for shape in group)


def parameters_in(numbers: np.ndarray, network: Network) -> Parameters:
    """A network's parameters as views of one vector: what is done to all of them is done in one pass."""
    groups, start = [], 0
    for shapes in network.shapes:
        arrays = []
        for shape in shapes:
            arrays.append(numbers[start : start + math.prod(shape)].reshape(shape))
            start += math.prod(shape)
        groups.append(tuple(arrays))
    return Parameters(*groups)


def initial_numbers(network: Network, seed: int) -> np.ndarray:
    """Draw a network's weights from normal distributions that keep the size of what passes a relu; biases are 0.

    Formula: standard deviation √(2/terms) of a weighted sum of so many terms (He, Zhang, Ren and Sun, 2015).
    """
    numbers, rng = np.zeros(count_parameters(network), np.float32), np.random.default_rng((seed, 0))
    parameters = parameters_in(numbers, network)
    for weights in (*parameters.filters, *parameters.weights):
        terms = math.prod(weights.shape[:-1])
        weights[...] = rng.standard_normal(weights.shape) * math.sqrt(2 / terms)
    return numbers


def shaped(images: np.ndarray, network: Network) -> np.ndarray:
    """Images [N, 28, 28] as the network takes them: with a channel, or for dense layers as rows."""
    return images.reshape(len(images), SIDE, SIDE, 1) if network.kernels else images.reshape(len(images), -1)


def lengths_of_mask(network: Network, count: int) -> Sequence[int]:
    """The shape of a dropout's mask for so many examples."""
    return count, network.shapes[2][-1][0]
