"""Drawing poolings, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.drawing import Draw
from conformance.laws import Law, exact
from reference.convolution import slide
from reference.errors import require_pair
from reference.numbers import Interval


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


def max_pool2d_is_invariant_inside_a_window(draw: Draw, law: Law) -> None:
    image = _windows(draw)
    law.agree(law.run(image), law.run(np.ascontiguousarray(_turned(image))))


def max_pool2d_commutes_with_rising_functions(draw: Draw, law: Law) -> None:
    image = _windows(draw)
    law.agree(law.run(2 * image - 5), 2 * law.run(image) - 5)


def max_pool2d_vjp(draw: Draw) -> dict[str, Any]:
    images, pool_size, strides, padding = max_pool2d(draw).values()
    window = require_pair("pool_size", pool_size)
    geometry = slide("pool_size", images.shape[1:3], window, strides or window, padding)
    cotangent = draw.array(len(images), *geometry.outputs, images.shape[3])
    return {"images": images, "cotangent": cotangent, "pool_size": pool_size, "strides": strides, "padding": padding}


def max_pool2d_vjp_keeps_the_gradient_of_every_window(draw: Draw, law: Law) -> None:
    # Ties may be split in any way, but what a window passes on must add up to what came in, each share rounded once.
    image = _windows(draw)
    cotangent = draw.array(len(image), image.shape[1] // 2, image.shape[2] // 2, image.shape[3])
    law.run(image, cotangent, pool_size=2)
    shares = _by_window(law.returned[0])
    roundoff = Fraction(law.subject.arithmetic.unit_roundoff)
    slack = np.abs(shares).sum(axis=(2, 4)) * roundoff / (1 - roundoff)
    law.agree(shares.sum(axis=(2, 4)) + slack * Interval(-1, 1), exact(cotangent))


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
