"""Layers by Strassen's products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array
from reference import alternatives
from tests.conformance.claims.ways import computes, telling, wrong


def _strassen(a: Array, b: Array, sign: int = 1, lose: bool = False) -> Array:
    rows, columns = len(a), b.shape[1]
    if 1 in (*a.shape, columns):
        return a @ b
    a, b = (np.pad(m, [(0, size % 2) for size in m.shape]) for m in (a, b))
    if lose and rows % 2:
        a[rows - 1] = 0
    (a11, a12), (a21, a22) = (np.hsplit(half, 2) for half in np.vsplit(a, 2))
    (b11, b12), (b21, b22) = (np.hsplit(half, 2) for half in np.vsplit(b, 2))
    m1, m2 = _strassen(a11 + a22, b11 + b22, sign, lose), _strassen(a21 + a22, b11, sign, lose)
    m3, m4 = _strassen(a11, b12 - b22, sign, lose), _strassen(a22, b21 - b11, sign, lose)
    m5, m6 = _strassen(a11 + a12, b22, sign, lose), _strassen(a21 - a11, b11 + b12, sign, lose)
    m7 = _strassen(a12 - a22, b21 + b22, sign, lose)
    whole = np.block([[m1 + m4 - m5 + sign * m7, m3 + m5], [m2 + m4, m1 - m2 + m3 + m6]])
    return whole[:rows, :columns]


@computes("dense", alternatives.strassen_dense)
def strassen(inputs: Array, weights: Array, bias: Array) -> Array:
    return _strassen(inputs, weights) + bias


@wrong
def strassen_with_a_wrong_sign(inputs: Array, weights: Array, bias: Array) -> Array:
    """The seventh product is subtracted."""
    return _strassen(inputs, weights, sign=-1) + bias


@wrong
def strassen_without_an_odd_row(inputs: Array, weights: Array, bias: Array) -> Array:
    """Where the number of rows is odd, the last one is taken for padding."""
    return _strassen(inputs, weights, lose=True) + bias


@telling
def a_large_entry_in_another_row(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    return strassen, [np.array(m, dtype) for m in ([[0.1, 0.1], [0.1, 1e6]], [[0.1, 0.11], [0.12, 0.13]], [0.1, 0.1])]
