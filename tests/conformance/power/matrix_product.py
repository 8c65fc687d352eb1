"""Matrix products: operands turned, edges of tiles, and sums of too few bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy import MatrixProductGradients
from conformance.implementations.numpy.arguments import Array
from conformance.operation import Arguments
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import (
    BAD_INPUT,
    BOUND,
    GRADIENTS,
    LATTICE,
    LAWS,
    SPECIAL,
    named,
    right,
    wrong,
)
from tests.conformance.power.pieces import copied, one_by_one, rounded_to, through_a_wider_format, wider, zeroed


def product_call(rows: int, depth: int, columns: int) -> Arguments:
    return {"a": numbers(rows, depth), "b": numbers(depth, columns, salt=1)}


def product_vjp_call(rows: int, depth: int, columns: int) -> Arguments:
    return {**product_call(rows, depth, columns), "cotangent": numbers(rows, columns, salt=2)}


def of_sizes(condition: Callable[[int, int, int], bool]) -> Callable[..., bool]:
    """Whether a product, or its gradient, has so many rows, so great a depth and so many columns."""
    return lambda a, b, *_: condition(*a.shape, b.shape[1])


# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong(
    "matrix_product",
    LATTICE,
    LAWS,
    cases=200,
    where=of_sizes(lambda n, k, m: k == m > 1),
    witness=product_call(2, 3, 3),
)
def square_operand_taken_for_its_transpose(a: Array, b: Array) -> Array:
    """b is thought to lie column by column, which only a square one doesn't refuse."""
    return a @ b.T


@wrong("matrix_product", LATTICE, cases=200, where=of_sizes(lambda n, k, m: n == k > 1), witness=product_call(3, 3, 2))
def square_first_operand_read_by_columns(a: Array, b: Array) -> Array:
    """a is thought to lie column by column."""
    return a.T @ b


@wrong(
    "matrix_product", BOUND, LATTICE, cases=200, where=of_sizes(lambda n, k, m: k == m), witness=product_call(1, 2, 2)
)
def product_of_places(a: Array, b: Array) -> Array:
    """a·b entry by entry, stretched over the rows, where shapes let it pass."""
    return a * b[:1] if len(a) != len(b) else a * b


def _tile(name: str, says: str, cut: Callable[[Array, Array], Array], call: Arguments, where: object) -> None:
    def function(a: Array, b: Array) -> Array:
        return cut(a, b)

    function.__doc__ = says
    wrong("matrix_product", LATTICE, cases=200, where=where, witness=call)(named(name)(function))


