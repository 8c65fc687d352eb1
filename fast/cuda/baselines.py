"""Baselines on the GPU: the loss of linear classifiers, and its gradient. One thread an example; nothing is shared."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.device import cuda, empty, kernel, launch_over, to_device
from fast.validation import require_like
from fast.validation.baselines import require_scores

__all__ = ["hinge_loss", "hinge_loss_vjp"]


@kernel
def hinge_kernel(scores: Any, signs: Any, losses: Any) -> None:
    """`hinge_loss`; what lacks to the margin, and NaN for NaN."""
    zero, one = scores.dtype.type(0), scores.dtype.type(1)
    for n in range(cuda.grid(1), scores.size, cuda.gridsize(1)):
        lacking = one - signs[n] * scores[n]
        losses[n] = zero if lacking <= zero else lacking


@kernel
def hinge_vjp_kernel(scores: Any, signs: Any, cotangent: Any, gradients: Any) -> None:
    """`hinge_loss_vjp`."""
    zero, one = scores.dtype.type(0), scores.dtype.type(1)
    for n in range(cuda.grid(1), scores.size, cuda.gridsize(1)):
        gradients[n] = -signs[n] * cotangent[n] if one - signs[n] * scores[n] > zero else zero


def hinge_loss(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As `reference.hinge_loss`, on the GPU: [N] and [N] to [N]."""
    signs, losses = require_scores(scores, labels), empty(scores.shape, scores.dtype)
    launch_over(hinge_kernel, scores.size, to_device(scores), to_device(signs), losses)
    return losses.copy_to_host()


def hinge_loss_vjp(scores: np.ndarray, labels: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.hinge_loss_vjp`, on the GPU: [N], [N] and [N] to [N]."""
    signs = require_scores(scores, labels)
    require_like("cotangent", cotangent, scores.shape, scores.dtype, "of the losses")
    gradients = empty(scores.shape, scores.dtype)
    launch_over(hinge_vjp_kernel, scores.size, to_device(scores), to_device(signs), to_device(cotangent), gradients)
    return gradients.copy_to_host()
