"""Baselines."""

from __future__ import annotations

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from conformance.implementations.numpy.perceptron import require_labels

__all__ = ["hinge_loss", "hinge_loss_vjp"]


def hinge_loss(scores: Array, labels: Array) -> Array:
    (count,) = require_array("scores", scores, "N")
    require_labels(labels, count)
    with np.errstate(all="ignore"):
        return np.maximum(0, 1 - labels.astype(scores.dtype) * scores)


def hinge_loss_vjp(scores: Array, labels: Array, cotangent: Array) -> Array:
    (count,) = require_array("scores", scores, "N")
    require_labels(labels, count)
    require_array("cotangent", cotangent, "N", (count,))
    signs = labels.astype(scores.dtype)
    with np.errstate(all="ignore"):
        return np.where(1 - signs * scores > 0, -signs * cotangent, scores.dtype.type(0))
