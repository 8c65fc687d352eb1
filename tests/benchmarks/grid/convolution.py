"""Convolutions and their gradients: the slides' layers, one image, a layer of today's networks, and odd lengths."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from conformance.choices import Chance
from conformance.drawing import Draw
from conformance.operations import operations
from conformance.pools import Budget, pool
from tests.benchmarks.grid.cell import BATCH, Cell, first, integers, times

#: Multiplications and additions of a call with odd lengths.
MOST_ODD_WORK = 1e8
#: Channels and filters that the reference can afford.
AFFORDABLE = 2

FIRST = (BATCH, 28, 28, 1), (3, 3, 1, 12), 1
SECOND = (BATCH, 28, 28, 12), (6, 6, 12, 24), 2
THIRD = (BATCH, 14, 14, 24), (6, 6, 24, 32), 2
ONE_IMAGE = (1, 28, 28, 12), (6, 6, 12, 24), 2
LARGE = (8, 56, 56, 64), (3, 3, 64, 64), 1


def cells() -> list[Cell]:
    """Forward and back."""
    return [
        convolution(*FIRST, with_reference=True),
        convolution(*SECOND, with_reference=True, together=True),
        convolution(*THIRD, with_reference=True),
        convolution(*ONE_IMAGE),
        convolution(*LARGE),
        odd_convolution("conv2d"),
        *(convolution_vjp(*layer, together=layer is SECOND) for layer in (FIRST, SECOND, THIRD, ONE_IMAGE, LARGE)),
        odd_convolution("conv2d_vjp"),
    ]


def convolution(images: tuple[int, ...], filters: tuple[int, ...], stride: int, **choices: Any) -> Cell:
    """A batch of images convolved with padding "same"."""

    def draw() -> dict[str, Any]:
        arrays = {"images": integers(-8, 8, *images), "filters": integers(-4, 4, *filters)}
        return {**arrays, "strides": stride, "padding": "same"}

    count = 2 * math.prod(outputs(images, filters, stride)[:3]) * math.prod(filters)
    name = name_of("conv2d", images, filters, str(stride))
    return Cell(name, "conv2d", draw, count, exact=images[0], small=lambda: affordable(draw()), **choices)


def convolution_vjp(images: tuple[int, ...], filters: tuple[int, ...], stride: int, **choices: Any) -> Cell:
    """Its gradients: one by the images and one by the filters, either of which costs what the convolution does."""
    forward = convolution(images, filters, stride)

    def draw() -> dict[str, Any]:
        return {**forward.draw(), "cotangent": integers(-4, 4, *outputs(images, filters, stride))}

    name, count = name_of("conv2d vjp", images, filters, str(stride)), 2 * forward.operations
    return Cell(name, "conv2d_vjp", draw, count, exact=images[0], small=lambda: affordable(draw()), **choices)


def outputs(images: tuple[int, ...], filters: tuple[int, ...], stride: int) -> tuple[int, ...]:
    """The shape of what comes of a convolution with padding "same"."""
    return (images[0], *(-(-length // stride) for length in images[1:3]), filters[3])


def affordable(arguments: dict[str, Any]) -> dict[str, Any]:
    """One image, of a few channels, and a few filters."""
    few = first(1, arguments)
    few["filters"] = few["filters"][:, :, :AFFORDABLE]
    return {
        name: value[..., :AFFORDABLE].copy() if isinstance(value, np.ndarray) else value for name, value in few.items()
    }


def odd_convolution(operation: str) -> Cell:
    """The configuration at the edges of tiles that costs most, with no length that a tile or a vector divides."""
    largest = odd_configuration()

    def draw() -> dict[str, Any]:
        return dict(operations()[operation].draw_call(Draw(Chance(0, largest), "float32", "swept")))

    arguments = draw()
    shapes = (arguments[name].shape for name in ("images", "filters"))
    name = name_of(operation.replace("_", " "), *shapes, f"{largest.SH}×{largest.SW}")
    count = int(operations()[operation].space.work(largest))
    return Cell(name, operation, draw, count, exact=largest.N, small=lambda: affordable(draw()))


@cache
def odd_configuration() -> Any:
    """That of the convolution; its gradients have it, too."""
    space = operations()["conv2d"].space
    edges = pool(space, Budget(MOST_ODD_WORK, math.inf), 0).edges
    return max((c for c in edges if all(c[name] % 2 for name in space.sizes)), key=space.work)


def name_of(operation: str, images: tuple[int, ...], filters: tuple[int, ...], stride: str) -> str:
    """The shapes; a batch is named where it isn't the slides'."""
    batch = "" if images[0] == BATCH else f", batch {images[0]}"
    return f"{operation}, {times(images[1:])} * {times(filters)}, stride {stride}{batch}"
