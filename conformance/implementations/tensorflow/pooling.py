"""Poolings and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.numpy.pooling import require_pooling
from conformance.implementations.numpy.windows import pad, window_view
from conformance.implementations.tensorflow.calls import (
    SINCE,
    Pair,
    cut,
    is_cut,
    is_empty,
    leniency,
    numbers,
    places,
    shape,
)
from conformance.implementations.tensorflow.environment import EIGEN_DTYPES, ONEDNN, WITH_ONEDNN
from conformance.implementations.tensorflow.tape import vjp
from conformance.implementations.tensorflow.windows import SPELLED
from conformance.outcomes import Severity
from reference.alternatives import reciprocal_average_pool2d_vjp
from reference.errors import InvalidArgument

__all__ = ["average_pool2d", "average_pool2d_vjp", "max_pool2d", "max_pool2d_vjp"]


def max_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return max_pool(images, pool_size, strides, padding).numpy()


def max_pool2d_vjp(
    images: Any, cotangent: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Any:
    return vjp(lambda x: max_pool(x, pool_size, strides, padding), (images,), cotangent)[0]


def max_pool(images: Any, pool_size: Any, strides: Any, padding: str) -> Any:
    # Given a NumPy array of float64, this operation alone would compute in float32.
    return tf.nn.max_pool2d(
        tf.convert_to_tensor(images), pool_size, pool_size if strides is None else strides, SPELLED[padding]
    )


def average_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return average_pool(images, pool_size, strides, padding).numpy()


def average_pool2d_vjp(
    images: Any, cotangent: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Any:
    # Of a cotangent of another shape, the gradient's kernel may write beyond the end of its result, and the process
    # ends then, or at some later call: what can't be undone isn't tried.
    if average_pool(tf.constant(images), pool_size, strides, padding).shape != np.shape(cotangent):
        raise ValueError("a cotangent of another shape than the averages have")
    return vjp(lambda x: average_pool(x, pool_size, strides, padding), (images,), cotangent)[0]


def average_pool(images: Any, pool_size: Any, strides: Any, padding: str) -> Any:
    return tf.nn.avg_pool2d(
        tf.convert_to_tensor(images), pool_size, pool_size if strides is None else strides, SPELLED[padding]
    )


def places_of(images: Any, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Pair:
    """How many places the window has, as TensorFlow reads its size and strides; raises if none."""
    _, rows, columns, _ = shape(images)
    window = cut(pool_size)
    return places((rows, columns), window, window if strides is None else cut(strides), padding)


def no_images(images: Any, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> bool:
    return is_empty(images) and len(places_of(images, pool_size, strides, padding)) == 2


def cut_sizes(images: Any, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> bool:
    is_any_cut = is_cut(pool_size) or (strides is not None and is_cut(strides))
    return is_any_cut and 0 not in places_of(images, pool_size, strides, padding)


def fits_output(cotangent: Any, images: Any, **how: Any) -> bool:
    return shape(cotangent) == (len(images), *places_of(images, **how), images.shape[3])


def too_large_window(images: Any, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> bool:
    return not is_empty(images) and 0 in places_of(images, pool_size, strides, padding)


def window_a_step_too_wide(images: Any, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> bool:
    """Whether there is no place for the window's columns, by TensorFlow's rule and by oneDNN's alike."""
    _, *size, _ = shape(images)
    sizes = zip(size, cut(pool_size), cut(pool_size if strides is None else strides), strict=True)
    rows, columns = ((extent > length, step <= extent - length < 2 * step) for length, extent, step in sizes)
    return padding == "valid" and columns == (True, True) and rows in ((False, False), (True, True))


