"""Convolutions and their gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.tensorflow.calls import (
    SINCE,
    Pair,
    cut,
    infinite_or_nan,
    is_cut,
    is_empty,
    leniency,
    none_as_nan,
    numbers,
    places,
    shape,
)
from conformance.implementations.tensorflow.environment import AVX512, ONEDNN, WITH_ONEDNN
from conformance.implementations.tensorflow.tape import vjp
from conformance.implementations.tensorflow.windows import SPELLED
from conformance.outcomes import Severity

__all__ = ["conv2d", "conv2d_vjp"]


def conv2d(images: Any, filters: Any, *, strides: int | tuple[int, int] = 1, padding: str = "valid") -> Any:
    return tf.nn.conv2d(images, filters, strides, SPELLED[padding]).numpy()


def conv2d_vjp(
    images: Any, filters: Any, cotangent: Any, *, strides: int | tuple[int, int] = 1, padding: str = "valid"
) -> Any:
    return vjp(lambda x, w: tf.nn.conv2d(x, w, strides, SPELLED[padding]), (images, filters), cotangent)


def places_of(images: Any, filters: Any, strides: Any, padding: str) -> Pair:
    """How many places the filters have on images of any number of axes, and of their channels; raises if none."""
    *_, rows, columns, channels = shape(images)
    kernel_rows, kernel_columns, kernel_channels, _ = shape(filters)
    if channels != kernel_channels or is_empty(filters):
        raise ValueError("filters of other channels")
    return places((rows, columns), (kernel_rows, kernel_columns), cut(strides), padding)


def further_axes(images: Any, filters: Any, strides: Any = 1, padding: str = "valid") -> bool:
    return len(shape(images)) > 4 and 0 not in places_of(images, filters, strides, padding)


def no_images(images: Any, filters: Any, strides: Any = 1, padding: str = "valid") -> bool:
    return shape(images)[0] == 0 and len(places_of(images, filters, strides, padding)) == 2


def no_pixels_or_filters(images: Any, filters: Any, **_: Any) -> bool:
    return 0 in shape(images)[1:] or is_empty(filters)


def too_large_filters(images: Any, filters: Any, strides: Any = 1, padding: str = "valid") -> bool:
    groups, rest = divmod(shape(images)[-1], shape(filters)[2])
    group = images[..., : filters.shape[2]] if groups > 1 and rest == 0 else images
    return not is_empty(images) and 0 in places_of(group, filters, strides, padding)


def groups_of_channels(images: Any, filters: Any, strides: Any = 1, padding: str = "valid") -> bool:
    groups, rest = divmod(shape(images)[3], shape(filters)[2])
    fits = groups > 1 and rest == 0 and shape(filters)[3] % groups == 0
    return fits and len(places_of(images[..., : filters.shape[2]], filters, strides, padding)) == 2


def cut_strides(images: Any, filters: Any, strides: Any = 1, padding: str = "valid") -> bool:
    return is_cut(strides) and 0 not in places_of(images, filters, strides, padding)


def has_size_of_output(cotangent: Any, images: Any, filters: Any, strides: Any = 1, padding: str = "valid") -> bool:
    shape(cotangent)
    outputs = places_of(images[..., : filters.shape[2]], filters, strides, padding)
    return bool(cotangent.size == math.prod((*shape(images)[:-3], *outputs, shape(filters)[3])))


def unchecked_cotangent(images: Any, filters: Any, cotangent: Any, strides: Any = 1, padding: str = "valid") -> bool:
    if is_empty(cotangent) or is_empty(images):
        return len(places_of(images, filters, strides, padding)) == 2
    one_image = len(images) == 1 and shape(cotangent)[:2] == (1, 1) and cotangent.ndim == 5
    return one_image and has_size_of_output(cotangent, images, filters, strides, padding)


def one_place_too_many(images: Any, filters: Any, cotangent: Any, strides: Any = 1, padding: str = "valid") -> bool:
    """Whether a filter is larger than the image by less than a step, and the cotangent has one place for it."""
    where = 0 in places_of(images, filters, strides, padding)
    sizes = zip(shape(images)[1:3], shape(filters)[:2], cut(strides), strict=True)
    outputs = [1 + int((length - extent) / step) for length, extent, step in sizes]
    return where and shape(cotangent) == (len(images), *outputs, filters.shape[3])


def too_few_axes(images: Any, filters: Any, **_: Any) -> bool:
    return len(shape(images)) < 4 and not is_empty(filters)


def unwritten_rows(images: Any, filters: Any, strides: Any = 1, padding: str = "valid") -> bool:
    where = require_convolution(images, filters, strides, padding)
    several = len(images) > 1 and where.outputs[0] > 1 and filters.shape[1] > 1
    return several and images.shape[3] == 1 and where.outputs[1] == 1 and where.strides[0] == 1 < where.strides[1]


def windows_beyond_image(images: Any, filters: Any, strides: Any = 1, padding: str = "valid", **_: Any) -> bool:
    """Whether only windows that don't fit into the image would begin in some cells, and filters aren't finite."""
    where = require_convolution(images, filters, strides, padding)
    sizes = zip(images.shape[1:3], where.outputs, where.strides, strict=True)
    begins = any(count * step < length for length, count, step in sizes)
    return padding == "valid" and begins and bool(infinite_or_nan(filters).any())


def beyond_workspace(images: Any, filters: Any, strides: Any = 1, **_: Any) -> bool:
    few = shape(images)[3] < (16 if AVX512 else 8)
    return few and shape(filters)[:2] == (1, 1) and max(cut(strides)) > 1


CALL = {"images": numbers(1, 1, 1, 1), "filters": numbers(1, 1, 1, 1)}
CALL_VJP = {**CALL, "cotangent": numbers(1, 1, 1, 1)}
#: Of other lengths more calls are survived: what is written beyond the workspace meets memory that nobody uses.
LONG_CALL: dict[str, Any] = {
    "images": numbers(1, 4096, 2, 1),
    "filters": numbers(1, 1, 1, 1),
    "cotangent": numbers(1, 4096, 1, 1),
    "strides": (1, 2),
}
WITHOUT_BATCH: dict[str, Any] = {"images": numbers(1, 1, 1)}
IN_ONEDNN: dict[str, Any] = {"dtypes": ("float32",), "here": ONEDNN, "where": WITH_ONEDNN}

KNOWN_DEVIATIONS = [
    leniency(
        "conv2d",
        "further axes are taken for batches",
        further_axes,
        {**CALL, "images": numbers(1, 1, 1, 1, 1)},
        "a convolution of each image",
    ),
    leniency(
        "conv2d_vjp",
        "further axes are taken for batches",
        lambda cotangent, **call: further_axes(**call) and has_size_of_output(cotangent, **call),
        {**CALL_VJP, "images": numbers(1, 1, 1, 1, 1)},
        "the gradients of a convolution of each image, with the cotangent's elements in their order in memory",
    ),
    leniency(
        "conv2d",
        "a batch may be empty",
        no_images,
        {**CALL, "images": numbers(0, 1, 1, 1)},
        "an empty array; with oneDNN in float32 of the images' shape",
    ),
    leniency(
        "conv2d_vjp",
        "a batch may be empty",
        lambda cotangent, **call: no_images(**call) and has_size_of_output(cotangent, **call),
        {**CALL_VJP, "images": numbers(0, 1, 1, 1), "cotangent": numbers(0, 1, 1, 1)},
        "an empty array, and zeros for the filters",
    ),
    leniency(
        "conv2d",
        "rows, columns, channels and filters may be none",
        no_pixels_or_filters,
        {**CALL, "images": numbers(1, 0, 1, 1)},
        "an empty array, or zeros",
    ),
    none_as_nan("conv2d", {**CALL, "filters": np.array([[[[None]]]])}),
    leniency(
        "conv2d",
        "filters may be larger than the image by less than two steps",
        too_large_filters,
        {**CALL, "filters": numbers(2, 1, 1, 1)},
        "an empty array; with oneDNN in float32 zeros in the images' shape",
    ),
    leniency(
        "conv2d",
        "channels may be a multiple of the filters' channels",
        groups_of_channels,
        {"images": numbers(1, 1, 1, 2), "filters": numbers(1, 1, 1, 2)},
        "a convolution in groups",
    ),
    leniency(
        "conv2d_vjp",
        "channels may be a multiple of the filters' channels",
        lambda cotangent, **call: groups_of_channels(**call) and has_size_of_output(cotangent, **call),
        {"images": numbers(1, 1, 1, 2), "filters": numbers(1, 1, 1, 2), "cotangent": numbers(1, 1, 1, 2)},
        "gradients of one group",
        **IN_ONEDNN,
    ),
    leniency(
        "conv2d",
        "strides are cut down to integers, and None counts as 1",
        cut_strides,
        {**CALL, "strides": 1.5},
        "the convolution with strides 1",
    ),
    leniency(
        "conv2d_vjp",
        "strides are cut down to integers, and None counts as 1",
        lambda cotangent, **call: cut_strides(**call) and has_size_of_output(cotangent, **call),
        {**CALL_VJP, "strides": 1.5},
        "the gradients with strides 1",
    ),
    leniency(
        "conv2d_vjp",
        "beside an empty array, or with further axes for one image, the cotangent's shape isn't looked at",
        unchecked_cotangent,
        {**CALL_VJP, "cotangent": numbers(0, 1, 1, 1)},
        "zeros, or the gradients of the cotangent without those axes",
        **IN_ONEDNN,
    ),
    leniency(
        "conv2d_vjp",
        "filters may be larger than the image by less than a step",
        one_place_too_many,
        {**CALL_VJP, "filters": numbers(2, 1, 1, 1), "strides": 2},
        "the gradients of the part inside the image",
        **IN_ONEDNN,
    ),
    *(
        Deviation(
            operation=operation,
            reason="images of fewer than four axes end the process",
            severity=Severity.CRASH,
            calls=too_few_axes,
            smallest={**call, **WITHOUT_BATCH},
            instead="SIGABRT",
            since=SINCE,
            reported="tensorflow#111453",
            **IN_ONEDNN,
        )
        for operation, call in (("conv2d", CALL), ("conv2d_vjp", CALL_VJP))
    ),
    Deviation(
        operation="conv2d",
        reason="with one channel, an output one column wide and strides that pass over columns only, oneDNN's "
        "brg_conv_fwd:avx512_core leaves the rows after the first unwritten",
        severity=Severity.WRONG_NUMBERS,
        calls=unwritten_rows,
        smallest={
            "images": np.array([1.0, 2, -3, 4]).reshape(2, 2, 1, 1),
            "filters": np.array([1.0, 2]).reshape(1, 2, 1, 1),
            "strides": (1, 2),
            "padding": "same",
        },
        instead="0, or what the memory held before: 1 0 -3 0",
        since=SINCE,
        dtypes=("float32",),
        here=ONEDNN and AVX512,
        where=f"on AVX-512 {WITH_ONEDNN}",
    ),
    Deviation(
        operation="conv2d_vjp",
        reason="with 1×1 filters, strides and fewer channels than a vector holds, oneDNN's jit_1x1 writes beyond its "
        "workspace: wrong gradients of the filters, other ones each time, where it doesn't end the process",
        severity=Severity.CRASH,
        calls=beyond_workspace,
        smallest=LONG_CALL,
        instead="SIGSEGV or SIGABRT; of small images wrong numbers in up to 7 calls of 10",
        since=SINCE,
        reported="oneDNN#6035",
        **IN_ONEDNN,
    ),
    Deviation(
        operation="conv2d_vjp",
        reason="windows that would begin inside the image and don't fit into it count as windows with a cotangent of 0",
        severity=Severity.SPECIAL_VALUES,
        calls=windows_beyond_image,
        smallest={
            "images": numbers(1, 1, 4, 1),
            "filters": np.full((1, 2, 1, 1), np.inf),
            "cotangent": numbers(1, 1, 1, 1),
            "strides": (1, 3),
        },
        instead="0·∞, NaN, where no window reaches",
        since=SINCE,
        **IN_ONEDNN,
    ),
]