_tile(
    "last_row_of_a_tile_dropped",
    "Rows after full tiles of eight are computed without the last one, which stays 0.",
    lambda a, b: zeroed(a @ b, np.s_[-1]),
    product_call(9, 2, 3),
    of_sizes(lambda n, k, m: n > 8 and n % 8 > 0),
)
_tile(
    "last_column_of_a_tile_is_the_one_before",
    "Columns after full vectors of 16 are stored one place too far left.",
    lambda a, b: copied(a @ b, np.s_[:, -1], np.s_[:, -2]),
    product_call(2, 3, 17),
    of_sizes(lambda n, k, m: m > 16 and m % 16 == 1),
)
_tile(
    "odd_depth_loses_its_last_product",
    "Two products at a time, and none for one that is left over.",
    lambda a, b: a[:, :-1] @ b[:-1],
    product_call(2, 5, 3),
    of_sizes(lambda n, k, m: k > 4 and k % 2 == 1),
)
_tile(
    "second_piece_of_the_depth_overwrites_the_first",
    "The depth runs in pieces of 64, and each piece stores its sums instead of adding them.",
    lambda a, b: a[:, 64 * ((a.shape[1] - 1) // 64) :] @ b[64 * ((len(b) - 1) // 64) :],
    product_call(2, 65, 2),
    of_sizes(lambda n, k, m: k > 64),
)


@wrong("matrix_product", LATTICE, cases=200)
def product_of_inputs_in_bfloat16(a: Array, b: Array) -> Array:
    """Tensor cores: inputs of 8 bits, sums of 24."""
    return rounded_to(8, a) @ rounded_to(8, b)


@wrong("matrix_product", LATTICE, cases=200)
def product_of_inputs_in_tf32(a: Array, b: Array) -> Array:
    """Inputs of 11 bits, as some GPUs have it unless they are told otherwise."""
    return rounded_to(11, a) @ rounded_to(11, b)


@wrong("matrix_product", LATTICE, BOUND, cases=200)
def product_summed_in_half_precision(a: Array, b: Array) -> Array:
    """Every sum so far is rounded to 11 bits."""
    total = np.zeros((len(a), b.shape[1]), a.dtype)
    for k in range(a.shape[1]):
        total = rounded_to(11, total + np.outer(a[:, k], b[k]))
    return total


@wrong("matrix_product", BOUND, cases=200, witness={"a": np.array([[1e4, 1.0], [1.0, 1e-4]]), "b": np.eye(2) * 0.1})
def product_by_strassen_unannounced(a: Array, b: Array) -> Array:
    """Seven products of quarters instead of eight, whose sums cancel: errors of the largest entry, everywhere."""
    if a.shape[0] % 2 or a.shape[1] % 2 or b.shape[1] % 2:
        return a @ b
    (n, k), m = a.shape, b.shape[1]
    a11, a12, a21, a22 = a[: n // 2, : k // 2], a[: n // 2, k // 2 :], a[n // 2 :, : k // 2], a[n // 2 :, k // 2 :]
    b11, b12, b21, b22 = b[: k // 2, : m // 2], b[: k // 2, m // 2 :], b[k // 2 :, : m // 2], b[k // 2 :, m // 2 :]
    p1, p2, p3 = (a11 + a22) @ (b11 + b22), (a21 + a22) @ b11, a11 @ (b12 - b22)
    p4, p5 = a22 @ (b21 - b11), (a11 + a12) @ b22
    p6, p7 = (a21 - a11) @ (b11 + b12), (a12 - a22) @ (b21 + b22)
    return np.block([[p1 + p4 - p5 + p7, p3 + p5], [p2 + p4, p1 - p2 + p3 + p6]])


@wrong("matrix_product", f"{SPECIAL}: NaN", cases=200)
def product_that_skips_zeros(a: Array, b: Array) -> Array:
    """Where a is 0 nothing is added, and NaN beside it is lost."""
    terms = np.where(a[:, :, None] == 0, 0, a[:, :, None] * b[None])
    return one_by_one(np.moveaxis(terms, 1, 0))


@wrong("matrix_product", f"{BAD_INPUT}: b is refused", cases=200)
def product_of_what_fits(a: Array, b: Array) -> Array:
    """Rows of b that are too many are left out."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.ndim == b.ndim == 2 and a.size and b.size:
        return base.matrix_product(a, b[: a.shape[1]])
    return base.matrix_product(a, b)


@wrong("matrix_product_vjp", LATTICE, cases=200, witness=product_vjp_call(2, 2, 2))
def gradients_of_the_other_sides(a: Array, b: Array, cotangent: Array) -> MatrixProductGradients:
    """Of square matrices, bᵀ·g and g·aᵀ: the right factors on the wrong sides."""
    if len({*a.shape, *b.shape}) > 1:
        return base.matrix_product_vjp(a, b, cotangent)
    return MatrixProductGradients(b.T @ cotangent, cotangent @ a.T)


@wrong(
    "matrix_product_vjp",
    LATTICE,
    LAWS,
    GRADIENTS,
    cases=200,
    where=of_sizes(lambda n, k, m: k == m > 1),
    witness=product_vjp_call(2, 3, 3),
)
def gradient_without_the_transpose(a: Array, b: Array, cotangent: Array) -> MatrixProductGradients:
    """g·b, which fits where b is square."""
    return MatrixProductGradients(cotangent @ b, a.T @ cotangent)


@wrong("matrix_product_vjp", LATTICE, LAWS, GRADIENTS, cases=200, witness=product_vjp_call(3, 2, 2))
def gradient_averaged_over_the_batch(a: Array, b: Array, cotangent: Array) -> MatrixProductGradients:
    """The second gradient is divided by the number of rows, as a mean loss would have it."""
    return MatrixProductGradients(cotangent @ b.T, a.T @ cotangent / len(a))


@wrong(
    "matrix_product_vjp",
    LATTICE,
    cases=200,
    where=of_sizes(lambda n, k, m: n > 32),
    witness=product_vjp_call(33, 2, 2),
)
def gradient_of_32_rows(a: Array, b: Array, cotangent: Array) -> MatrixProductGradients:
    """A block of threads sums over 32 rows, and no other block adds to it."""
    return MatrixProductGradients(cotangent @ b.T, a[:32].T @ cotangent[:32])


# --- right ------------------------------------------------------------------------------------------------------------


@right("matrix_product")
def product_of_outer_products(a: Array, b: Array) -> Array:
    """The depth outermost, from its end."""
    return one_by_one((a[:, :, None] * b[None]).transpose(1, 0, 2)[::-1])


@right("matrix_product")
def product_of_transposes(a: Array, b: Array) -> Array:
    """(bᵀ·aᵀ)ᵀ."""
    return np.ascontiguousarray((b.T @ a.T).T)


@right("matrix_product")
def product_in_pieces_of_the_depth(a: Array, b: Array) -> Array:
    """Pieces of seven, each a product of its own, added up."""
    return one_by_one(np.array([a[:, k : k + 7] @ b[k : k + 7] for k in range(0, len(b), 7)]))


@right("matrix_product_vjp")
def gradients_with_sums_in_the_wider_format(a: Array, b: Array, cotangent: Array) -> MatrixProductGradients:
    """Sums in the next wider format, one gradient after the other."""
    wide = wider(a.dtype)
    of_b = a.T.astype(wide) @ cotangent.astype(wide)
    return MatrixProductGradients((cotangent.astype(wide) @ b.T.astype(wide)).astype(a.dtype), of_b.astype(a.dtype))


through_a_wider_format("matrix_product")