def windows_of(images: Any, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    """What lies in every window: [N, OH, OW, C, window rows, window columns]; raises for what is no valid call."""
    where, size = require_pooling(images, pool_size, strides, padding)
    return window_view(pad(images, where, -np.inf), size, where)


def window_with_nan(images: Any, cotangent: Any = None, **how: Any) -> bool:
    return bool(np.isnan(windows_of(images, **how)).any())


def window_of_minus_infinity(images: Any, **how: Any) -> bool:
    return bool((windows_of(images, **how) == -np.inf).all(axis=(4, 5)).any())


def has_average_gradient(
    images: Any, cotangent: Any, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> bool:
    """Whether TensorFlow takes a cotangent of some shape for a gradient of averages."""
    (batch, *size, channels), (examples, *counts, wide) = shape(images), shape(cotangent)
    if len(places_of(images, pool_size, strides, padding)) != 2 or is_empty(images) or is_empty(cotangent):
        return len(size) == len(counts) == 2
    steps = cut(pool_size if strides is None else strides)
    reached = all((count - 1) * step <= length for length, count, step in zip(size, counts, steps, strict=True))
    return examples <= batch and wide <= channels and reached


def is_average_gradient(
    images: Any, cotangent: Any, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> bool:
    """Whether a call is one that the reference has a gradient for."""
    try:
        where, _ = require_pooling(images, pool_size, strides, padding)
    except InvalidArgument:
        return False
    return shape(cotangent) == (len(images), *where.outputs, images.shape[3])


CALL = {"images": numbers(1, 1, 1, 1), "pool_size": 1}
CALL_VJP = {**CALL, "cotangent": numbers(1, 1, 1, 1)}
ONE_AND_NAN = {"images": np.array([1, np.nan]).reshape(1, 1, 2, 1), "pool_size": (1, 2)}
IN_ONEDNN: dict[str, Any] = {"dtypes": ("float32",), "here": ONEDNN, "where": WITH_ONEDNN}

POOLINGS = ("max_pool2d", "average_pool2d")

#: The gradient of an average multiplies by the reciprocal of the number of cells.
ALGORITHMS = {"average_pool2d_vjp": reciprocal_average_pool2d_vjp}

KNOWN_DEVIATIONS = [
    *(
        leniency(
            operation, "a batch may be empty", no_images, {**CALL, "images": numbers(0, 1, 1, 1)}, "an empty array"
        )
        for operation in POOLINGS
    ),
    leniency(
        "max_pool2d_vjp",
        "a batch may be empty",
        lambda cotangent, **call: no_images(**call) and fits_output(cotangent, **call),
        {**CALL_VJP, "images": numbers(0, 1, 1, 1), "cotangent": numbers(0, 1, 1, 1)},
        "an empty array",
    ),
    *(
        leniency(
            operation,
            "window sizes and strides are cut down to integers, and a window size of None counts as 1",
            cut_sizes,
            {**CALL, "strides": 1.5},
            "the pooling with the integers",
        )
        for operation in POOLINGS
    ),
    leniency(
        "max_pool2d_vjp",
        "window sizes and strides are cut down to integers, and a window size of None counts as 1",
        lambda cotangent, **call: cut_sizes(**call) and fits_output(cotangent, **call),
        {**CALL_VJP, "strides": 1.5},
        "the gradient with the integers",
    ),
    leniency(
        "max_pool2d",
        "the window may be larger than the image by less than two steps",
        too_large_window,
        {**CALL, "pool_size": (2, 1)},
        "an empty array",
        dtypes=EIGEN_DTYPES,
        where="where Eigen pools: in float64, and in float32 without oneDNN",
    ),
    leniency(
        "max_pool2d",
        "a window larger than the image by less than two steps has no place, where it doesn't end the process",
        lambda images, **how: too_large_window(images, **how) and not window_a_step_too_wide(images, **how),
        {**CALL, "pool_size": (2, 1), "strides": 1},
        "an empty array",
        **IN_ONEDNN,
    ),
    leniency(
        "average_pool2d",
        "the window may be larger than the image by less than two steps",
        too_large_window,
        {**CALL, "pool_size": (2, 1)},
        "an empty array",
    ),
    leniency(
        "average_pool2d_vjp",
        "whatever the pooling accepts has a gradient",
        lambda **call: has_average_gradient(**call) and not is_average_gradient(**call),
        {**CALL_VJP, "strides": 1.5},
        "the gradient of that pooling",
    ),
    *(
        leniency(
            operation,
            "images of five axes are taken for volumes, of which the last axis is lost",
            lambda images, **_: len(shape(images)) == 5,
            {**CALL, "images": numbers(1, 1, 1, 1, 1)},
            "an array of four axes",
            **IN_ONEDNN,
        )
        for operation in POOLINGS
    ),
    *(
        Deviation(
            operation=operation,
            reason="a window wider than the image by one step to two ends the process: it divides by a width of 0",
            severity=Severity.CRASH,
            calls=lambda images, cotangent=None, **how: window_a_step_too_wide(images, **how),
            smallest={**call, "pool_size": (1, 2), "strides": 1},
            instead="SIGFPE",
            since=SINCE,
            **IN_ONEDNN,
        )
        for operation, call in (("max_pool2d", CALL), ("max_pool2d_vjp", CALL_VJP))
    ),
    Deviation(
        operation="max_pool2d",
        reason="NaN in a window is passed over",
        severity=Severity.SPECIAL_VALUES,
        calls=window_with_nan,
        smallest=ONE_AND_NAN,
        instead="the largest of the numbers: 1",
        since=SINCE,
    ),
    Deviation(
        operation="max_pool2d",
        reason="the maximum starts from the lowest finite number instead of -∞",
        severity=Severity.SPECIAL_VALUES,
        calls=window_of_minus_infinity,
        smallest={**CALL, "images": np.full((1, 1, 1, 1), -np.inf)},
        instead="the lowest finite number",
        since=SINCE,
    ),
    Deviation(
        operation="max_pool2d_vjp",
        reason="NaN in a window is passed over, so that a number gets the gradient",
        severity=Severity.SPECIAL_VALUES,
        calls=window_with_nan,
        smallest={**ONE_AND_NAN, "cotangent": numbers(1, 1, 1, 1)},
        instead="the gradient at the largest of the numbers: [1, 0]",
        since=SINCE,
    ),
]
