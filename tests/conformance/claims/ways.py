"""What computes as the alternatives do, over NumPy arrays: right ones, and what gets wrong in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.numpy.pooling import counts, require_pooling
from conformance.implementations.numpy.windows import crop, pad, reached
from reference import alternatives

BOTH = ("float32", "float64")
#: What the telling calls claim in both formats.
ULPS = {"exp": 3, "log": 4, "tanh": 2}


@dataclass
class Way:
    """A way to compute an operation: its text, a function that computes so, and functions that get it wrong.

    `cases`: how many are to decide where it is got wrong.
    `telling`: gives, for a dtype, a call in which a right function is beyond the bounds of the reference's own text.
    """

    operation: str
    text: Callable[..., Any]
    right: Callable[..., Any]
    cases: int = 200
    wrong: list[Callable[..., Any]] = field(default_factory=list)
    telling: Callable[[str], tuple[Callable[..., Any], list[Array]]] | None = None


WAYS: list[Way] = []


def refusing(operation: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that refuses what is no valid call."""

    @wraps(function)
    def checked(*arguments: Any, **how: Any) -> Any:
        getattr(base, operation)(*arguments, **how)
        with np.errstate(all="ignore"):
            return function(*arguments, **how)

    return checked


def computes(
    operation: str, text: Callable[..., Any], cases: int = 200
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function that computes an operation as a text does, and, for every text, the one that is off by 0.1%."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        way = Way(operation, text, refusing(operation, function), cases)
        WAYS.append(way)

        def a_thousandth_too_much(*arguments: Any, **how: Any) -> Any:
            """Every number is 0.1% too large."""
            result = function(*arguments, **how)
            parts = [part * part.dtype.type(1.001) for part in (result if isinstance(result, tuple) else (result,))]
            return tuple(parts) if isinstance(result, tuple) else parts[0]

        way.wrong.append(refusing(operation, a_thousandth_too_much))
        return function

    return enter


def wrong(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a function that gets the way before it wrong."""
    WAYS[-1].wrong.append(refusing(WAYS[-1].operation, function))
    return function


def telling(call: Callable[[str], tuple[Callable[..., Any], list[Array]]]) -> None:
    """Enter the call in which the way before it is beyond the bounds of the reference's own text."""
    WAYS[-1].telling = call


# --- Winograd ---------------------------------------------------------------------------------------------------------


def _pixels(d: Array, axis: int) -> Array:
    a, b, c, e = np.moveaxis(d, axis, 0)
    return np.stack([a - c, b + c, c - b, b - e], axis)


def _taps(g: Array, axis: int) -> Array:
    a, b, c = np.moveaxis(g, axis, 0)
    half = g.dtype.type(0.5)
    return np.stack([a, half * (a + b + c), half * (a - b + c), c], axis)


def _outputs(m: Array, axis: int) -> Array:
    a, b, c, e = np.moveaxis(m, axis, 0)
    return np.stack([a + b + c, b - c - e], axis)


def _outputs_with_a_wrong_sign(m: Array, axis: int) -> Array:
    a, b, c, e = np.moveaxis(m, axis, 0)
    return np.stack([a + b + c, b - c + e], axis)


def _winograd(
    images: Array,
    filters: Array,
    how: dict[str, Any],
    rounded: Callable[[Array], Array] = lambda values: values,
    outputs: Callable[[Array, int], Array] = _outputs,
    spoil: Callable[[Array, tuple[int, int]], None] = lambda tiles, sizes: None,
) -> Array:
    """All tiles at once: [N, tile rows, tile columns, F, 2, 2], after `spoil` has had its way with them."""
    where = require_convolution(images, filters, how.get("strides", 1), how.get("padding", "valid"))
    if filters.shape[:2] != (3, 3) or where.strides != (1, 1):
        return base.conv2d(images, filters, **how)
    rows, columns = where.outputs
    odd = ((0, 0), (0, rows % 2), (0, columns % 2), (0, 0))
    windows = sliding_window_view(np.pad(pad(images, where, 0), odd), (4, 4), axis=(1, 2))[:, ::2, ::2]
    values, weights = _pixels(_pixels(windows, -1), -2), _taps(_taps(filters, 0), 1)
    products = np.einsum("nijcab,abcf->nijfab", rounded(values), rounded(weights))
    tiles = outputs(_outputs(products, -2), -1)
    spoil(tiles, (rows, columns))
    whole = tiles.transpose(0, 1, 4, 2, 5, 3).reshape(len(images), 2 * tiles.shape[1], 2 * tiles.shape[2], -1)
    return np.ascontiguousarray(whole[:, :rows, :columns])


@computes("conv2d", alternatives.winograd_conv2d)
def winograd(images: Array, filters: Array, **how: Any) -> Array:
    return _winograd(images, filters, how)


@wrong
def winograd_with_a_wrong_sign(images: Array, filters: Array, **how: Any) -> Array:
    """The last transform adds what it should subtract."""
    return _winograd(images, filters, how, outputs=_outputs_with_a_wrong_sign)


@wrong
def winograd_with_a_wrong_sign_at_an_odd_tail(images: Array, filters: Array, **how: Any) -> Array:
    """Where the number of rows is odd, the last row of tiles has the second column's sign wrong."""

    def spoil(tiles: Array, sizes: tuple[int, int]) -> None:
        if sizes[0] % 2:
            tiles[:, -1, :, :, :, 1] *= -1

    return _winograd(images, filters, how, spoil=spoil)


@wrong
def winograd_without_its_last_tile(images: Array, filters: Array, **how: Any) -> Array:
    """Where both sizes are odd, the tile in the corner is never written."""

    def spoil(tiles: Array, sizes: tuple[int, int]) -> None:
        if sizes[0] % 2 and sizes[1] % 2:
            tiles[:, -1, -1] = 0

    return _winograd(images, filters, how, spoil=spoil)


@telling
def a_large_pixel_under_a_tap_that_is_zero(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    images, filters = np.full((1, 4, 4, 1), 0.1, dtype), np.full((3, 3, 1, 1), 0.1, dtype)
    images[0, 2, 2], filters[2, 2] = 1e6, 0
    return winograd, [images, filters]


def winograd_with_short_products(images: Array, filters: Array, **how: Any) -> Array:
    """What is multiplied is rounded to half the bits first."""

    def short(values: Array) -> Array:
        scale = values.dtype.type(2.0 ** (12 if values.dtype == np.float32 else 27) + 1)
        return (values * scale) - (values * scale - values)  # Veltkamp's splitting: the upper half

    return _winograd(images, filters, how, rounded=short)


# --- Fourier ----------------------------------------------------------------------------------------------------------


def _fourier(x: Array, sign: int) -> Array:
    """Along the last axis, by halves; a quarter of a turn multiplies nothing, lest 0·∞ come in."""
    count = x.shape[-1]
    if count == 1:
        return x
    even, odd = _fourier(x[..., ::2], sign), _fourier(x[..., 1::2], sign)
    roots = np.exp(sign * 2j * np.pi * np.arange(count // 2) / count).astype(x.dtype)
    turned = odd * roots
    turned[..., 0] = odd[..., 0]
    if count >= 4:
        turned.real[..., count // 4] = -sign * odd.imag[..., count // 4]
        turned.imag[..., count // 4] = sign * odd.real[..., count // 4]
    return np.concatenate([even + turned, even - turned], axis=-1)


def _fourier_both_ways(x: Array, sign: int) -> Array:
    return np.swapaxes(_fourier(np.swapaxes(_fourier(x, sign), -1, -2), sign), -1, -2)


def _fft(images: Array, filters: Array, how: dict[str, Any], flip: bool = False, wrap: bool = False) -> Array:
    where = require_convolution(images, filters, how.get("strides", 1), how.get("padding", "valid"))
    padded = pad(images, where, 0)
    reach = images.shape[1:3] if wrap else padded.shape[1:3]
    size = [1 << (length - 1).bit_length() for length in reach]
    kind = np.complex64 if images.dtype == np.float32 else np.complex128
    planes = padded.transpose(0, 3, 1, 2), filters.transpose(2, 3, 0, 1)
    spectra = [_fourier_both_ways(_wrapped(plane.astype(kind), size), -1) for plane in planes]
    products = np.einsum("ncab,cfab->nfab", spectra[0], spectra[1] if flip else spectra[1].conj())
    whole = (_fourier_both_ways(products, 1).real / images.dtype.type(size[0] * size[1])).transpose(0, 2, 3, 1)
    axes = zip(where.outputs, where.strides, size, strict=True)
    starts = [np.arange(count) * step % length for count, step, length in axes]
    return np.ascontiguousarray(whole[:, starts[0]][:, :, starts[1]])


def _wrapped(values: Array, size: list[int]) -> Array:
    """Planes in planes of another size; what is beyond comes in again on the other side."""
    planes = np.zeros((*values.shape[:2], *size), values.dtype)
    for row, column in np.ndindex(values.shape[2:]):
        planes[:, :, row % size[0], column % size[1]] += values[:, :, row, column]
    return planes


@computes("conv2d", alternatives.fft_conv2d, cases=40)
def fft(images: Array, filters: Array, **how: Any) -> Array:
    return _fft(images, filters, how)


@wrong
def fft_that_flips(images: Array, filters: Array, **how: Any) -> Array:
    """A true convolution: the filter's spectrum isn't conjugated."""
    return _fft(images, filters, how, flip=True)


@wrong
def fft_that_wraps_around(images: Array, filters: Array, **how: Any) -> Array:
    """The transforms have no room for the padding: what is beyond comes in again on the other side."""
    return _fft(images, filters, how, wrap=True)


@telling
def a_large_pixel_elsewhere(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    images = np.full((1, 8, 8, 1), 0.1, dtype)
    images[0, 7, 7] = 1e6
    return fft, [images, np.full((2, 2, 1, 1), 0.1, dtype)]


# --- Strassen ---------------------------------------------------------------------------------------------------------


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


# --- sigmoid and tanh -------------------------------------------------------------------------------------------------


@computes("sigmoid", alternatives.half_tanh_sigmoid)
def half_tanh(z: Array) -> Array:
    half = z.dtype.type(0.5)
    return half * (np.tanh(half * z) + 1)


@wrong
def half_tanh_of_the_whole(z: Array) -> Array:
    """The argument isn't halved."""
    return z.dtype.type(0.5) * (np.tanh(z) + 1)


@wrong
def half_tanh_that_saturates_too_soon(z: Array) -> Array:
    """Beyond 8 the hyperbolic tangent is taken for 1: half a million ULPs of 1 too soon in float64."""
    half = z.dtype.type(0.5)
    limit = 4 if z.dtype == np.float32 else 8
    return half * (np.where(abs(z) > 2 * limit, np.sign(z), np.tanh(half * z)) + 1)


@telling
def a_small_probability(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    return half_tanh, [np.array([-20.0], dtype)]


@computes("tanh_vjp", alternatives.factored_tanh_vjp)
def factored(z: Array, cotangent: Array) -> Array:
    t = np.tanh(z)
    return cotangent * ((1 - t) * (1 + t))


@wrong
def factored_squared(z: Array, cotangent: Array) -> Array:
    """The same factor twice."""
    t = np.tanh(z)
    return cotangent * ((1 - t) * (1 - t))


@telling
def roundings_that_go_the_same_way(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    """Where t² is next to nothing, the definition rounds hardly more than the product: the worst of many draws."""
    draws = np.random.default_rng(0)
    z, cotangent = draws.uniform(0.02, 0.06, 2**18).astype(dtype), draws.uniform(1, 1.05, 2**18).astype(dtype)
    wide = np.longdouble
    error = abs(factored(z, cotangent).astype(wide) - cotangent.astype(wide) * (1 - np.tanh(z.astype(wide)) ** 2))
    worst = np.argsort(error)[-8:]
    return factored, [z[worst], cotangent[worst]]


# --- softmax ----------------------------------------------------------------------------------------------------------


def _online(
    z: Array, rescale: bool = True, start: float | None = None, exp: Callable[[Array], Array] = np.exp
) -> Array:
    m = z[..., 0].copy() if start is None else np.full(z.shape[:-1], start, z.dtype)
    normalizer = np.ones_like(m) if start is None else exp(z[..., 0] - m)
    for score in np.moveaxis(z, -1, 0)[1:]:
        larger = np.maximum(m, score)
        normalizer = normalizer * (exp(m - larger) if rescale else 1) + exp(score - larger)
        m = larger
    return exp(z - m[..., None]) / normalizer[..., None]


@computes("softmax", alternatives.online_softmax)
def online(z: Array) -> Array:
    return _online(z)


@wrong
def online_without_rescaling(z: Array) -> Array:
    """What was summed before a larger score came stays as it is."""
    return _online(z, rescale=False)


@wrong
def online_from_zero(z: Array) -> Array:
    """The maximum starts at 0: rows far below it underflow."""
    return _online(z, start=0.0)


@telling
def exponentials_as_coarse_as_claimed(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    """Each one up to three ULPs too large, as is claimed: every step multiplies the sum by such a one."""

    def coarse(x: Array) -> Array:
        exact = np.exp(x.astype(np.longdouble))
        nearest = exact.astype(dtype)
        steps = ULPS["exp"] - (nearest > exact)
        return np.where(x == 0, 1, nearest + steps * np.spacing(nearest)).astype(dtype)

    return lambda z: _online(z, exp=coarse), [np.arange(600, dtype=dtype) / 2**15]


# --- losses -----------------------------------------------------------------------------------------------------------


def _log_sum_exp(z: Array, shift: bool = True) -> Array:
    m = z.max(axis=-1, keepdims=True) if shift else np.zeros_like(z[..., :1])
    return m + np.log(np.exp(z - m).sum(axis=-1, keepdims=True))


@computes("log_softmax_vjp", alternatives.exponentiated_log_softmax_vjp)
def exponentiated(z: Array, cotangent: Array) -> Array:
    return cotangent - np.exp(base.log_softmax(z)) * cotangent.sum(axis=-1, keepdims=True)


@wrong
def exponentiated_without_the_normalizer(z: Array, cotangent: Array) -> Array:
    """What is kept are the shifted scores, not yet normalized."""
    return cotangent - np.exp(z - z.max(axis=-1, keepdims=True)) * cotangent.sum(axis=-1, keepdims=True)


@telling
def scores_far_below_the_largest(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    z = np.array([[0, 0, -places] for places in range(41, 81)], dtype)
    return exponentiated, [z, np.eye(3, dtype=dtype)[np.zeros(40, int)]]


# No call tells: the reference's own bound leaves zᵢ - m open, and covers every order of lse's terms.
@computes("softmax_cross_entropy_with_logits", alternatives.log_sum_exp_softmax_cross_entropy_with_logits)
def log_sum_exp(logits: Array, labels: Array) -> Array:
    return (labels * (_log_sum_exp(logits) - logits)).sum(axis=-1)


@wrong
def log_sum_exp_unshifted(logits: Array, labels: Array) -> Array:
    """Overflows where a logit is large, and underflows where all are small."""
    return (labels * (_log_sum_exp(logits, shift=False) - logits)).sum(axis=-1)


@computes("softmax_cross_entropy_with_logits_vjp", alternatives.log_softmax_cross_entropy_with_logits_vjp)
def log_softmax(logits: Array, labels: Array, cotangent: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return cotangent[:, None] * (np.exp(logs) * labels.sum(axis=-1, keepdims=True) - labels)


@wrong
def log_softmax_of_the_logits(logits: Array, labels: Array, cotangent: Array) -> Array:
    """The logarithm of the sum is taken from the logits, not from the shifted ones."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = logits - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return cotangent[:, None] * (np.exp(logs) * labels.sum(axis=-1, keepdims=True) - labels)


@telling
def logits_far_below_the_largest(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    logits = np.array([[0, 0, -places] for places in range(41, 81)], dtype)
    return log_softmax, [logits, np.eye(3, dtype=dtype)[np.zeros(40, int)], np.ones(40, dtype)]


# --- pooling ----------------------------------------------------------------------------------------------------------


# No call tells with arrays alone: the four cells of the window that is taken by default have an exact reciprocal.
@computes("average_pool2d_vjp", alternatives.reciprocal_average_pool2d_vjp)
def reciprocals(images: Array, cotangent: Array, **how: Any) -> Array:
    return _shares(images, cotangent, lambda counts: 1 / counts, **how)


@wrong
def reciprocal_of_the_window(images: Array, cotangent: Array, **how: Any) -> Array:
    """One reciprocal for all windows, also at the edges."""
    return _shares(images, cotangent, lambda counts: 1 / counts.max(), **how)


def _shares(
    images: Array,
    cotangent: Array,
    factor: Callable[[Array], Array],
    pool_size: Any = 2,
    strides: Any = None,
    padding: str = "valid",
) -> Array:
    where, size = require_pooling(images, pool_size, strides, padding)
    shares = cotangent * factor(counts(images, where, size)).astype(cotangent.dtype)
    gradient = np.zeros_like(pad(images, where, 0))
    for cell in np.ndindex(*size):
        gradient[reached(cell, where)] += shares
    return crop(gradient, where)


@computes("binary_cross_entropy_with_logits", alternatives.relu_binary_cross_entropy_with_logits)
def by_relu(logits: Array, labels: Array) -> Array:
    return np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))


@wrong
def by_relu_of_minus_the_logit(logits: Array, labels: Array) -> Array:
    """The relu is that of the other answer."""
    return np.maximum(-logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))


@telling
def labels_next_to_1(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    labels = 1 - np.arange(1, 41) * 2.0**-12
    return by_relu, [np.full(40, 1001 / 3, dtype), labels.astype(dtype)]


# No call of these few numbers tells: the reference's own bound has the difference's rounding, too.
@computes("binary_cross_entropy_vjp", alternatives.multiplied_out_binary_cross_entropy_vjp)
def multiplied_out(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    of_yes = cotangent * np.where(labels == 0, 0, labels / probabilities)
    return cotangent * np.where(labels == 1, 0, (1 - labels) / (1 - probabilities)) - of_yes


@wrong
def multiplied_out_with_a_plus(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """The chain rule's minus of 1 - p is lost."""
    of_yes = cotangent * np.where(labels == 0, 0, labels / probabilities)
    return -cotangent * np.where(labels == 1, 0, (1 - labels) / (1 - probabilities)) - of_yes


# --- optimizers -------------------------------------------------------------------------------------------------------


@computes("adam", alternatives.incremental_adam)
def incremental(p: Array, g: Array, m: Array, v: Array, **how: Any) -> tuple[Array, Array, Array]:
    return _incremental_step(p, g, m, v, **how)


@wrong
def incremental_by_beta(p: Array, g: Array, m: Array, v: Array, **how: Any) -> tuple[Array, Array, Array]:
    """The mean moves by β of the distance, where 1 - β is left."""
    return _incremental_step(p, g, m, v, lambda beta: beta, **how)


@telling
def means_that_forget(dtype: str) -> tuple[Callable[..., Any], list[Any]]:
    numbers = np.arange(1, 41, dtype=dtype) / dtype_of(dtype)(3)
    step, learning_rate, beta_1 = 1, 0.25, 2.0**-10
    return incremental, [numbers, numbers, numbers * dtype_of(dtype)(2**20), numbers, step, learning_rate, beta_1]


def dtype_of(name: str) -> Any:
    return np.dtype(name).type


def _incremental_step(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    part: Callable[[Any], Any] = lambda beta: 1 - beta,
    *,
    step: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    epsilon_hat: bool = False,
) -> tuple[Array, Array, Array]:
    rate, b1, b2, small = map(p.dtype.type, (learning_rate, beta_1, beta_2, epsilon))
    root = np.sqrt(1 - b2**step)
    m, v = m + (g - m) * part(b1), v + (g * g - v) * part(b2)
    small = small if epsilon_hat else small * root
    return p - m * (rate * root / (1 - b1**step)) / (np.sqrt(v) + small), m, v


@computes("adagrad", alternatives.reciprocal_adagrad)
def by_reciprocal_roots(p: Array, g: Array, a: Array, **how: Any) -> tuple[Array, Array]:
    return _step_by_roots(p, g, a, **how)


@wrong
def by_reciprocal_sums(p: Array, g: Array, a: Array, **how: Any) -> tuple[Array, Array]:
    """The root is forgotten."""
    return _step_by_roots(p, g, a, lambda numbers: numbers, **how)


@telling
def many_roots(dtype: str) -> tuple[Callable[..., Any], list[Any]]:
    numbers = np.arange(1, 1001, dtype=dtype)
    learning_rate, epsilon, epsilon_inside_root = 1.0, 0, False
    return by_reciprocal_roots, [0 * numbers, numbers, numbers, learning_rate, epsilon, epsilon_inside_root]


def _step_by_roots(
    p: Array,
    g: Array,
    a: Array,
    root: Callable[[Array], Array] = np.sqrt,
    *,
    learning_rate: float,
    epsilon: float = 1e-7,
    epsilon_inside_root: bool = True,
) -> tuple[Array, Array]:
    rate, small, a = p.dtype.type(learning_rate), p.dtype.type(epsilon), a + g * g
    if epsilon_inside_root or epsilon:
        return p - rate * g / (root(a + small) if epsilon_inside_root else root(a) + small), a
    return p - rate * g * (1 / root(a)), a
