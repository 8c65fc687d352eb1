"""Losses whose labels name a class, by other formulas, in which the size of the logits themselves shows."""

from __future__ import annotations

from reference.arrays import Array, require_array, require_shape
from reference.class_index_losses import require_class_indices
from reference.elementary import exp, where_same
from reference.softmax import log_softmax_of_row

__all__ = ["log_softmax_sparse_softmax_cross_entropy_with_logits_vjp"]


def log_softmax_sparse_softmax_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    """`sparse_softmax_cross_entropy_with_logits_vjp` with the probabilities as exponentials of their logarithms.

    Why: as `log_softmax_cross_entropy_with_logits_vjp`, for labels that are indices.

    Formula:
        d logits[n, i] = cotangent[n]·(e^lᵢ - [i = labels[n]]), with lᵢ = (zᵢ - m) - log Σⱼ e^(zⱼ - m)

    Args:
        logits: [N, K].
        labels: [N], integers from 0 to K - 1.
        cotangent: [N], the loss's gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the logits.

    Raises:
        InvalidArgument: as `sparse_softmax_cross_entropy_with_logits_vjp`.

    Source:
        PyTorch's gradient of log_softmax, which takes its result.

    >>> log_softmax_sparse_softmax_cross_entropy_with_logits_vjp([[0.0, 0.0]], [0], [1.0])
    [[-0.5, 0.5]]
    """
    examples, classes = require_array("logits", logits, "N K")
    require_class_indices(labels, (examples, classes))
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    return [
        [gradient * where_same(label, i, exp(logarithm) - 1, exp(logarithm)) for i, logarithm in enumerate(row)]
        for row, label, gradient in zip(map(log_softmax_of_row, logits), labels, cotangent, strict=True)
    ]
