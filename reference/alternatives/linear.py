"""The dense layer by Strassen's product: seven products of blocks instead of eight."""

from __future__ import annotations

from reference.arrays import Array, dot, elementwise, transpose
from reference.linear import require_dense

__all__ = ["strassen_dense"]


def strassen_dense(inputs: Array, weights: Array, bias: Array) -> Array:
    """`dense` by Strassen's product, halved again and again until a matrix is a single row or column.

    Why: the first product of matrices that takes fewer than n³ products: n^2.81. Blocks are added before they are
    multiplied, so an entry's error depends on the largest entries of the whole matrices, not on those of its own row
    and column.

    Formula:
        A·B of halves: C₁₁ = M₁ + M₄ - M₅ + M₇; C₁₂ = M₃ + M₅; C₂₁ = M₂ + M₄; C₂₂ = M₁ - M₂ + M₃ + M₆ with
        M₁ = (A₁₁ + A₂₂)(B₁₁ + B₂₂); M₂ = (A₂₁ + A₂₂)B₁₁; M₃ = A₁₁(B₁₂ - B₂₂); M₄ = A₂₂(B₂₁ - B₁₁);
        M₅ = (A₁₁ + A₁₂)B₂₂; M₆ = (A₂₁ - A₁₁)(B₁₁ + B₁₂); M₇ = (A₁₂ - A₂₂)(B₂₁ + B₂₂)

    Args:
        inputs: [N, D].
        weights: [D, H].
        bias: [H].

    Returns:
        [N, H].

    Raises:
        InvalidArgument: as `dense`.

    Source:
        Strassen, Gaussian Elimination Is Not Optimal; Higham, Accuracy and Stability of Numerical Algorithms, 23.2.2.

    >>> strassen_dense([[1, 2], [3, 4]], [[1, 0, -1], [2, 1, 0]], [10, 20, 30])
    [[15, 22, 29], [21, 24, 27]]
    """
    require_dense(inputs, weights, bias)
    return [[value + b for value, b in zip(row, bias, strict=True)] for row in _product(inputs, weights)]


def _product(left: Array, right: Array) -> Array:
    """The product of two matrices; one of odd size gets a row or column of zeros, which is cut off again."""
    rows, columns = len(left), len(right[0])
    if 1 in (rows, len(right), columns):
        return [[dot(row, column) for column in transpose(right)] for row in left]
    (a, b), (c, d) = _quarters(left)
    (e, f), (g, h) = _quarters(right)
    m1 = _product(_sum(a, d), _sum(e, h))
    m2 = _product(_sum(c, d), e)
    m3 = _product(a, _difference(f, h))
    m4 = _product(d, _difference(g, e))
    m5 = _product(_sum(a, b), h)
    m6 = _product(_difference(c, a), _sum(e, f))
    m7 = _product(_difference(b, d), _sum(g, h))
    upper = _beside(_sum(_difference(_sum(m1, m4), m5), m7), _sum(m3, m5))
    lower = _beside(_sum(m2, m4), _sum(_sum(_difference(m1, m2), m3), m6))
    return [row[:columns] for row in upper + lower][:rows]


def _quarters(matrix: Array) -> Array:
    """The four quarters of a matrix, as two rows of two."""
    rows, columns = -(-len(matrix) // 2), -(-len(matrix[0]) // 2)
    padded = [[*row, *[0] * (2 * columns - len(row))] for row in matrix]
    padded += [[0] * (2 * columns)] * (2 * rows - len(matrix))
    return [
        [[row[:columns] for row in half], [row[columns:] for row in half]] for half in (padded[:rows], padded[rows:])
    ]


def _sum(one: Array, other: Array) -> Array:
    return list(elementwise(lambda x, y: x + y, one, other))


def _difference(one: Array, other: Array) -> Array:
    return list(elementwise(lambda x, y: x - y, one, other))


def _beside(left: Array, right: Array) -> Array:
    return [[*row, *more] for row, more in zip(left, right, strict=True)]
