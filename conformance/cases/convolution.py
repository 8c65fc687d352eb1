"""Drawing convolutions, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact, total_of
from conformance.spaces import EDGES, Configuration, Space
from reference.convolution import PADDINGS


def places(length: Any, window: Any, step: Any, padding: Any) -> Any:
    """How many places a window has along one axis."""
    return np.where(np.asarray(padding) == "same", -(-length // step), (length - window) // step + 1)


def window_fits(c: Configuration) -> Any:
    """Whether a window is no larger than the image, where padding doesn't make it fit."""
    return (np.asarray(c.padding) == "same") | ((c.KH <= c.H) & (c.KW <= c.W))


def _windows(c: Configuration) -> Any:
    return places(c.H, c.KH, c.SH, c.padding) * places(c.W, c.KW, c.SW, c.padding)


def output_sizes(c: Configuration, row_stride: int, column_stride: int) -> tuple[int, int]:
    """The rows and columns of a cotangent; 1, where the windows don't fit and there is no right one."""
    lengths = places(c.H, c.KH, row_stride, c.padding), places(c.W, c.KW, column_stride, c.padding)
    return max(int(lengths[0]), 1), max(int(lengths[1]), 1)


SIZES = {
    "N": (1, 2, 3, 4, 5, 8, 9),
    "H": EDGES,
    "W": EDGES,
    "C": EDGES[:18],
    "KH": (1, 2, 3, 4, 5, 6, 7, 8, 9, 11),
    "KW": (1, 2, 3, 4, 5, 6, 7, 8, 9, 11),
    "F": EDGES[:18],
}
CHOICES = {"padding": ("valid", "same"), "SH": (1, 2, 3, 4, 5), "SW": (1, 2, 3, 4, 5)}
SMALL = {
    "N": (1, 2, 3),
    "H": range(1, 7),
    "W": range(1, 7),
    "C": (1, 2, 3),
    "F": (1, 2, 17),
    "KH": range(1, 6),
    "KW": range(1, 6),
    "SH": range(1, 5),
    "SW": range(1, 5),
}
_3X3 = {"N": 2, "H": 8, "W": 8, "C": 3, "KH": 3, "KW": 3, "F": 4}
#: Square kernels at square strides; those that most networks have come more often.
_SQUARE = [(kernel, step, padding) for kernel in (1, 2, 3, 4, 5, 7) for step in (1, 2, 3) for padding in PADDINGS]
_POPULAR = [(3, 1, "same"), (3, 1, "valid"), (3, 2, "same"), (1, 1, "valid"), (6, 2, "same")]
USUAL = [
    {"KH": kernel, "KW": kernel, "SH": step, "SW": step, "padding": padding}
    for kernel, step, padding in [*_SQUARE, *_POPULAR * 3]
]
NETWORKS: dict[str, dict[str, Any]] = {
    "3×3, same, stride 1": {**_3X3, "padding": "same"},
    "3×3, same, stride 1, odd": {**_3X3, "H": 7, "W": 5, "padding": "same"},
    "3×3, same, stride 2": {**_3X3, "SH": 2, "SW": 2, "padding": "same"},
    "3×3, same, stride 2, odd": {**_3X3, "H": 7, "W": 9, "SH": 2, "SW": 2, "padding": "same"},
    "3×3, valid": _3X3,
    "1×1": {"N": 2, "H": 5, "W": 5, "C": 16, "F": 8},
    # The odd cell of an even kernel's padding lies behind; which side it is on shows at both strides.
    "2×2, same": {"N": 2, "H": 5, "W": 4, "C": 2, "KH": 2, "KW": 2, "F": 3, "padding": "same"},
    "4×4, same": {"N": 2, "H": 5, "W": 6, "KH": 4, "KW": 4, "F": 3, "padding": "same"},
    "4×4, same, stride 2": {"N": 2, "H": 6, "W": 5, "KH": 4, "KW": 4, "F": 3, "SH": 2, "SW": 2, "padding": "same"},
    "5×5, same": {"N": 2, "H": 9, "W": 9, "C": 2, "KH": 5, "KW": 5, "F": 3, "padding": "same"},
    "7×7, same, stride 2": {"H": 15, "W": 15, "C": 3, "KH": 7, "KW": 7, "F": 8, "SH": 2, "SW": 2, "padding": "same"},
    "the slides' example": {"H": 3, "W": 3, "KH": 2, "KW": 2},
}

