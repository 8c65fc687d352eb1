"""Softmax and its relatives by other formulas: the same function, and other errors."""

from __future__ import annotations

from reference.activations import require_cotangent
from reference.arrays import Array, require_array, total
from reference.elementary import exp, maximum
from reference.softmax import along_last_axis, log_softmax_of_row

__all__ = ["exponentiated_log_softmax_vjp", "online_softmax"]


def online_softmax(z: Array) -> Array:
    """`softmax` with its maximum and its normalizer found in one pass over the row.

    Why: a row that doesn't fit into fast memory is read once instead of twice: whenever a larger entry comes, what was
    summed so far is scaled down to it. Attention on GPUs is computed so. Each scaling multiplies the errors of all
    exponentials before it.

    Formula:
        m₁ = z₁, s₁ = 1; mᵢ = max(mᵢ₋₁, zᵢ), sᵢ = sᵢ₋₁·e^(mᵢ₋₁ - mᵢ) + e^(zᵢ - mᵢ); σ(z)ᵢ = e^(zᵢ - m_K)/s_K

    Args:
        z: [..., K], of any rank from 1.

    Returns:
        [..., K], entries in [0, 1], rows summing to 1.

    Raises:
        InvalidArgument: as `softmax`.

    Source:
        Milakov and Gimelshein, Online Normalizer Calculation for Softmax, algorithm 3.

    >>> online_softmax([[1000.0, 1000.0], [-2.53, 211.85]])[0]
    [0.5, 0.5]
    """
    require_array("z", z)
    return along_last_axis(_online_softmax_of_row, z)


def _online_softmax_of_row(row: Array) -> Array:
    m, normalizer = row[0], 1
    for score in row[1:]:
        larger = maximum(m, score)
        normalizer = normalizer * exp(m - larger) + exp(score - larger)
        m = larger
    return [exp(score - m) / normalizer for score in row]


def exponentiated_log_softmax_vjp(z: Array, cotangent: Array) -> Array:
    """`log_softmax_vjp` with the probabilities as exponentials of what the forward pass returned.

    Why: only the logarithms are kept from the forward pass. Each is rounded to its own size, and the exponential makes
    that a relative error: it grows with the distance of a score from the largest one.

    Formula:
        d zᵢ = gᵢ - e^lᵢ·Σⱼ gⱼ, with l = log_softmax(z) and g the cotangent, along the last axis

    Args:
        z: the input of `log_softmax`, [..., K].
        cotangent: the loss's gradient with respect to `log_softmax(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `log_softmax_vjp`.

    Source:
        TensorFlow's and PyTorch's gradients of log_softmax, which take its result.

    >>> exponentiated_log_softmax_vjp([0.0, 0.0], [-1.0, 0.0])
    [-0.5, 0.5]
    """
    require_cotangent(z, cotangent)
    return along_last_axis(_exponentiated_log_softmax_vjp_of_row, z, cotangent)


def _exponentiated_log_softmax_vjp_of_row(row: Array, gradients: Array) -> Array:
    mass = total(gradients)
    logarithms = log_softmax_of_row(row)
    return [gradient - exp(logarithm) * mass for logarithm, gradient in zip(logarithms, gradients, strict=True)]
