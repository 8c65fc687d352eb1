"""Drawing poolings, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact
from reference.convolution import slide
from reference.errors import require_pair
from reference.numbers import Interval


@case
def max_pool2d(draw: Draw) -> dict[str, Any]:
    padding = draw.choice("valid", "same")
    batch, rows, columns, channels = draw.sizes(2, 4, 4, 2, long=12)
    window = (draw.integer(1, 3), draw.integer(1, 3))
    if padding == "valid":
        window = (min(window[0], rows), min(window[1], columns))
    return {
        "images": draw.array(batch, rows, columns, channels),
        "pool_size": window,
        "strides": draw.choice(None, 1, (1, 2), (2, 1), 3),
        "padding": padding,
    }


@law(max_pool2d)
def max_pool2d_is_invariant_inside_a_window(draw: Draw, trial: Trial) -> None:
    """What pooling is for: where in the window the maximum stands doesn't matter."""
    image = _windows(draw)
    trial.agree(trial.run(image), trial.run(np.ascontiguousarray(_turned(image))))


@law(max_pool2d)
def max_pool2d_commutes_with_rising_functions(draw: Draw, trial: Trial) -> None:
    """A maximum doesn't care for units; an average with an offset, or padding by zero, does."""
    image = _windows(draw)
    trial.agree(trial.run(2 * image - 5), 2 * trial.run(image) - 5)


@case
def max_pool2d_vjp(draw: Draw) -> dict[str, Any]:
    images, pool_size, strides, padding = max_pool2d(draw).values()
    window = require_pair("pool_size", pool_size)
    geometry = slide("pool_size", images.shape[1:3], window, strides or window, padding)
    cotangent = draw.array(len(images), *geometry.outputs, images.shape[3])
    return {"images": images, "cotangent": cotangent, "pool_size": pool_size, "strides": strides, "padding": padding}


@law(max_pool2d_vjp)
def max_pool2d_vjp_keeps_the_gradient_of_every_window(draw: Draw, trial: Trial) -> None:
    """However ties are split, a window passes on as much as came in."""
    # Ties may be split in any way, but what a window passes on must add up to what came in, each share rounded once.
    image = _windows(draw)
    cotangent = draw.array(len(image), image.shape[1] // 2, image.shape[2] // 2, image.shape[3])
    trial.run(image, cotangent, pool_size=2)
    shares = _by_window(trial.returned[0])
    roundoff = Fraction(trial.subject.arithmetic.unit_roundoff)
    slack = np.abs(shares).sum(axis=(2, 4)) * roundoff / (1 - roundoff)
    trial.agree(shares.sum(axis=(2, 4)) + slack * Interval(-1, 1), exact(cotangent))


def _windows(draw: Draw) -> Any:
    """Images that 2×2 windows cover without remainder."""
    batch, rows, columns, channels = draw.sizes(2, 4, 4, 2)
    return draw.array(batch, 2 * rows, 2 * columns, channels)


def _by_window(image: Any) -> Any:
    batch, rows, columns, channels = image.shape
    return image.reshape(batch, rows // 2, 2, columns // 2, 2, channels)


def _turned(image: Any) -> Any:
    """Every window turned by half a turn."""
    return _by_window(image)[:, :, ::-1, :, ::-1].reshape(image.shape)
