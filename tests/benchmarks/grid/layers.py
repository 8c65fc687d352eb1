"""Layers with a bias and relu, and their gradients: dense and convolutional ones, of the slides' network.

All weighted sums are odd, so that none of them is at relu's kink, where gradients may differ.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.benchmarks.grid.cell import BATCH, Cell, integers, times
from tests.benchmarks.grid.convolution import FIRST, ONE_IMAGE, SECOND, affordable, name_of, outputs

#: Examples × features × units.
FIRST_DENSE, ONE_EXAMPLE, ODD = (BATCH, 784, 200), (1, 784, 200), (97, 331, 203)
#: What the reference can afford of the gradients, whose text it reads with the way forward.
FEW = 5, 31, 17


def cells() -> list[Cell]:
    """Forward and back."""
    return [
        dense(*FIRST_DENSE, together=True),
        dense(*ONE_EXAMPLE),
        dense(*ODD),
        convolution(*FIRST),
        convolution(*SECOND, together=True),
        convolution(*ONE_IMAGE),
        dense_vjp(*FIRST_DENSE),
        dense_vjp(*ODD),
        convolution_vjp(*FIRST),
        convolution_vjp(*SECOND),
        convolution_vjp(*ONE_IMAGE),
    ]


def dense(examples: int, features: int, units: int, **choices: Any) -> Cell:
    """A dense layer with relu."""

    def draw() -> dict[str, Any]:
        inputs, weights = integers(-8, 8, examples, features), 2 * integers(-4, 4, features, units)
        return {"inputs": inputs, "weights": weights, "bias": odd(units), "activation": "relu"}

    name, count = f"dense layer with relu, {times((examples, features, units))}", 2 * examples * features * units
    return Cell(name, "dense_layer", draw, count, exact=examples, **choices)


def dense_vjp(examples: int, features: int, units: int) -> Cell:
    """Its gradients: two products, and the one forward that tells relu's slope."""

    def draw(examples: int = examples, features: int = features, units: int = units) -> dict[str, Any]:
        return {**dense(examples, features, units).draw(), "cotangent": integers(-4, 4, examples, units)}

    name, count = f"dense layer with relu vjp, {times((examples, features, units))}", 6 * examples * features * units
    return Cell(name, "dense_layer_vjp", draw, count, exact=examples, small=lambda: draw(*FEW))


def convolution(images: tuple[int, ...], filters: tuple[int, ...], stride: int, **choices: Any) -> Cell:
    """A batch of images through a convolutional layer with relu and padding "same"."""

    def draw() -> dict[str, Any]:
        arrays = {"images": integers(-8, 8, *images), "filters": 2 * integers(-4, 4, *filters)}
        return {**arrays, "bias": odd(filters[3]), "activation": "relu", "strides": stride, "padding": "same"}

    count = 2 * math.prod(outputs(images, filters, stride)[:3]) * math.prod(filters)
    name = name_of("conv2d with relu", images, filters, str(stride))
    return Cell(name, "convolutional_layer", draw, count, exact=images[0], small=lambda: affordable(draw()), **choices)


def convolution_vjp(images: tuple[int, ...], filters: tuple[int, ...], stride: int) -> Cell:
    """Its gradients, and the convolution forward that tells relu's slope."""
    forward = convolution(images, filters, stride)

    def draw() -> dict[str, Any]:
        return {**forward.draw(), "cotangent": integers(-4, 4, *outputs(images, filters, stride))}

    def small() -> dict[str, Any]:
        few = affordable(draw())
        few["images"] = few["images"][:, :9, :9].copy()
        rows, columns = outputs(few["images"].shape, few["filters"].shape, stride)[1:3]
        return {**few, "cotangent": few["cotangent"][:, :rows, :columns].copy()}

    name = name_of("conv2d with relu vjp", images, filters, str(stride))
    return Cell(name, "convolutional_layer_vjp", draw, 3 * forward.operations, exact=images[0], small=small)


def odd(units: int) -> np.ndarray:
    """Odd numbers, from -9 to 9."""
    return 2 * integers(-5, 4, units) + np.float32(1)