CONVOLUTION = Space(
    sizes=SIZES,
    choices=CHOICES,
    small=SMALL,
    valid=window_fits,
    usual=USUAL,
    steps=lambda c: 2 * _windows(c) * c.KH * c.KW * c.C + (c.H * c.W + c.KH * c.KW) * c.C // 4,
    work=lambda c: 2 * _windows(c) * c.KH * c.KW * c.C * c.N * c.F,
    common={
        **NETWORKS,
        "the slides' first layer": {"N": 100, "H": 28, "W": 28, "KH": 6, "KW": 6, "F": 12, "padding": "same"},
        "the slides' second layer": {
            "N": 100,
            "H": 28,
            "W": 28,
            "C": 12,
            "KH": 6,
            "KW": 6,
            "F": 24,
            "SH": 2,
            "SW": 2,
            "padding": "same",
        },
    },
)
CONVOLUTION_VJP = Space(
    sizes=SIZES,
    choices=CHOICES,
    small={**SMALL, "F": (1, 2, 3)},
    valid=window_fits,
    usual=USUAL,
    steps=lambda c: 4 * _windows(c) * c.KH * c.KW * (c.F + c.N) + (c.H * c.W + c.KH * c.KW) * (c.N + c.F) // 4,
    work=lambda c: 4 * _windows(c) * c.KH * c.KW * c.C * c.N * c.F,
    common={
        **NETWORKS,
        "the slides' first layer": {"N": 2, "H": 28, "W": 28, "KH": 6, "KW": 6, "F": 12, "padding": "same"},
        "the slides' third layer": {
            "N": 8,
            "H": 14,
            "W": 14,
            "C": 24,
            "KH": 6,
            "KW": 6,
            "F": 32,
            "SH": 2,
            "SW": 2,
            "padding": "same",
        },
    },
)


@case(CONVOLUTION, Axes(("N H W C", "KH KW C F"), ("N OH OW F",), "N F"))
def conv2d(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {
        "images": draw.array(c.N, c.H, c.W, c.C),
        "filters": draw.array(c.KH, c.KW, c.C, c.F),
        "strides": draw.pair(c.SH, c.SW),
        "padding": c.padding,
    }


@law(conv2d)
def conv2d_is_linear_in_its_images(draw: Draw, trial: Trial) -> None:
    """Superposition: a bias, a clip or a wrong pixel in some windows breaks it."""
    x, filters, *how = conv2d(draw).values()
    y, hyperparameters = draw.array(*x.shape), dict(zip(("strides", "padding"), how, strict=True))
    both = trial.run(x + 2 * y, filters, **hyperparameters)
    trial.agree(both, trial.run(x, filters, **hyperparameters) + 2 * trial.run(y, filters, **hyperparameters))


@law(conv2d)
def conv2d_is_translation_equivariant(draw: Draw, trial: Trial) -> None:
    """What makes it a convolution: moving the image by a stride moves the result by one place."""
    batch, rows, columns, channels = draw.sizes(2, 4, 4, 2)
    stride = draw.integer(1, 2)
    image = draw.array(batch, rows + 2 + stride, columns + 2 + stride, channels)
    filters = draw.array(draw.integer(1, 3), draw.integer(1, 3), channels, 2)
    whole, moved = (
        trial.run(image, filters, strides=stride),
        trial.run(image[:, stride:, stride:], filters, strides=stride),
    )
    trial.agree(whole[:, 1:, 1:], moved)


@law(conv2d)
def conv2d_with_one_weight_picks_one_pixel(draw: Draw, trial: Trial) -> None:
    """An impulse shows where each tap looks: kernels turned, flipped or off by one."""
    batch, rows, columns = draw.sizes(2, 4, 4)
    image = draw.array(batch, rows + 2, columns + 2, 1)
    a, b = draw.integer(0, 2), draw.integer(0, 2)
    filters = np.zeros((3, 3, 1, 1), draw.dtype)
    filters[a, b] = 1
    trial.agree(trial.run(image, filters), exact(image[:, a : a + rows, b : b + columns]))


@case(CONVOLUTION_VJP, Axes(("N H W C", "KH KW C F", "N OH OW F"), ("N H W C", "KH KW C F"), "N C F"))
def conv2d_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    images, filters, strides, padding = conv2d.draw(draw, c).values()
    cotangent = draw.array(c.N, *output_sizes(c, c.SH, c.SW), c.F)
    return {"images": images, "filters": filters, "cotangent": cotangent, "strides": strides, "padding": padding}


@law(conv2d_vjp)
def conv2d_vjp_is_the_adjoint_of_conv2d(draw: Draw, trial: Trial) -> None:
    """The definition of a gradient of a linear map, and independent of any other gradient."""
    images, filters, cotangent, strides, padding = conv2d_vjp(draw).values()
    gradients = trial.run(images, filters, cotangent, strides=strides, padding=padding)
    # ⟨cotangent, conv2d(images, filters)⟩ is linear in images and in filters: both gradients must give it back.
    trial.agree(total_of(gradients.images * exact(images)), total_of(gradients.filters * exact(filters)))
