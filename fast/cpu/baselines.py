"""Baselines: the loss of linear classifiers, and its gradient.

The ladder:
1. NumPy: an array through memory for each of product, difference and maximum.
2. one loop over the examples, which the compiler vectorises: memory is read once and written once.
"""

from __future__ import annotations

import numpy as np

from fast.cpu.arguments import contiguous
from fast.cpu.compilation import compiled
from fast.validation import require_like
from fast.validation.baselines import require_scores

__all__ = ["hinge_loss", "hinge_loss_vjp"]


def hinge_loss(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How far each score is from being on the right side by a margin of 1.

    Args: scores [N]; labels [N], +1 or -1, of any numeric dtype.
    Returns: [N].
    Raises: InvalidArgument, as `reference.hinge_loss`.
    """
    signs, losses = require_scores(scores, labels), np.empty(scores.shape, scores.dtype)
    _hinge(contiguous(scores), contiguous(signs), losses)
    return losses


def hinge_loss_vjp(scores: np.ndarray, labels: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """Carry a gradient back through `hinge_loss`, to its scores.

    Args: scores [N]; labels [N], +1 or -1, of any numeric dtype; cotangent [N].
    Returns: [N].
    Raises: InvalidArgument, as `reference.hinge_loss_vjp`.
    """
    signs = require_scores(scores, labels)
    require_like("cotangent", cotangent, scores.shape, scores.dtype, "of the losses")
    gradients = np.empty(scores.shape, scores.dtype)
    _hinge_vjp(contiguous(scores), contiguous(signs), contiguous(cotangent), gradients)
    return gradients


@compiled()
def _hinge(scores, signs, losses):
    zero, one = scores.dtype.type(0), scores.dtype.type(1)
    for n in range(scores.size):
        lacking = one - signs[n] * scores[n]
        losses[n] = zero if lacking <= zero else lacking


@compiled()
def _hinge_vjp(scores, signs, cotangent, gradients):
    zero, one = scores.dtype.type(0), scores.dtype.type(1)
    for n in range(scores.size):
        gradients[n] = -signs[n] * cotangent[n] if one - signs[n] * scores[n] > zero else zero
