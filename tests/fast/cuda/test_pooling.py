"""Pooling by pieces of 16 bytes and by numbers, with and without overlap: always what the reference says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fast import cuda
from fast.cuda.device import to_device
from fast.cuda.pooling import LARGEST, pool_on_device
from fast.validation.pooling import require_pooling
from tests.fast.cuda.launches import recorded

Arrays = Callable[..., np.ndarray]
Compare = Callable[..., None]

#: Rows and columns of images, window, strides: the last three overlap, the second leaves gaps.
WINDOWS: list[tuple[tuple[int, int], Any, Any]] = [
    ((4, 6), 2, None),
    ((7, 8), (2, 1), (3, 2)),
    ((5, 7), (1, 3), (1, 4)),
    ((3, 4), (3, 4), 1),
    ((5, 6), 3, 2),
    ((4, 5), 2, 1),
    ((6, 5), (3, 2), (1, 2)),
]
SIDES = ["max_pool2d", "average_pool2d"]


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "pool_size", "strides"), WINDOWS)
def test_maxima_of_numbers_with_ties_and_special_values(
    integers: Arrays,
    as_the_reference: Compare,
    size: tuple[int, int],
    pool_size: Any,
    strides: Any,
    padding: str,
    channels: int,
) -> None:
    where: dict[str, Any] = {"pool_size": pool_size, "strides": strides, "padding": padding}
    images = integers(2, *size, channels)
    which = integers(*images.shape)
    for value, special in ((4, np.nan), (3, np.inf), (2, -np.inf), (1, -np.inf)):
        images[which == value] = special
    as_the_reference(cuda.max_pool2d, images, **where)
    as_the_reference(cuda.max_pool2d_vjp, images, integers(*cuda.max_pool2d(images, **where).shape), **where)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "pool_size", "strides"), WINDOWS)
def test_the_first_of_many_smallest_numbers_wins(
    as_the_reference: Compare, dtype: type, size: tuple[int, int], pool_size: Any, strides: Any, padding: str
) -> None:
    where: dict[str, Any] = {"pool_size": pool_size, "strides": strides, "padding": padding}
    images = np.full((1, *size, 4), -np.inf, dtype)
    outputs = cuda.max_pool2d(images, **where)
    assert (outputs == -np.inf).all()
    as_the_reference(cuda.max_pool2d_vjp, images, np.ones_like(outputs), **where)


@pytest.mark.parametrize("name", SIDES)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "pool_size", "strides"), WINDOWS)
def test_bits_do_not_depend_on_how_many_channels_a_thread_takes(
    numbers: Arrays, name: str, size: tuple[int, int], pool_size: Any, strides: Any, padding: str
) -> None:
    where: dict[str, Any] = {"pool_size": pool_size, "strides": strides, "padding": padding}
    forward, backward = getattr(cuda, name), getattr(cuda, f"{name}_vjp")
    images = numbers(2, *size, 8)
    outputs = forward(images, **where)
    cotangent = numbers(*outputs.shape)
    gradients = backward(images, cotangent, **where)
    for c in range(8):
        one, slope = images[..., c : c + 1], cotangent[..., c : c + 1]
        assert np.array_equal(forward(one, **where), outputs[..., c : c + 1])
        assert np.array_equal(backward(one, slope, **where), gradients[..., c : c + 1])


def test_images_that_begin_elsewhere_are_read_by_numbers(integers: Arrays, dtype: type) -> None:
    images = integers(1, 4, 4, 4)
    geometry, window = require_pooling(images, 2, None, "valid")
    expected = images.reshape(2, 2, 2, 2, 4).max((1, 3))[None]
    for begin, kernel in ((0, "largest_of_pieces"), (1, "largest_of_numbers"), (16, "largest_of_pieces")):
        padded = np.concatenate([np.zeros(begin, dtype), images.reshape(-1)])
        on_device = to_device(padded)[begin:].reshape(*images.shape)
        with recorded() as launches:
            result = pool_on_device(LARGEST, on_device, geometry, window)
        assert [launch.kernel for launch in launches] == [f"max_pooling.{kernel}"]
        assert np.array_equal(result.copy_to_host(), expected)


@pytest.mark.parametrize(
    ("name", "strides", "kernels"),
    [
        ("max_pool2d_vjp", 2, ["max_pooling.give"]),
        ("max_pool2d_vjp", (1, 2), ["max_pooling.note", "max_pooling.collect"]),
        ("max_pool2d_vjp", (2, 1), ["max_pooling.note", "max_pooling.collect"]),
        ("average_pool2d_vjp", 3, ["average_pooling.share"]),
        ("average_pool2d_vjp", 1, ["average_pooling.gather"]),
    ],
)
@pytest.mark.parametrize(("channels", "by"), [(4, "pieces"), (5, "numbers")])
def test_windows_that_do_not_overlap_take_one_pass(
    integers: Arrays, name: str, strides: Any, kernels: list[str], channels: int, by: str
) -> None:
    images = integers(1, 5, 5, channels)
    cotangent = getattr(cuda, name.removesuffix("_vjp"))(images, pool_size=2, strides=strides)
    with recorded() as launches:
        getattr(cuda, name)(images, cotangent, pool_size=2, strides=strides)
    assert [launch.kernel for launch in launches] == [f"{kernel}_{by}" for kernel in kernels]
