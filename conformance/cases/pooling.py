"""Drawing poolings, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.cases.convolution import output_sizes, places, window_fits
from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space
from reference.convolution import PADDINGS
from reference.numbers import Interval


def _steps(c: Configuration) -> tuple[Any, Any]:
    """Rows and columns from window to window: the window's own where no strides are given, which a 0 stands for."""
    return np.where(np.asarray(c.SH) == 0, c.KH, c.SH), np.where(np.asarray(c.SW) == 0, c.KW, c.SW)


def _cells(c: Configuration) -> Any:
    rows, columns = _steps(c)
    return places(c.H, c.KH, rows, c.padding) * places(c.W, c.KW, columns, c.padding) * c.KH * c.KW


#: So many of them are tried for each case of the law that windows pass on what came in.
CONFIGURATIONS = 4
HOW = ("pool_size", "strides", "padding")
_EVEN = {"N": 2, "H": 8, "W": 8, "C": 3}

POOLING = Space(
    sizes={
        "N": (1, 2, 3, 5),
        "H": EDGES,
        "W": EDGES,
        "C": EDGES,
        "KH": (1, 2, 3, 4, 5, 7, 8),
        "KW": (1, 2, 3, 4, 5, 7, 8),
    },
    choices={"padding": ("valid", "same"), "SH": (0, 1, 2, 3, 4, 5), "SW": (0, 1, 2, 3, 4, 5)},
    small={
        "N": (1, 2, 3),
        "H": range(1, 7),
        "W": range(1, 7),
        "C": (1, 2, 3),
        "KH": range(1, 5),
        "KW": range(1, 5),
        "SH": range(5),
        "SW": range(5),
    },
    valid=lambda c: window_fits(c) & ((np.asarray(c.SH) == 0) == (np.asarray(c.SW) == 0)),
    steps=lambda c: 2 * _cells(c) + c.H * c.W // 2,
    work=lambda c: 2 * _cells(c) * c.N * c.C,
    usual=[
        {"KH": window, "KW": window, "SH": step, "SW": step, "padding": padding}
        for window in (2, 2, 3, 3, 4)
        for step in (0, 1, 2, 2, 3, 4)
        for padding in PADDINGS
    ],
    common={
        "2×2": {**_EVEN, "KH": 2, "KW": 2},
        "2×2, odd image": {**_EVEN, "H": 7, "W": 5, "KH": 2, "KW": 2},
        "2×2, same, odd image": {**_EVEN, "H": 7, "W": 5, "KH": 2, "KW": 2, "padding": "same"},
        "2×2, stride 2": {**_EVEN, "KH": 2, "KW": 2, "SH": 2, "SW": 2},
        "3×3, stride 2": {**_EVEN, "H": 9, "W": 9, "KH": 3, "KW": 3, "SH": 2, "SW": 2},
        "3×3, same, stride 2": {**_EVEN, "KH": 3, "KW": 3, "SH": 2, "SW": 2, "padding": "same"},
        "3×3, stride 1": {**_EVEN, "KH": 3, "KW": 3, "SH": 1, "SW": 1},
        "the whole image": {**_EVEN, "H": 7, "W": 7, "KH": 7, "KW": 7},
        "the slides' feature maps": {"N": 100, "H": 28, "W": 28, "C": 12, "KH": 2, "KW": 2, "SH": 2, "SW": 2},
    },
)


