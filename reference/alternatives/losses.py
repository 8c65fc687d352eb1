"""Losses by other formulas, in which the size of the logits themselves shows."""

from __future__ import annotations

from reference.arrays import Array, dot, require_array, require_shape, total
from reference.elementary import exp, largest, log
from reference.softmax import log_softmax_of_row

__all__ = ["log_softmax_cross_entropy_with_logits_vjp", "log_sum_exp_softmax_cross_entropy_with_logits"]


def log_sum_exp_softmax_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    """`softmax_cross_entropy_with_logits` by log Σ e^z, the maximum added back to it.

    Why: the logarithm of a sum of exponentials is a function of its own in every library, and this is the loss written
    with it. Where all logits are far from 0, adding the maximum rounds to the size of the logits, and the difference
    cancels.

    Formula:
        loss[n] = Σᵢ labels[n, i]·(lse - zᵢ), with z = logits[n], lse = m + log Σⱼ e^(zⱼ - m), m = maxⱼ zⱼ

    Args:
        logits: [N, K], unnormalized scores.
        labels: [N, K], a distribution over the classes in each row, usually one-hot.

    Returns:
        [N], entries ≥ 0.

    Raises:
        InvalidArgument: as `softmax_cross_entropy_with_logits`.

    Source:
        PyTorch's and JAX's logsumexp.

    >>> log_sum_exp_softmax_cross_entropy_with_logits([[1000.0, 0.0]], [[0.0, 1.0]])
    [1000.0]
    """
    require_shape("labels", labels, require_array("logits", logits, "N K"), "as logits has")
    losses = []
    for row, row_labels in zip(logits, labels, strict=True):
        m = largest(row)
        log_sum_exp = m + log(total(exp(score - m) for score in row))
        losses.append(dot(row_labels, [log_sum_exp - score for score in row]))
    return losses


def log_softmax_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    """`softmax_cross_entropy_with_logits_vjp` with the probabilities as exponentials of their logarithms.

    Why: the forward pass has computed log-softmax already, and only that is kept. Its error grows with the distance of
    a logit from the largest one, and the exponential makes it a relative one.

    Formula:
        d logits[n, i] = cotangent[n]·(e^lᵢ·Σⱼ labels[n, j] - labels[n, i]), with lᵢ = (zᵢ - m) - log Σⱼ e^(zⱼ - m)

    Args:
        logits: [N, K].
        labels: [N, K].
        cotangent: [N], the loss's gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the logits.

    Raises:
        InvalidArgument: as `softmax_cross_entropy_with_logits_vjp`.

    Source:
        PyTorch's gradient of log_softmax, which takes its result.

    >>> log_softmax_cross_entropy_with_logits_vjp([[0.0, 0.0]], [[1, 0]], [1.0])
    [[-0.5, 0.5]]
    """
    examples, classes = require_array("logits", logits, "N K")
    require_shape("labels", labels, (examples, classes), "as logits has")
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    return [
        [
            gradient * (exp(logarithm) * total(row_labels) - label)
            for logarithm, label in zip(log_softmax_of_row(row), row_labels, strict=True)
        ]
        for row, row_labels, gradient in zip(logits, labels, cotangent, strict=True)
    ]
