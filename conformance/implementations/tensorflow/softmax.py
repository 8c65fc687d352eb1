"""Softmax, its logarithm and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.tensorflow.calls import SINCE, is_empty, leniency, numbers, shape
from conformance.implementations.tensorflow.environment import ONEDNN, WITH_ONEDNN
from conformance.implementations.tensorflow.tape import vjp
from conformance.outcomes import Severity
from reference.alternatives import exponentiated_log_softmax_vjp

__all__ = ["log_softmax", "log_softmax_vjp", "softmax", "softmax_vjp"]


def softmax(z: Any) -> Any:
    return tf.nn.softmax(z).numpy()


def softmax_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(tf.nn.softmax, (z,), cotangent)[0]


def log_softmax(z: Any) -> Any:
    return tf.nn.log_softmax(z).numpy()


def log_softmax_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(tf.nn.log_softmax, (z,), cotangent)[0]


def broadcast_rows(z: Any, cotangent: Any) -> bool:
    """Whether TensorFlow makes arrays of one shape of these, which they aren't of."""
    both = shape(z), shape(cotangent)
    wide = np.broadcast_shapes(*both)
    return both[0] != () and (both != (wide, wide) or 0 in wide)


def partly_undefined_row(z: Any) -> bool:
    """Whether a row has NaN or +∞ beside other numbers: all of it should be NaN."""
    undefined = np.isnan(z) | (z == np.inf)
    return bool((undefined.any(axis=-1) & ~undefined.all(axis=-1)).any())


ALGORITHMS = {"log_softmax_vjp": exponentiated_log_softmax_vjp}

KNOWN_DEVIATIONS = [
    *(
        leniency(
            operation,
            "an empty array is taken for a valid one",
            lambda z, **_: is_empty(z),
            {"z": numbers(0)},
            "an empty array",
        )
        for operation in ("softmax", "log_softmax")
    ),
    leniency(
        "softmax_vjp",
        "scores and cotangents are broadcast to each other, and may be empty",
        broadcast_rows,
        {"z": numbers(1, 2), "cotangent": numbers(2)},
        "the gradient for arrays of the larger shape",
    ),
    leniency(
        "log_softmax_vjp",
        "scores and cotangents are broadcast to each other, and may be empty",
        lambda z, cotangent: shape(cotangent) != () and broadcast_rows(z, cotangent),
        {"z": numbers(1, 2), "cotangent": numbers(2)},
        "the gradient for arrays of the larger shape",
    ),
    Deviation(
        operation="softmax",
        reason="in a row with NaN or +∞ some numbers become 0",
        severity=Severity.SPECIAL_VALUES,
        calls=lambda z, **_: partly_undefined_row(z),
        smallest={"z": np.array([np.nan, 0, 1])},
        instead="[NaN, 0, 0]",
        since=SINCE,
        dtypes=("float32",),
        here=ONEDNN,
        where=WITH_ONEDNN,
    ),
]