@case(POOLING, Axes(("N H W C",), ("N OH OW C",), "N C"))
def max_pool2d(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {
        "images": draw.array(c.N, c.H, c.W, c.C, distinct=True),
        "pool_size": draw.pair(c.KH, c.KW),
        "strides": draw.pair(c.SH, c.SW) if c.SH else None,
        "padding": c.padding,
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


@case(POOLING, Axes(("N H W C", "N OH OW C"), ("N H W C",), "N C"))
def max_pool2d_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    images, pool_size, strides, padding = max_pool2d.draw(draw, c).values()
    cotangent = draw.array(c.N, *output_sizes(c, c.SH or c.KH, c.SW or c.KW), c.C)
    return {"images": images, "cotangent": cotangent, "pool_size": pool_size, "strides": strides, "padding": padding}


@law(max_pool2d_vjp)
def max_pool2d_vjp_passes_on_as_much_as_came_in(draw: Draw, trial: Trial) -> None:
    """Whatever the windows and however they overlap, the image gets their gradients, once each."""
    for _ in range(CONFIGURATIONS):
        images, cotangent, *how = max_pool2d_vjp(draw).values()
        hyperparameters = dict(zip(HOW, how, strict=True))
        trial.run(draw.choice(*[_tying(images)] * 3, images), cotangent, **hyperparameters)
        # A share of a tie costs a division or two, and a cell adds up one share of each window that covers it.
        operations = 2 + cotangent.size // (cotangent.shape[0] * cotangent.shape[3])
        roundoff = operations * Fraction(trial.subject.arithmetic.accumulation_roundoff)
        slack = np.abs(exact(cotangent)).sum() * roundoff / (1 - roundoff)
        trial.agree(trial.returned[0].sum() + slack * Interval(-1, 1), exact(cotangent).sum())


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


@case(POOLING, Axes(("N H W C",), ("N OH OW C",), "N C"))
def average_pool2d(draw: Draw, c: Configuration) -> dict[str, Any]:
    return max_pool2d.draw(draw, c)


@law(average_pool2d)
def average_pool2d_of_equal_numbers_is_that_number(draw: Draw, trial: Trial) -> None:
    """Also at the edges, where a window has fewer cells: padding that counts, or a fixed divisor, shows."""
    for _ in range(CONFIGURATIONS):
        images, *how = average_pool2d(draw).values()
        flat = np.broadcast_to(images[:, :1, :1], images.shape).copy()
        averages = trial.run(flat, **dict(zip(HOW, how, strict=True)))
        trial.agree(averages, np.broadcast_to(exact(flat[:, :1, :1]), averages.shape))


@law(average_pool2d)
def average_pool2d_keeps_the_mean_of_the_image(draw: Draw, trial: Trial) -> None:
    """Where windows tile the image every cell counts once, and all of them alike."""
    image = _windows(draw)
    trial.agree(4 * trial.run(image, pool_size=2).sum(axis=(1, 2)), exact(image).sum(axis=(1, 2)))


@law(average_pool2d)
def average_pool2d_is_linear(draw: Draw, trial: Trial) -> None:
    """The mean of sums is the sum of means: no maximum, no median is."""
    images, *how = average_pool2d(draw).values()
    others, hyperparameters = draw.array(*images.shape), dict(zip(HOW, how, strict=True))
    together = trial.run(images + others, **hyperparameters)
    trial.agree(together, trial.run(images, **hyperparameters) + trial.run(others, **hyperparameters))


@case(POOLING, Axes(("N H W C", "N OH OW C"), ("N H W C",), "N C"))
def average_pool2d_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return max_pool2d_vjp.draw(draw, c)


@law(average_pool2d_vjp)
def average_pool2d_vjp_passes_on_as_much_as_came_in(draw: Draw, trial: Trial) -> None:
    """However windows overlap, and at the edges too: the shares of a window add up to its gradient."""
    for _ in range(CONFIGURATIONS):
        images, cotangent, *how = average_pool2d_vjp(draw).values()
        gradients = trial.run(images, cotangent, **dict(zip(HOW, how, strict=True)))
        trial.agree(gradients.sum(axis=(1, 2)), exact(cotangent).sum(axis=(1, 2)))


@law(average_pool2d_vjp)
def average_pool2d_vjp_does_not_look_at_the_images(draw: Draw, trial: Trial) -> None:
    """A mean has the same slope everywhere."""
    images, cotangent, *how = average_pool2d_vjp(draw).values()
    hyperparameters = dict(zip(HOW, how, strict=True))
    gradients = trial.run(images, cotangent, **hyperparameters)
    trial.agree(gradients, trial.run(images[:, ::-1] * 3 + 1, cotangent, **hyperparameters))


def _windows(draw: Draw) -> Any:
    """Images that 2×2 windows cover without remainder."""
    batch, rows, columns, channels = draw.sizes(2, 4, 4, 2)
    return draw.array(batch, 2 * rows, 2 * columns, channels)


def _tying(images: Any) -> Any:
    """The same images with three values only, so that cells tie."""
    return np.clip(np.rint(images), -1, 1).astype(images.dtype)


def _by_window(image: Any) -> Any:
    batch, rows, columns, channels = image.shape
    return image.reshape(batch, rows // 2, 2, columns // 2, 2, channels)


def _turned(image: Any) -> Any:
    """Every window turned by half a turn."""
    return _by_window(image)[:, :, ::-1, :, ::-1].reshape(image.shape)
